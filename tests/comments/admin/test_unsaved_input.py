"""What a moderator typed into a refused form is in the form again: in the row and in the bulk form."""

import html
import re

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from comments import services
from comments.models import Ban, Comment, Decision
from comments.policy import ModerationAction, State
from ictiger.pagecache.public_write import public_write
from tests.factories import make_comment, make_user

pytestmark = pytest.mark.django_db

QUEUE = "/admin/comments/comment/"
LONG = "Which <b>claim</b> do you mean? " * 40
LONG_WHY = "Advertises “paper tigers”. " * 20


@pytest.fixture
def comment(article) -> Comment:
    return make_comment(article, author=make_user(display_name="Ann"), state=State.PENDING)


@pytest.fixture
def moderator_client(client_of, moderator) -> Client:
    return client_of(moderator)


def send(moderator_client: Client, comment: Comment, what: str = "decide", **fields) -> str:
    """POST one decision or ban. Returns the page that follows, or for the script the row."""
    sent = {"verb": "reject", "seen": comment.version_token} if what == "decide" else {}
    script = fields.pop("script", False)
    response = moderator_client.post(
        f"{QUEUE}{comment.pk}/{what}/",
        sent | fields,
        headers={"X-Fragment": "row"} if script else {},
        follow=not script,
    )
    return response.json()["row"] if script else response.content.decode()


def decide_in_bulk(moderator_client: Client, comments: list[Comment], action: str, **fields) -> str:
    seen = {f"seen_{each.pk}": each.version_token for each in comments}
    sent = {
        "action": action,
        "index": "0",
        ACTION_CHECKBOX_NAME: [each.pk for each in comments],
        "days": "7",
        **seen,
        **fields,
    }
    return moderator_client.post(QUEUE, sent, follow=True).content.decode()


def field_value(page: str, name: str, within: str = "") -> str:
    """The value of a field, in the part of the page that begins with `within`."""
    part = page[page.index(within) :]
    match = re.search(
        rf'<textarea name="{name}"[^>]*>\n(.*?)</textarea>'
        rf'|<input type="text" name="{name}"[^>]*?value="([^"]*)"',
        part,
        re.S,
    )
    return html.unescape(match[1] or match[2] or "") if match else ""


def selected(page: str) -> list[str]:
    return re.findall(rf'name="{ACTION_CHECKBOX_NAME}" value="(\d+)" checked', page)


@pytest.mark.parametrize("script", [False, True])
def test_long_note_comes_back_in_the_open_form(moderator_client, comment, script):
    page = send(moderator_client, comment, reason="unclear", note=LONG, script=script)
    reject = '<details class="desk-turn-down" data-desk-open="reject" open>'
    assert field_value(page, "note", reject) == LONG
    assert re.search(r'value="unclear" required checked', page[page.index(reject) :])
    assert 'data-desk-open="remove">' in page
    assert Decision.objects.count() == 0
    if not script:
        assert "at most 700 are taken" in page
        assert field_value(moderator_client.get(QUEUE).content.decode(), "note") == ""


@pytest.mark.parametrize("script", [False, True])
def test_long_ban_reason_comes_back_in_the_open_form(moderator_client, comment, script):
    page = send(moderator_client, comment, "ban", days="30", why=LONG_WHY, script=script)
    assert field_value(page, "why", '<details class="desk-turn-down" open>') == LONG_WHY
    assert '<option value="30" selected>' in page
    assert Ban.objects.count() == 0


def test_text_fields_have_no_maxlength(moderator_client, comment):
    page = moderator_client.get(QUEUE).content.decode()
    assert page.count("<textarea") == 3
    assert not re.findall(r"<(?:textarea|input)[^>]* name=\"(?:note|why)\"[^>]*maxlength", page)


@pytest.mark.parametrize("script", [False, True])
def test_note_for_a_decision_taken_by_another_is_shown_for_copying(moderator_client, comment, script):
    services.decide(
        moderator=make_user(display_name="Mei"),
        comment_id=comment.pk,
        action=ModerationAction.REJECT,
        reason="other",
    )
    page = send(
        moderator_client,
        comment,
        reason="unclear",
        note="Which <b>claim</b>?",
        next=f"{QUEUE}?state=rejected",
        script=script,
    )
    assert "What you wrote, for you to copy:" in page
    assert "Which &lt;b&gt;claim&lt;/b&gt;?" in page


@pytest.mark.parametrize("is_bulk", [False, True])
def test_note_for_a_comment_not_on_the_page_is_shown_for_copying(moderator_client, comment, is_bulk):
    """Another moderator's decision has taken the comment, and its forms, out of the queue."""
    services.decide(
        moderator=make_user(display_name="Mei"),
        comment_id=comment.pk,
        action=ModerationAction.REJECT,
        reason="other",
    )
    if is_bulk:
        page = decide_in_bulk(
            moderator_client, [comment], "reject", reason="unclear", note="Which <b>claim</b>?"
        )
    else:
        page = send(moderator_client, comment, reason="unclear", note="Which <b>claim</b>?")
    assert f'id="row-{comment.pk}"' not in page
    assert "What you wrote, for you to copy:" in page
    assert "Which &lt;b&gt;claim&lt;/b&gt;?" in page
    assert "for you to copy" not in moderator_client.get(QUEUE).content.decode()


@pytest.mark.parametrize("script", [False, True])
def test_ban_reason_for_an_erased_author_is_shown_for_copying(moderator_client, comment, script):
    with public_write(comment):
        comment.author = None
        comment.save()
    page = send(moderator_client, comment, "ban", days="30", why="Advertises.", script=script)
    assert "What you wrote, for you to copy:" in page
    assert "Advertises." in page


def test_refused_bulk_form_keeps_its_choices(moderator_client, article, comment):
    bo = make_comment(article, state=State.PENDING)
    page = decide_in_bulk(moderator_client, [comment], "reject", note="Which claim?")
    assert "Choose the reason that the author is told." in page
    assert selected(page) == [str(comment.pk)]
    assert '<option value="reject" selected>' in page
    assert field_value(page, "note", 'id="changelist-form"') == "Which claim?"
    assert selected(moderator_client.get(QUEUE).content.decode()) == []
    assert str(bo.pk) not in selected(page)


@pytest.mark.parametrize(
    "fields",
    [{"note": LONG, "reason": "other"}, {"action": "nothing", "note": "x"}, {"days": "x", "note": "x"}],
)
def test_invalid_bulk_form_keeps_the_note(moderator_client, comment, fields):
    page = decide_in_bulk(moderator_client, [comment], fields.pop("action", "reject"), **fields)
    assert field_value(page, "note", 'id="changelist-form"') == fields["note"]
    assert Decision.objects.count() == 0


def test_bulk_form_without_a_selection_keeps_the_note(moderator_client, comment):
    page = decide_in_bulk(moderator_client, [], "reject", reason="other", note="Which claim?")
    assert "must be selected" in page
    assert field_value(page, "note", 'id="changelist-form"') == "Which claim?"


def test_only_refused_comments_stay_selected(moderator_client, article, comment):
    bo = make_comment(article, state=State.PENDING)
    services.claim_comment(moderator=make_user(group="Moderator", display_name="Mei"), comment_id=bo.pk)
    page = decide_in_bulk(moderator_client, [comment, bo], "reject", reason="other", note="Which claim?")
    assert selected(page) == [str(bo.pk)]
    assert field_value(page, "note", 'id="changelist-form"') == "Which claim?"
    assert Decision.objects.get().comment == comment


def test_successful_decision_clears_the_input(moderator_client, comment):
    page = decide_in_bulk(
        moderator_client, [comment], "reject", reason="other", note="Which claim?", next=QUEUE
    )
    assert field_value(page, "note", 'id="content-main"') == ""
    assert (
        '<details class="desk-bulk" open>'
        not in moderator_client.get(f"{QUEUE}?state=rejected").content.decode()
    )


@pytest.mark.parametrize(
    ("path", "leads"),
    [("{pk}/decide/", "{pk}/change/"), ("{pk}/ban/", "{pk}/change/"), ("undo/", ""), ("claims/", "")],
)
def test_get_after_log_in_redirects_to_the_page_of_the_form(moderator_client, comment, path, leads):
    response = moderator_client.get(QUEUE + path.format(pk=comment.pk))
    assert (response.status_code, response["Location"]) == (302, QUEUE + leads.format(pk=comment.pk))
    assert moderator_client.put(QUEUE + path.format(pk=comment.pk)).status_code == 405
