import pytest

from comments import services
from comments.models import Ban, Decision, Discussion
from comments.policy import HoldRule, ModerationAction, RemovedBy, State
from tests.factories import decide_as_somebody, make_comment

pytestmark = pytest.mark.django_db


def decide(moderator, comment, action, **fields):
    return services.decide(moderator=moderator, comment_id=comment.pk, action=action, **fields)


def test_approval_makes_the_comment_visible_and_numbers_its_thread(article, moderator):
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


def test_threads_are_numbered_as_they_become_visible(article, moderator):
    first, second = (make_comment(article, state=State.PENDING) for _number in range(2))
    for comment in (second, first):
        decide(moderator, comment, ModerationAction.APPROVE)
        comment.refresh_from_db()
    assert (second.thread_no, first.thread_no) == (1, 2)


def test_rejection_stores_the_reason_and_the_note(article, moderator):
    comment = make_comment(article, state=State.PENDING)
    decide(moderator, comment, ModerationAction.REJECT, reason="off_topic", note="It is about trade marks.")
    comment.refresh_from_db()
    assert (comment.state, comment.reason, comment.note) == (
        State.REJECTED,
        "off_topic",
        "It is about trade marks.",
    )


def test_removal_without_a_reason_names_the_moderator(article, moderator):
    comment = make_comment(article)
    decide(moderator, comment, ModerationAction.REMOVE)
    comment.refresh_from_db()
    assert (comment.state, comment.reason, comment.approved) == (State.REMOVED, RemovedBy.MODERATOR, False)


def test_decision_is_recorded(article, moderator):
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
def test_undo_restores_the_state_before_the_decision(article, moderator, state, back_to):
    comment = make_comment(article, state=state)
    decide(moderator, comment, ModerationAction.UNDO)
    comment.refresh_from_db()
    assert (comment.state, comment.approved) == (back_to, back_to == State.VISIBLE)
    assert Discussion.objects.get().comments == int(back_to == State.VISIBLE)


def test_undone_removal_keeps_the_thread_number(article, moderator):
    comment = make_comment(article, state=State.REMOVED)
    make_comment(article)
    decide(moderator, comment, ModerationAction.UNDO)
    comment.refresh_from_db()
    assert comment.thread_no == 1


def test_undo_cannot_be_undone(article, moderator):
    comment = make_comment(article)
    decide(moderator, comment, ModerationAction.UNDO)
    with pytest.raises(services.StaleDecision):
        decide(moderator, comment, ModerationAction.UNDO)


def test_removal_by_the_author_cannot_be_undone(article, moderator, reader):
    comment = make_comment(article, author=reader)
    services.remove_comment(user=reader, comment_id=comment.pk)
    with pytest.raises(services.StaleDecision):
        decide(moderator, comment, ModerationAction.UNDO)


@pytest.mark.parametrize(
    ("state", "action"),
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
def test_decision_that_does_not_fit_the_state_is_refused(article, moderator, state, action):
    comment = make_comment(article, state=state)
    decisions = Decision.objects.count()
    with pytest.raises(services.StaleDecision):
        decide(moderator, comment, action)
    comment.refresh_from_db()
    assert (comment.state, Decision.objects.count()) == (state, decisions)


def test_second_moderator_learns_who_was_first(article, moderator):
    comment = make_comment(article, state=State.PENDING)
    token = comment.version_token
    decide_as_somebody(comment, ModerationAction.APPROVE)
    first = Decision.objects.get().moderator
    with pytest.raises(services.StaleDecision, match=first.public_name):
        decide(moderator, comment, ModerationAction.REJECT, reason="other", version_token=token)


def test_decision_about_an_outdated_text_is_refused(article, moderator, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    token = comment.version_token
    services.edit_comment(user=reader, comment_id=comment.pk, body="Something else.")
    with pytest.raises(services.StaleDecision, match="has changed"):
        decide(moderator, comment, ModerationAction.APPROVE, version_token=token)


def test_those_who_work_at_the_desk_are_not_banned(moderator, editor):
    with pytest.raises(services.Forbidden, match="They work at the desk"):
        services.ban_user(by=moderator, user=editor, why="test", days=1)
    assert not Ban.objects.exists()
