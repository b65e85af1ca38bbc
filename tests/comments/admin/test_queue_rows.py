"""The buttons of one row, as forms and for the queue's script; and review claims."""

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client

from comments import services
from comments.models import Ban, Claim, Comment, Decision
from comments.policy import ModerationAction, State
from tests.factories import decide_as_somebody, make_comment, make_user

pytestmark = pytest.mark.django_db

QUEUE = "/admin/comments/comment/"


@pytest.fixture
def other() -> object:
    return make_user(group="Moderator", display_name="Mei")


@pytest.fixture
def comment(article) -> Comment:
    return make_comment(article, author=make_user(display_name="Ann"), state=State.PENDING)


def post_as_script(client: Client, path: str, **fields) -> dict:
    """POST as the queue's script does. Returns its JSON."""
    return client.post(QUEUE + path, fields, headers={"X-Fragment": "row"}).json()


def decide(client: Client, comment: Comment, action: str, **fields) -> dict:
    return post_as_script(
        client, f"{comment.pk}/decide/", **{"verb": action, "seen": comment.version_token, **fields}
    )


def state_of(comment: Comment) -> str:
    return Comment.objects.values_list("state", flat=True).get(pk=comment.pk)


@pytest.mark.parametrize("path", ["{pk}/decide/", "{pk}/ban/", "undo/", "claims/"])
def test_views_require_the_permission_to_moderate(client_of, moderator, comment, path):
    group = Group.objects.get(name="Moderator")
    group.permissions.set(group.permissions.filter(codename="view_comment"))
    url = QUEUE + path.format(pk=comment.pk)
    sent = {"verb": "approve", "seen": comment.version_token, "days": "7", "why": "x", "hold": comment.pk}
    assert client_of(moderator).post(url, sent).status_code == 403
    assert client_of(make_user()).post(url, sent).status_code == 302  # to the log-in
    assert (state_of(comment), Ban.objects.count(), Claim.objects.count()) == (State.PENDING, 0, 0)


def test_viewer_sees_no_buttons(client_of, moderator, comment):
    group = Group.objects.get(name="Moderator")
    group.permissions.set(group.permissions.filter(codename="view_comment"))
    for url in (QUEUE, f"{QUEUE}{comment.pk}/change/"):
        rows = client_of(moderator).get(url).content.decode().split('class="desk-rows"')[1]
        assert "Ann" in rows
        assert "<button" not in rows.split("<footer")[0].split('id="changelist-filter"')[0]
    assert not Claim.objects.exists()


def test_approval_by_form_redirects_to_its_page(client_of, moderator, comment):
    sent = {"verb": "approve", "seen": comment.version_token, "next": f"{QUEUE}?rule=newcomer"}
    response = client_of(moderator).post(f"{QUEUE}{comment.pk}/decide/", sent)
    assert response["Location"] == f"{QUEUE}?rule=newcomer"
    assert state_of(comment) == State.VISIBLE


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "//evil.example/", "/accounts/logout/", "/admin/comments/comment/\\\n//x"],
)
def test_redirect_stays_within_the_queue(client_of, moderator, comment, url):
    sent = {"verb": "approve", "seen": comment.version_token, "next": url}
    location = client_of(moderator).post(f"{QUEUE}{comment.pk}/decide/", sent)["Location"]
    assert location.startswith(QUEUE)
    assert "evil" not in location


def test_reported_comments_are_listed_and_left_up(client_of, moderator, article):
    reported, other = make_comment(article, body="Reported words."), make_comment(article, body="Fine words.")
    report = services.report_comment(
        user=make_user(), comment_id=reported.pk, reason="unlawful", note="It names a phone number."
    )
    client = client_of(moderator)
    page = client.get("/admin/comments/comment/?state=reported").content.decode()
    assert [row.comment for row in client.get("/admin/comments/comment/?state=reported").context["rows"]] == [
        reported
    ]
    assert ("It names a phone number." in page, "Fine words." in page) == (True, False)
    assert "Leave it up" in page
    assert f'name="last_report" value="{report.pk}"' in page
    assert "Leave it up" not in client.get(f"/admin/comments/comment/{other.pk}/change/").content.decode()

    response = decide(client, reported, "approve", last_report=report.pk)
    assert response["said"].startswith("Left up: the comment by ")
    assert response["done"] is True
    assert client.get("/admin/comments/comment/?state=reported").context["rows"] == []


def test_script_gets_the_updated_row(client_of, moderator, comment):
    response = decide(client_of(moderator), comment, "reject", reason="unclear", note="Which claim?")
    assert (response["said"], response["done"]) == ("Rejected: the comment by Ann.", True)
    assert 'data-state="rejected"' in response["row"]
    assert "Which claim?" in response["row"]
    assert Decision.objects.get().note == "Which claim?"


@pytest.mark.parametrize("action", ["reject", "remove"])
@pytest.mark.parametrize("reason", ["", "nothing"])
def test_rejection_and_removal_need_a_reason(client_of, moderator, comment, action, reason):
    response = decide(client_of(moderator), comment, action, reason=reason)
    assert (response["said"], response["done"]) == ("Choose the reason that the author is told.", False)
    assert state_of(comment) == State.PENDING


def test_second_moderator_learns_who_was_first_and_what(client_of, moderator, comment, other):
    services.decide(moderator=other, comment_id=comment.pk, action=ModerationAction.APPROVE)
    response = decide(client_of(moderator), comment, "reject", reason="other")
    assert response["said"].startswith(
        "Mei has already decided about this comment: waiting for a moderator → visible"
    )
    assert (response["done"], 'data-state="visible"' in response["row"]) == (False, True)


def test_changed_text_comes_back_to_be_read(client_of, moderator, comment):
    services.edit_comment(user=comment.author, comment_id=comment.pk, body="Quite another text.")
    response = decide(client_of(moderator), comment, "approve")
    assert "has changed this comment" in response["said"]
    assert "Quite another text." in response["row"]


def test_row_of_an_erased_author_is_empty(client_of, moderator, comment):
    seen = comment.version_token
    services.erase_comments(comment.author)
    response = decide(client_of(moderator), comment, "approve", seen=seen)
    assert (response["row"], response["done"]) == ("", False)


@pytest.mark.parametrize(("days", "length"), [("1", 1), ("7", 7), ("30", 30), ("0", None)])
def test_ban_from_the_row(client_of, moderator, comment, days, length):
    response = post_as_script(client_of(moderator), f"{comment.pk}/ban/", days=days, why="Advertises.")
    ban = Ban.objects.get()
    days_banned = ban.until and round((ban.until - ban.created_at).total_seconds() / 86_400)
    assert (ban.user, ban.why, days_banned) == (comment.author, "Advertises.", length)
    assert ban.banned_by == moderator
    assert ("banned for good" in response["row"]) == (length is None)
    assert ("banned until" in response["row"]) == (length is not None)


@pytest.mark.parametrize("sent", [{"days": "7"}, {"days": "5", "why": "x"}, {"why": "x"}])
def test_ban_needs_an_offered_period_and_a_reason(client_of, moderator, comment, sent):
    assert post_as_script(client_of(moderator), f"{comment.pk}/ban/", **sent)["done"] is False
    assert not Ban.objects.exists()


def test_undo_last_goes_back_through_the_moderators_decisions(article, client_of, moderator):
    comments = [make_comment(article, state=State.PENDING) for _number in range(2)]
    client = client_of(moderator)
    for comment in comments:
        decide(client, comment, "approve")
    others = make_comment(article)  # decided later, by another moderator
    assert [post_as_script(client, "undo/")["done"] for _time in range(3)] == [True, True, False]
    assert [state_of(comment) for comment in (*comments, others)] == [
        State.PENDING,
        State.PENDING,
        State.VISIBLE,
    ]


def test_undo_last_leaves_decisions_followed_by_another(client_of, moderator, comment):
    client = client_of(moderator)
    decide(client, comment, "approve")
    decide_as_somebody(comment, ModerationAction.REMOVE)
    assert post_as_script(client, "undo/")["done"] is False
    assert state_of(comment) == State.REMOVED


def test_undo_last_goes_back_one_hour(client_of, moderator, comment):
    with time_machine.travel("2026-01-01 10:00Z", tick=False):
        services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE)
    with time_machine.travel("2026-01-01 11:00:01Z", tick=False):
        assert services.undo_last(moderator=moderator) is None


@pytest.mark.parametrize("state", [State.REJECTED, State.REMOVED])
def test_rejections_and_removals_are_undone_from_their_row(article, client_of, moderator, state):
    comment = make_comment(article, state=state)
    assert decide(client_of(moderator), comment, "undo")["done"] is True
    assert state_of(comment) == (State.PENDING if state == State.REJECTED else State.VISIBLE)


def test_claimed_comment_names_the_moderator_and_cannot_be_decided(client_of, moderator, comment, other):
    services.claim_comment(moderator=other, comment_id=comment.pk)
    client = client_of(moderator)
    html = client.get(QUEUE).content.decode()
    assert "Mei is looking at this." in html
    assert 'class="desk-decide" disabled' in html
    response = decide(client, comment, "approve")
    assert (
        response["said"]
        == "Mei is looking at this comment. Take it over if you want to decide about it yourself."
    )
    assert state_of(comment) == State.PENDING


def test_claim_can_be_taken_over(client_of, moderator, comment, other):
    services.claim_comment(moderator=other, comment_id=comment.pk)
    response = client_of(moderator).post(f"{QUEUE}claims/", {"hold": comment.pk, "take_over": "1"})
    assert response.status_code == 302
    assert Claim.objects.get().moderator == moderator
    with pytest.raises(services.ClaimedByOther):
        services.decide(moderator=other, comment_id=comment.pk, action=ModerationAction.APPROVE)
    services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE)
    assert not Claim.objects.exists()


def test_shown_comments_are_not_claimed(client_of, moderator, comment, other):
    services.claim_comment(moderator=other, comment_id=comment.pk)
    response = post_as_script(client_of(moderator), "claims/", hold=str(comment.pk), shown=str(comment.pk))
    assert response == {"claims": {str(comment.pk): "Mei"}}
    assert Claim.objects.get().moderator == other


def test_claim_expires_unless_renewed(comment, moderator, other):
    with time_machine.travel("2026-01-01 10:00Z", tick=False):
        services.claim_comment(moderator=other, comment_id=comment.pk)
    with time_machine.travel("2026-01-01 10:02:59Z", tick=False):
        assert services.claim_comment(moderator=moderator, comment_id=comment.pk).moderator == other
        services.claim_comment(moderator=other, comment_id=comment.pk)
    with time_machine.travel("2026-01-01 10:05Z", tick=False):
        assert services.claim_comment(moderator=moderator, comment_id=comment.pk).moderator == other
        assert services.prune_claims() == 0
    with time_machine.travel("2026-01-01 10:06Z", tick=False):
        assert services.prune_claims() == 1
        assert services.claim_comment(moderator=moderator, comment_id=comment.pk).moderator == moderator


def test_release_deletes_only_the_moderators_claims(article, client_of, moderator, other, comment):
    another = make_comment(article, state=State.PENDING)
    services.claim_comment(moderator=moderator, comment_id=comment.pk)
    services.claim_comment(moderator=other, comment_id=another.pk)
    post_as_script(client_of(moderator), "claims/", release=f"{comment.pk},{another.pk},x,{10**30}")
    assert list(Claim.objects.values_list("comment", flat=True)) == [another.pk]


def test_detail_page_claims_the_comment(client_of, moderator, comment):
    client_of(moderator).get(f"{QUEUE}{comment.pk}/change/")
    assert Claim.objects.values_list("moderator", "comment").get() == (moderator.pk, comment.pk)


def test_bulk_decision_leaves_out_claimed_comments(article, client_of, moderator, comment, other):
    free = make_comment(article, state=State.PENDING)
    services.claim_comment(moderator=other, comment_id=comment.pk)
    both = {"action": "approve", "index": "0", "_selected_action": [comment.pk, free.pk]}
    seen = {f"seen_{each.pk}": each.version_token for each in (comment, free)}
    html = client_of(moderator).post(QUEUE, both | seen, follow=True).content.decode()
    assert "1 decision made." in html
    assert "1 comment was left as it is: Mei is looking at this comment." in html
    assert (state_of(comment), state_of(free)) == (State.PENDING, State.VISIBLE)
