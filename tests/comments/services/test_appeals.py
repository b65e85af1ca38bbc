"""Second reviews: a rejected comment is resubmitted once and appealed once; another moderator decides."""

import json

import pytest

from accounts.models import User
from comments import policy, services
from comments.models import Ban, Comment, Decision
from comments.policy import HoldRule, ModerationAction, ReportReason, State
from tests.factories import PASSWORD, make_comment, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def rejected(article, reader, moderator) -> Comment:
    """A comment by `reader`, rejected by `moderator`."""
    comment = make_comment(article, author=reader, state=State.PENDING, body="As it was judged.")
    services.decide(
        moderator=moderator,
        comment_id=comment.pk,
        action=ModerationAction.REJECT,
        reason="unclear",
        note="Which claim?",
    )
    comment.refresh_from_db()
    return comment


@pytest.fixture
def other_moderator(db):
    return make_user("second@example.org", group="Moderator")


def resubmit(comment, body="Mended."):
    services.resubmit(user=comment.author, comment_id=comment.pk, body=body)
    comment.refresh_from_db()


def appeal(comment, note="It names the claim in its second line."):
    services.appeal(user=comment.author, comment_id=comment.pk, note=note)
    comment.refresh_from_db()


def reject(comment, moderator):
    services.decide(
        moderator=moderator, comment_id=comment.pk, action=ModerationAction.REJECT, reason="other"
    )
    comment.refresh_from_db()


def test_resubmitted_comment_is_pending_with_its_new_text(rejected):
    token = rejected.version_token
    resubmit(rejected)
    assert (rejected.state, rejected.reason, rejected.note) == (State.PENDING, HoldRule.REVISED, "")
    assert (rejected.body, rejected.body_html, rejected.words) == ("Mended.", '<p dir="auto">Mended.</p>', 1)
    assert rejected.version_token != token
    assert rejected.edited_at is None  # no reader has seen the first text


def test_resubmitted_comment_that_was_visible_before_is_marked_as_edited(article, reader, moderator):
    comment = make_comment(article, author=reader)
    services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.UNDO)
    reject(comment, moderator)
    resubmit(comment)
    assert comment.edited_at == comment.revised_at


def test_resubmitted_comment_of_a_trusted_author_is_pending(article, reader, rejected):
    make_comment(article, author=reader)
    resubmit(rejected)
    assert rejected.state == State.PENDING


def test_comment_is_resubmitted_once(rejected, moderator):
    resubmit(rejected)
    reject(rejected, moderator)
    with pytest.raises(services.CommentError, match="can be done once"):
        resubmit(rejected, "Mended twice.")
    rejected.refresh_from_db()
    assert (rejected.state, rejected.body) == (State.REJECTED, "Mended.")


def test_same_text_resubmitted_twice_counts_once(rejected):
    resubmit(rejected)
    resubmit(rejected)
    assert (rejected.state, rejected.revision) == (State.PENDING, 1)


def test_unchanged_text_is_not_resubmitted(rejected):
    with pytest.raises(services.CommentError, match="as it was"):
        resubmit(rejected, "As it was judged.")
    rejected.refresh_from_db()
    assert (rejected.state, rejected.revised_at) == (State.REJECTED, None)


def test_each_decision_stores_the_text_it_was_about(rejected, moderator):
    resubmit(rejected)
    reject(rejected, moderator)
    assert list(Decision.objects.order_by("pk").values_list("body", flat=True)) == [
        "As it was judged.",
        "Mended.",
    ]


def test_resubmitted_comment_is_not_editable(rejected, reader):
    resubmit(rejected)
    assert rejected.may_be_edited is False
    with pytest.raises(services.CommentError):
        services.edit_comment(user=reader, comment_id=rejected.pk, body="And again.")


def test_appeal_leaves_the_text_and_stores_the_note(rejected, moderator):
    appeal(rejected)
    assert (rejected.state, rejected.reason, rejected.body) == (
        State.PENDING,
        HoldRule.APPEALED,
        "As it was judged.",
    )
    assert (rejected.appeal, rejected.appealed_against) == (
        "It names the claim in its second line.",
        moderator,
    )


def test_appeal_is_made_once(rejected, other_moderator):
    appeal(rejected)
    appeal(rejected)  # the same note again: one step
    reject(rejected, other_moderator)
    with pytest.raises(services.CommentError, match="can be done once"):
        appeal(rejected, "Please.")


def test_resubmitting_and_appealing_are_both_possible_once(article, moderator, other_moderator):
    for first, second in ((resubmit, appeal), (appeal, resubmit)):
        comment = make_comment(article, state=State.PENDING)
        reject(comment, moderator)
        first(comment)
        reject(comment, other_moderator)
        second(comment)
        assert comment.state == State.PENDING


@pytest.mark.parametrize(
    "action", [ModerationAction.APPROVE, ModerationAction.REJECT, ModerationAction.REMOVE]
)
def test_moderator_appealed_against_does_not_decide(rejected, moderator, other_moderator, action):
    appeal(rejected)
    with pytest.raises(services.Recused, match="another moderator"):
        services.decide(moderator=moderator, comment_id=rejected.pk, action=action, reason="other")
    services.decide(moderator=other_moderator, comment_id=rejected.pk, action=action, reason="other")


@pytest.mark.parametrize("action", [ModerationAction.UNDO, ModerationAction.REMOVE])
def test_moderator_appealed_against_does_not_decide_later_either(
    rejected, moderator, other_moderator, action
):
    appeal(rejected)
    services.decide(moderator=other_moderator, comment_id=rejected.pk, action=ModerationAction.APPROVE)
    with pytest.raises(services.Recused):
        services.decide(moderator=moderator, comment_id=rejected.pk, action=action)


def test_only_moderator_decides_the_appeal_against_them(rejected, moderator):
    """Inactive moderators, staff without the permission and the comment's author do not count."""
    make_user("left@example.org", group="Moderator", is_active=False)
    make_user("editor@example.org", group="Editor")
    make_user("reader2@example.org")
    rejected.author.is_staff = rejected.author.is_superuser = True
    rejected.author.save()
    assert services.has_another_moderator(rejected) is False
    appeal(rejected)
    services.decide(moderator=moderator, comment_id=rejected.pk, action=ModerationAction.APPROVE)


def test_superuser_counts_as_another_moderator(rejected, moderator):
    User.objects.create_superuser("owner@example.org", PASSWORD)
    assert services.has_another_moderator(rejected) is True
    appeal(rejected)
    with pytest.raises(services.Recused):
        services.decide(moderator=moderator, comment_id=rejected.pk, action=ModerationAction.APPROVE)


def test_moderator_does_not_decide_about_their_comment_while_another_can(article, moderator):
    comment = make_comment(article, author=moderator, state=State.PENDING)
    services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE)
    second = make_comment(article, author=moderator, body="Another argument.", state=State.VISIBLE)
    other = make_user(group="Moderator")
    for action in (ModerationAction.REMOVE, ModerationAction.UNDO):
        with pytest.raises(services.Recused, match="your own"):
            services.decide(moderator=moderator, comment_id=second.pk, action=action)
    services.decide(moderator=other, comment_id=second.pk, action=ModerationAction.REMOVE)


@pytest.mark.parametrize("step", [resubmit, appeal])
@pytest.mark.parametrize("state", [State.PENDING, State.VISIBLE, State.REMOVED])
def test_only_rejected_comments_are_resubmitted_or_appealed(article, step, state):
    comment = make_comment(article, state=state)
    with pytest.raises(services.CommentError, match="is now"):
        step(comment)


@pytest.mark.parametrize("step", [resubmit, appeal])
def test_banned_author_cannot_resubmit_or_appeal(rejected, step):
    Ban.objects.create(user=rejected.author, why="spam")
    with pytest.raises(services.Forbidden):
        step(rejected)


@pytest.mark.parametrize("step", [resubmit, appeal])
def test_unverified_author_cannot_resubmit_or_appeal(rejected, step):
    rejected.author.emailaddress_set.update(verified=False)
    with pytest.raises(services.Forbidden, match="confirm"):
        step(rejected)


@pytest.mark.parametrize("action", ["resubmit", "appeal"])
def test_comment_of_another_author_is_not_found(rejected, action):
    with pytest.raises(services.CommentNotFound):
        getattr(services, action)(
            user=make_user(), comment_id=rejected.pk, **{"body" if action == "resubmit" else "note": "Mine."}
        )


@pytest.mark.parametrize("step", [resubmit, appeal])
def test_rejection_costs_trust_until_it_is_overturned(article, reader, rejected, other_moderator, step):
    make_comment(article, author=reader, body="Approved since.")
    step(rejected)
    assert services.is_trusted(reader) is False
    services.decide(moderator=other_moderator, comment_id=rejected.pk, action=ModerationAction.APPROVE)
    assert services.is_trusted(reader) is True


def taken_back(comment):
    services.decide(moderator=make_user(), comment_id=comment.pk, action=ModerationAction.UNDO)


def reported(comment):
    for _number in range(policy.REPORTS_THAT_HOLD):
        services.report_comment(
            user=make_comment(comment.article).author, comment_id=comment.pk, reason=ReportReason.OTHER
        )


@pytest.mark.parametrize(("happens", "hold"), [(taken_back, HoldRule.UNDONE), (reported, HoldRule.REPORTED)])
def test_edit_does_not_lift_a_manual_hold(article, reader, happens, hold):
    first = make_comment(article, author=reader)
    comment = (
        first
        if hold == HoldRule.UNDONE
        else make_comment(article, author=reader, body="Shown without a moderator.")
    )
    happens(comment)
    make_comment(article, author=reader, body="Approved too.")
    services.edit_comment(user=reader, comment_id=comment.pk, body="Better put.")
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.PENDING, hold)


def test_erasure_deletes_the_appeal(rejected, other_moderator):
    appeal(rejected)
    services.decide(moderator=other_moderator, comment_id=rejected.pk, action=ModerationAction.APPROVE)
    make_comment(rejected.article, parent=rejected)
    services.erase_comments(rejected.author)
    rejected.refresh_from_db()
    assert (rejected.appeal, rejected.appealed_at, rejected.appealed_against) == ("", None, None)


def test_takeout_has_the_note_of_the_appeal(rejected, client_of):
    appeal(rejected)
    (exported,) = json.loads(client_of(rejected.author).get("/accounts/me/data/").getvalue())["comments"]
    assert exported["your note to the moderators"] == "It names the claim in its second line."
