"""A rejected comment is mended and sent in again, once, and appealed about, once, to another moderator."""

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
    """Of `reader`, turned down by `moderator`."""
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


# --- sending in again ---


def test_a_mended_comment_waits_for_a_moderator_with_its_new_text(rejected):
    seen = rejected.version_token
    resubmit(rejected)
    assert (rejected.state, rejected.reason, rejected.note) == (State.PENDING, HoldRule.REVISED, "")
    assert (rejected.body, rejected.body_html, rejected.words) == ("Mended.", '<p dir="auto">Mended.</p>', 1)
    assert rejected.version_token != seen
    assert rejected.edited_at is None  # nobody has read the first text


def test_what_readers_had_seen_before_says_that_it_was_changed(article, reader, moderator):
    comment = make_comment(article, author=reader)
    services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.UNDO)
    reject(comment, moderator)
    resubmit(comment)
    assert comment.edited_at == comment.revised_at


def test_a_trusted_author_too_waits_with_a_mended_comment(article, reader, rejected):
    make_comment(article, author=reader)
    resubmit(rejected)
    assert rejected.state == State.PENDING


def test_a_comment_is_sent_in_again_once(rejected, moderator):
    resubmit(rejected)
    reject(rejected, moderator)
    with pytest.raises(services.CommentError, match="can be done once"):
        resubmit(rejected, "Mended twice.")
    rejected.refresh_from_db()
    assert (rejected.state, rejected.body) == (State.REJECTED, "Mended.")


def test_the_same_text_sent_twice_is_one_step(rejected):
    resubmit(rejected)
    resubmit(rejected)
    assert (rejected.state, rejected.revision) == (State.PENDING, 1)


def test_an_unchanged_text_is_not_sent_in_again(rejected):
    with pytest.raises(services.CommentError, match="as it was"):
        resubmit(rejected, "As it was judged.")
    rejected.refresh_from_db()
    assert (rejected.state, rejected.revised_at) == (State.REJECTED, None)


def test_each_text_that_was_judged_is_kept_with_its_decision(rejected, moderator):
    resubmit(rejected)
    reject(rejected, moderator)
    assert list(Decision.objects.order_by("pk").values_list("body", flat=True)) == [
        "As it was judged.",
        "Mended.",
    ]


def test_a_mended_comment_is_not_edited_while_it_is_read(rejected, reader):
    resubmit(rejected)
    assert rejected.may_be_edited is False
    with pytest.raises(services.CommentError):
        services.edit_comment(user=reader, comment_id=rejected.pk, body="And again.")


# --- appealing ---


def test_an_appeal_leaves_the_text_and_brings_the_note(rejected, moderator):
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


def test_an_appeal_is_made_once(rejected, other_moderator):
    appeal(rejected)
    appeal(rejected)  # the same note again: one step
    reject(rejected, other_moderator)
    with pytest.raises(services.CommentError, match="can be done once"):
        appeal(rejected, "Please.")


def test_who_has_mended_may_still_appeal_and_the_other_way_round(article, moderator, other_moderator):
    for first, second in ((resubmit, appeal), (appeal, resubmit)):
        comment = make_comment(article, state=State.PENDING)
        reject(comment, moderator)
        first(comment)
        reject(comment, other_moderator)
        second(comment)
        assert comment.state == State.PENDING


@pytest.mark.parametrize("verb", [ModerationAction.APPROVE, ModerationAction.REJECT, ModerationAction.REMOVE])
def test_who_rejected_a_comment_does_not_decide_the_appeal(rejected, moderator, other_moderator, verb):
    appeal(rejected)
    with pytest.raises(services.Recused, match="another moderator"):
        services.decide(moderator=moderator, comment_id=rejected.pk, action=verb, reason="other")
    services.decide(moderator=other_moderator, comment_id=rejected.pk, action=verb, reason="other")


@pytest.mark.parametrize("verb", [ModerationAction.UNDO, ModerationAction.REMOVE])
def test_nor_what_becomes_of_it_afterwards(rejected, moderator, other_moderator, verb):
    appeal(rejected)
    services.decide(moderator=other_moderator, comment_id=rejected.pk, action=ModerationAction.APPROVE)
    with pytest.raises(services.Recused):
        services.decide(moderator=moderator, comment_id=rejected.pk, action=verb)


def test_in_a_house_with_one_moderator_that_one_decides(rejected, moderator):
    """Neither who may not enter, nor who has no right to decide, nor the author of the comment is another moderator."""
    make_user("left@example.org", group="Moderator", is_active=False)
    make_user("editor@example.org", group="Editor")
    make_user("reader2@example.org")
    rejected.author.is_staff = rejected.author.is_superuser = True
    rejected.author.save()
    assert services.has_another_moderator(rejected) is False
    appeal(rejected)
    services.decide(moderator=moderator, comment_id=rejected.pk, action=ModerationAction.APPROVE)


def test_a_superuser_is_another_moderator(rejected, moderator):
    User.objects.create_superuser("owner@example.org", PASSWORD)
    assert services.has_another_moderator(rejected) is True
    appeal(rejected)
    with pytest.raises(services.Recused):
        services.decide(moderator=moderator, comment_id=rejected.pk, action=ModerationAction.APPROVE)


def test_nobody_decides_about_their_own_comment_while_another_can(article, moderator):
    comment = make_comment(article, author=moderator, state=State.PENDING)
    services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE)
    second = make_comment(article, author=moderator, body="Another argument.", state=State.VISIBLE)
    other = make_user(group="Moderator")
    for verb in (ModerationAction.REMOVE, ModerationAction.UNDO):
        with pytest.raises(services.Recused, match="your own"):
            services.decide(moderator=moderator, comment_id=second.pk, action=verb)
    services.decide(moderator=other, comment_id=second.pk, action=ModerationAction.REMOVE)


# --- neither ---


@pytest.mark.parametrize("step", [resubmit, appeal])
@pytest.mark.parametrize("state", [State.PENDING, State.VISIBLE, State.REMOVED])
def test_only_what_was_rejected_is_read_a_second_time(article, step, state):
    comment = make_comment(article, state=state)
    with pytest.raises(services.CommentError, match="is now"):
        step(comment)


@pytest.mark.parametrize("step", [resubmit, appeal])
def test_who_is_banned_has_no_second_reading(rejected, step):
    Ban.objects.create(user=rejected.author, why="spam")
    with pytest.raises(services.Forbidden):
        step(rejected)


@pytest.mark.parametrize("step", [resubmit, appeal])
def test_who_has_lost_the_mailbox_confirms_one_first(rejected, step):
    rejected.author.emailaddress_set.update(verified=False)
    with pytest.raises(services.Forbidden, match="confirm"):
        step(rejected)


@pytest.mark.parametrize("verb", ["resubmit", "appeal"])
def test_somebody_elses_comment_is_not_there(rejected, verb):
    with pytest.raises(services.CommentNotFound):
        getattr(services, verb)(
            user=make_user(), comment_id=rejected.pk, **{"body" if verb == "resubmit" else "note": "Mine."}
        )


@pytest.mark.parametrize("step", [resubmit, appeal])
def test_a_rejection_counts_until_somebody_finds_otherwise(article, reader, rejected, other_moderator, step):
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
def test_no_change_of_the_text_lifts_a_hold_that_people_have_put(article, reader, happens, hold):
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


def test_leaving_takes_the_appeal_along(rejected, other_moderator):
    appeal(rejected)
    services.decide(moderator=other_moderator, comment_id=rejected.pk, action=ModerationAction.APPROVE)
    make_comment(rejected.article, parent=rejected)
    services.erase_comments(rejected.author)
    rejected.refresh_from_db()
    assert (rejected.appeal, rejected.appealed_at, rejected.appealed_against) == ("", None, None)


def test_the_takeout_has_the_note_to_the_moderators(rejected, client_of):
    appeal(rejected)
    (told,) = json.loads(client_of(rejected.author).get("/accounts/me/data/").getvalue())["comments"]
    assert told["your note to the moderators"] == "It names the claim in its second line."
