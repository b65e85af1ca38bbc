import pytest

from comments import services
from comments.models import Decision, Discussion
from comments.policy import HoldRule, ModerationAction, RemovedBy, State
from tests.factories import decide_as_somebody, make_comment

pytestmark = pytest.mark.django_db


def decide(moderator, comment, verb, **told):
    return services.decide(moderator=moderator, comment_id=comment.pk, action=verb, **told)


def test_approving_shows_the_comment_and_numbers_its_thread(article, moderator):
    comment = make_comment(article, state=State.PENDING)
    decide(moderator, comment, ModerationAction.APPROVE)
    comment.refresh_from_db()
    assert (comment.state, comment.reason, comment.approved, comment.thread_no) == (
        State.VISIBLE,
        "",
        True,
        1,
    )
    assert comment.first_visible_at is not None


def test_threads_are_numbered_in_the_order_in_which_they_become_visible(article, moderator):
    first, second = (make_comment(article, state=State.PENDING) for _number in range(2))
    for comment in (second, first):
        decide(moderator, comment, ModerationAction.APPROVE)
        comment.refresh_from_db()
    assert (second.thread_no, first.thread_no) == (1, 2)


def test_rejecting_tells_the_author_why(article, moderator):
    comment = make_comment(article, state=State.PENDING)
    decide(moderator, comment, ModerationAction.REJECT, reason="off_topic", note="It is about trade marks.")
    comment.refresh_from_db()
    assert (comment.state, comment.reason, comment.note) == (
        State.REJECTED,
        "off_topic",
        "It is about trade marks.",
    )


def test_removing_without_a_reason_names_the_moderator(article, moderator):
    comment = make_comment(article)
    decide(moderator, comment, ModerationAction.REMOVE)
    comment.refresh_from_db()
    assert (comment.state, comment.reason, comment.approved) == (State.REMOVED, RemovedBy.MODERATOR, False)


def test_a_decision_is_written_down(article, moderator):
    comment = make_comment(article, state=State.PENDING, body="As it was judged.")
    decide(moderator, comment, ModerationAction.REJECT, reason="unclear", note="Which claim?")
    log = Decision.objects.values(
        "moderator", "verb", "from_state", "to_state", "from_reason", "reason", "note", "body"
    ).get()
    assert log == {
        "moderator": moderator.pk,
        "verb": ModerationAction.REJECT,
        "from_state": State.PENDING,
        "to_state": State.REJECTED,
        "from_reason": HoldRule.NEWCOMER,
        "reason": "unclear",
        "note": "Which claim?",
        "body": "As it was judged.",
    }


@pytest.mark.parametrize(
    ("state", "back_to"),
    [(State.VISIBLE, State.PENDING), (State.REJECTED, State.PENDING), (State.REMOVED, State.VISIBLE)],
)
def test_undo_leads_back_to_where_the_decision_came_from(article, moderator, state, back_to):
    comment = make_comment(article, state=state)
    decide(moderator, comment, ModerationAction.UNDO)
    comment.refresh_from_db()
    assert (comment.state, comment.approved) == (back_to, back_to == State.VISIBLE)
    assert Discussion.objects.get().comments == int(back_to == State.VISIBLE)


def test_undoing_a_removal_keeps_the_threads_number(article, moderator):
    comment = make_comment(article, state=State.REMOVED)
    make_comment(article)
    decide(moderator, comment, ModerationAction.UNDO)
    comment.refresh_from_db()
    assert comment.thread_no == 1


def test_undo_is_not_undone(article, moderator):
    comment = make_comment(article)
    decide(moderator, comment, ModerationAction.UNDO)
    with pytest.raises(services.StaleDecision):
        decide(moderator, comment, ModerationAction.UNDO)


def test_what_its_author_removed_is_not_brought_back(article, moderator, reader):
    comment = make_comment(article, author=reader)
    services.remove_comment(user=reader, comment_id=comment.pk)
    with pytest.raises(services.StaleDecision):
        decide(moderator, comment, ModerationAction.UNDO)


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        (State.UNVERIFIED, ModerationAction.APPROVE),
        (State.UNVERIFIED, ModerationAction.UNDO),
        (State.PENDING, ModerationAction.UNDO),
        (State.VISIBLE, ModerationAction.APPROVE),
        (State.VISIBLE, ModerationAction.REJECT),
        (State.REJECTED, ModerationAction.APPROVE),
        (State.REMOVED, ModerationAction.REMOVE),
    ],
)
def test_a_decision_that_does_not_fit_the_state_is_refused(article, moderator, state, verb):
    comment = make_comment(article, state=state)
    decisions = Decision.objects.count()
    with pytest.raises(services.StaleDecision):
        decide(moderator, comment, verb)
    comment.refresh_from_db()
    assert (comment.state, Decision.objects.count()) == (state, decisions)


def test_the_second_moderator_hears_who_was_first(article, moderator):
    comment = make_comment(article, state=State.PENDING)
    seen = comment.version_token
    decide_as_somebody(comment, ModerationAction.APPROVE)
    first = Decision.objects.get().moderator
    with pytest.raises(services.StaleDecision, match=first.public_name):
        decide(moderator, comment, ModerationAction.REJECT, reason="other", version_token=seen)


def test_a_text_that_was_changed_since_is_not_decided_about(article, moderator, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    seen = comment.version_token
    services.edit_comment(user=reader, comment_id=comment.pk, body="Something else.")
    with pytest.raises(services.StaleDecision, match="has changed"):
        decide(moderator, comment, ModerationAction.APPROVE, version_token=seen)
