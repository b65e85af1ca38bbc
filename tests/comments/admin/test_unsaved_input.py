"""What a moderator has typed and the desk does not take stands in its boxes again: in the row, and for several at once."""

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
def desk(client_of, moderator) -> Client:
    return client_of(moderator)


def send(desk: Client, comment: Comment, what: str = "decide", **fields) -> str:
    """The page that comes back, or for the script the row."""
    sent = {"verb": "reject", "seen": comment.version_token} if what == "decide" else {}
    script = fields.pop("script", False)
    answer = desk.post(
        f"{QUEUE}{comment.pk}/{what}/",
        sent | fields,
        headers={"X-Fragment": "row"} if script else {},
        follow=not script,
    )
    return answer.json()["row"] if script else answer.content.decode()


def decide_at_once(desk: Client, comments: list[Comment], action: str, **fields) -> str:
    seen = {f"seen_{each.pk}": each.version_token for each in comments}
    sent = {
        "action": action,
        "index": "0",
        ACTION_CHECKBOX_NAME: [each.pk for each in comments],
        "days": "7",
        **seen,
        **fields,
    }
    return desk.post(QUEUE, sent, follow=True).content.decode()


def box(page: str, name: str, within: str = "") -> str:
    """What a box holds, in the part of the page that begins with `within`."""
    part = page[page.index(within) :]
    found = re.search(
        rf'<textarea name="{name}"[^>]*>\n(.*?)</textarea>|<input type="text" name="{name}"[^>]*?value="([^"]*)"',
        part,
        re.S,
    )
    return html.unescape(found[1] or found[2] or "") if found else ""


def selected(page: str) -> list[str]:
    return re.findall(rf'name="{ACTION_CHECKBOX_NAME}" value="(\d+)" checked', page)


@pytest.mark.parametrize("script", [False, True])
def test_words_that_are_too_many_come_back_in_the_open_box(desk, comment, script):
    page = send(desk, comment, reason="unclear", note=LONG, script=script)
    reject = '<details class="desk-turn-down" data-desk-open="reject" open>'
    assert box(page, "note", reject) == LONG
    assert re.search(r'value="unclear" required checked', page[page.index(reject) :])
    assert 'data-desk-open="remove">' in page
    assert Decision.objects.count() == 0
    if not script:
        assert "at most 700 are taken" in page
        assert box(desk.get(QUEUE).content.decode(), "note") == ""


@pytest.mark.parametrize("script", [False, True])
def test_why_somebody_is_banned_comes_back_too(desk, comment, script):
    page = send(desk, comment, "ban", days="30", why=LONG_WHY, script=script)
    assert box(page, "why", '<details class="desk-turn-down" open>') == LONG_WHY
    assert '<option value="30" selected>' in page
    assert Ban.objects.count() == 0


def test_no_box_at_the_desk_is_cut_by_the_browser(desk, comment):
    page = desk.get(QUEUE).content.decode()
    assert page.count("<textarea") == 3
    assert not re.findall(r"<(?:textarea|input)[^>]* name=\"(?:note|why)\"[^>]*maxlength", page)


@pytest.mark.parametrize("script", [False, True])
def test_words_for_a_decision_that_another_has_taken_are_there_to_be_copied(desk, comment, script):
    services.decide(
        moderator=make_user(display_name="Mei"),
        comment_id=comment.pk,
        action=ModerationAction.REJECT,
        reason="other",
    )
    page = send(
        desk,
        comment,
        reason="unclear",
        note="Which <b>claim</b>?",
        next=f"{QUEUE}?state=rejected",
        script=script,
    )
    assert "What you wrote, for you to copy:" in page
    assert "Which &lt;b&gt;claim&lt;/b&gt;?" in page


@pytest.mark.parametrize("at_once", [False, True])
def test_words_for_a_comment_that_is_no_longer_on_the_page_are_there_to_be_copied(desk, comment, at_once):
    """The queue has lost it to another's decision, and with it the boxes."""
    services.decide(
        moderator=make_user(display_name="Mei"),
        comment_id=comment.pk,
        action=ModerationAction.REJECT,
        reason="other",
    )
    if at_once:
        page = decide_at_once(desk, [comment], "reject", reason="unclear", note="Which <b>claim</b>?")
    else:
        page = send(desk, comment, reason="unclear", note="Which <b>claim</b>?")
    assert f'id="row-{comment.pk}"' not in page
    assert "What you wrote, for you to copy:" in page
    assert "Which &lt;b&gt;claim&lt;/b&gt;?" in page
    assert "for you to copy" not in desk.get(QUEUE).content.decode()


@pytest.mark.parametrize("script", [False, True])
def test_words_for_a_ban_of_an_author_who_has_left_are_there_to_be_copied(desk, comment, script):
    with public_write(comment):
        comment.author = None
        comment.save()
    page = send(desk, comment, "ban", days="30", why="Advertises.", script=script)
    assert "What you wrote, for you to copy:" in page
    assert "Advertises." in page


def test_choice_that_was_refused_for_several_stays_as_it_was(desk, article, comment):
    bo = make_comment(article, state=State.PENDING)
    page = decide_at_once(desk, [comment], "reject", note="Which claim?")
    assert "Choose the reason that the author is told." in page
    assert selected(page) == [str(comment.pk)]
    assert '<option value="reject" selected>' in page
    assert box(page, "note", 'id="changelist-form"') == "Which claim?"
    assert selected(desk.get(QUEUE).content.decode()) == []
    assert str(bo.pk) not in selected(page)


@pytest.mark.parametrize(
    "fields",
    [{"note": LONG, "reason": "other"}, {"action": "nothing", "note": "x"}, {"days": "x", "note": "x"}],
)
def test_whatever_is_wrong_with_it_the_words_for_several_come_back(desk, comment, fields):
    page = decide_at_once(desk, [comment], fields.pop("action", "reject"), **fields)
    assert box(page, "note", 'id="changelist-form"') == fields["note"]
    assert Decision.objects.count() == 0


def test_words_without_a_comment_selected_come_back(desk, comment):
    page = decide_at_once(desk, [], "reject", reason="other", note="Which claim?")
    assert "must be selected" in page
    assert box(page, "note", 'id="changelist-form"') == "Which claim?"


def test_only_what_was_left_stays_selected(desk, article, comment):
    bo = make_comment(article, state=State.PENDING)
    services.claim_comment(moderator=make_user(group="Moderator", display_name="Mei"), comment_id=bo.pk)
    page = decide_at_once(desk, [comment, bo], "reject", reason="other", note="Which claim?")
    assert selected(page) == [str(bo.pk)]
    assert box(page, "note", 'id="changelist-form"') == "Which claim?"
    assert Decision.objects.get().comment == comment


def test_what_was_done_is_forgotten(desk, comment):
    page = decide_at_once(desk, [comment], "reject", reason="other", note="Which claim?", next=QUEUE)
    assert box(page, "note", 'id="content-main"') == ""
    assert '<details class="desk-bulk" open>' not in desk.get(f"{QUEUE}?state=rejected").content.decode()


@pytest.mark.parametrize(
    ("path", "leads"),
    [("{pk}/decide/", "{pk}/change/"), ("{pk}/ban/", "{pk}/change/"), ("undo/", ""), ("claims/", "")],
)
def test_who_comes_from_the_log_in_is_led_to_where_the_form_stands(desk, comment, path, leads):
    answer = desk.get(QUEUE + path.format(pk=comment.pk))
    assert (answer.status_code, answer["Location"]) == (302, QUEUE + leads.format(pk=comment.pk))
    assert desk.put(QUEUE + path.format(pk=comment.pk)).status_code == 405
