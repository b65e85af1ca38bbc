"""What the buttons of one row do, as forms and for the desk's script; and who is looking at which comment."""

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


def ask(client: Client, path: str, **fields) -> dict:
    """As the desk's script does."""
    return client.post(QUEUE + path, fields, headers={"X-Fragment": "row"}).json()


def decide(client: Client, comment: Comment, verb: str, **fields) -> dict:
    return ask(client, f"{comment.pk}/decide/", **{"verb": verb, "seen": comment.version_token, **fields})


def state_of(comment: Comment) -> str:
    return Comment.objects.values_list("state", flat=True).get(pk=comment.pk)


# --- who may ---


@pytest.mark.parametrize("path", ["{pk}/decide/", "{pk}/ban/", "undo/", "claims/"])
def test_only_who_may_decide_is_answered(client_of, moderator, comment, path):
    group = Group.objects.get(name="Moderator")
    group.permissions.set(group.permissions.filter(codename="view_comment"))
    url = QUEUE + path.format(pk=comment.pk)
    sent = {"verb": "approve", "seen": comment.version_token, "days": "7", "why": "x", "hold": comment.pk}
    assert client_of(moderator).post(url, sent).status_code == 403
    assert client_of(make_user()).post(url, sent).status_code == 302  # to the log-in
    assert (state_of(comment), Ban.objects.count(), Claim.objects.count()) == (State.PENDING, 0, 0)


def test_who_may_only_look_sees_no_buttons(client_of, moderator, comment):
    group = Group.objects.get(name="Moderator")
    group.permissions.set(group.permissions.filter(codename="view_comment"))
    for url in (QUEUE, f"{QUEUE}{comment.pk}/change/"):
        rows = client_of(moderator).get(url).content.decode().split('class="desk-rows"')[1]
        assert "Ann" in rows
        assert "<button" not in rows.split("<footer")[0].split('id="changelist-filter"')[0]
    assert not Claim.objects.exists()


# --- one decision ---


def test_approving_by_the_form_leads_back_to_where_it_stood(client_of, moderator, comment):
    sent = {"verb": "approve", "seen": comment.version_token, "next": f"{QUEUE}?rule=newcomer"}
    answer = client_of(moderator).post(f"{QUEUE}{comment.pk}/decide/", sent)
    assert answer["Location"] == f"{QUEUE}?rule=newcomer"
    assert state_of(comment) == State.VISIBLE


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "//evil.example/", "/accounts/logout/", "/admin/comments/comment/\\\n//x"],
)
def test_it_leads_nowhere_else(client_of, moderator, comment, url):
    sent = {"verb": "approve", "seen": comment.version_token, "next": url}
    location = client_of(moderator).post(f"{QUEUE}{comment.pk}/decide/", sent)["Location"]
    assert location.startswith(QUEUE)
    assert "evil" not in location


def test_the_script_gets_the_row_as_it_is_now(client_of, moderator, comment):
    answer = decide(client_of(moderator), comment, "reject", reason="unclear", note="Which claim?")
    assert (answer["said"], answer["done"]) == ("Rejected: the comment by Ann.", True)
    assert 'data-state="rejected"' in answer["row"]
    assert "Which claim?" in answer["row"]
    assert Decision.objects.get().note == "Which claim?"


@pytest.mark.parametrize("verb", ["reject", "remove"])
@pytest.mark.parametrize("reason", ["", "nothing"])
def test_turning_down_needs_a_reason(client_of, moderator, comment, verb, reason):
    answer = decide(client_of(moderator), comment, verb, reason=reason)
    assert (answer["said"], answer["done"]) == ("Choose the reason that the author is told.", False)
    assert state_of(comment) == State.PENDING


def test_the_second_is_told_who_was_first_and_what(client_of, moderator, comment, other):
    services.decide(moderator=other, comment_id=comment.pk, action=ModerationAction.APPROVE)
    answer = decide(client_of(moderator), comment, "reject", reason="other")
    assert answer["said"].startswith(
        "Mei has already decided about this comment: waiting for a moderator → visible"
    )
    assert (answer["done"], 'data-state="visible"' in answer["row"]) == (False, True)


def test_a_text_that_changed_comes_back_to_be_read(client_of, moderator, comment):
    services.edit_comment(user=comment.author, comment_id=comment.pk, body="Quite another text.")
    answer = decide(client_of(moderator), comment, "approve")
    assert "has changed this comment" in answer["said"]
    assert "Quite another text." in answer["row"]


def test_the_row_of_who_has_left_is_gone(client_of, moderator, comment):
    seen = comment.version_token
    services.erase_comments(comment.author)
    answer = decide(client_of(moderator), comment, "approve", seen=seen)
    assert (answer["row"], answer["done"]) == ("", False)


@pytest.mark.parametrize(("days", "length"), [("1", 1), ("7", 7), ("30", 30), ("0", None)])
def test_banning_from_the_row(client_of, moderator, comment, days, length):
    answer = ask(client_of(moderator), f"{comment.pk}/ban/", days=days, why="Advertises.")
    ban = Ban.objects.get()
    assert (ban.user, ban.why, ban.until and round((ban.until - ban.created_at).total_seconds() / 86_400)) == (
        comment.author, "Advertises.", length,
    )  # fmt: skip
    assert ban.banned_by == moderator
    assert ("banned for good" in answer["row"]) == (length is None)
    assert ("banned until" in answer["row"]) == (length is not None)


@pytest.mark.parametrize("sent", [{"days": "7"}, {"days": "5", "why": "x"}, {"why": "x"}])
def test_a_ban_has_an_end_that_is_offered_and_a_why(client_of, moderator, comment, sent):
    assert ask(client_of(moderator), f"{comment.pk}/ban/", **sent)["done"] is False
    assert not Ban.objects.exists()


# --- taking back ---


def test_undo_takes_back_the_last_decisions_of_ones_own_one_by_one(article, client_of, moderator):
    comments = [make_comment(article, state=State.PENDING) for _number in range(2)]
    client = client_of(moderator)
    for comment in comments:
        decide(client, comment, "approve")
    others = make_comment(article)  # decided about later, by somebody else
    assert [ask(client, "undo/")["done"] for _time in range(3)] == [True, True, False]
    assert [state_of(comment) for comment in (*comments, others)] == [
        State.PENDING,
        State.PENDING,
        State.VISIBLE,
    ]


def test_undo_leaves_what_another_has_decided_since(client_of, moderator, comment):
    client = client_of(moderator)
    decide(client, comment, "approve")
    decide_as_somebody(comment, ModerationAction.REMOVE)
    assert ask(client, "undo/")["done"] is False
    assert state_of(comment) == State.REMOVED


def test_undo_does_not_go_back_further_than_an_hour(client_of, moderator, comment):
    with time_machine.travel("2026-01-01 10:00Z", tick=False):
        services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE)
    with time_machine.travel("2026-01-01 11:00:01Z", tick=False):
        assert services.undo_last(moderator=moderator) is None


@pytest.mark.parametrize("state", [State.REJECTED, State.REMOVED])
def test_rejections_and_removals_are_taken_back_from_their_row(article, client_of, moderator, state):
    comment = make_comment(article, state=state)
    assert decide(client_of(moderator), comment, "undo")["done"] is True
    assert state_of(comment) == (State.PENDING if state == State.REJECTED else State.VISIBLE)


# --- who is looking at what ---


def test_others_are_told_who_looks_at_a_comment_and_cannot_decide(client_of, moderator, comment, other):
    services.claim_comment(moderator=other, comment_id=comment.pk)
    client = client_of(moderator)
    html = client.get(QUEUE).content.decode()
    assert "Mei is looking at this." in html
    assert 'class="desk-decide" disabled' in html
    answer = decide(client, comment, "approve")
    assert (
        answer["said"]
        == "Mei is looking at this comment. Take it over if you want to decide about it yourself."
    )
    assert state_of(comment) == State.PENDING


def test_it_can_be_taken_over_and_is_then_another_matter(client_of, moderator, comment, other):
    services.claim_comment(moderator=other, comment_id=comment.pk)
    answer = client_of(moderator).post(f"{QUEUE}claims/", {"hold": comment.pk, "take_over": "1"})
    assert answer.status_code == 302
    assert Claim.objects.get().moderator == moderator
    with pytest.raises(services.ClaimedByOther):
        services.decide(moderator=other, comment_id=comment.pk, action=ModerationAction.APPROVE)
    services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE)
    assert not Claim.objects.exists()


def test_a_claim_is_not_taken_by_asking(client_of, moderator, comment, other):
    services.claim_comment(moderator=other, comment_id=comment.pk)
    answer = ask(client_of(moderator), "claims/", hold=str(comment.pk), shown=str(comment.pk))
    assert answer == {"claims": {str(comment.pk): "Mei"}}
    assert Claim.objects.get().moderator == other


def test_a_claim_ends_by_itself_unless_it_is_renewed(comment, moderator, other):
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


def test_leaving_lets_go_of_ones_own_claims_alone(article, client_of, moderator, other, comment):
    another = make_comment(article, state=State.PENDING)
    services.claim_comment(moderator=moderator, comment_id=comment.pk)
    services.claim_comment(moderator=other, comment_id=another.pk)
    ask(client_of(moderator), "claims/", release=f"{comment.pk},{another.pk},x,{10**30}")
    assert list(Claim.objects.values_list("comment", flat=True)) == [another.pk]


def test_opening_the_page_of_a_comment_claims_it(client_of, moderator, comment):
    client_of(moderator).get(f"{QUEUE}{comment.pk}/change/")
    assert Claim.objects.values_list("moderator", "comment").get() == (moderator.pk, comment.pk)


def test_several_at_once_leave_out_what_another_looks_at_and_say_so(
    article, client_of, moderator, comment, other
):
    free = make_comment(article, state=State.PENDING)
    services.claim_comment(moderator=other, comment_id=comment.pk)
    both = {"action": "approve", "index": "0", "_selected_action": [comment.pk, free.pk]}
    seen = {f"seen_{each.pk}": each.version_token for each in (comment, free)}
    html = client_of(moderator).post(QUEUE, both | seen, follow=True).content.decode()
    assert "1 decision made." in html
    assert "1 comment was left as it is: Mei is looking at this comment." in html
    assert (state_of(comment), state_of(free)) == (State.PENDING, State.VISIBLE)
