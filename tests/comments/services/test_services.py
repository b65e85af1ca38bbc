import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from comments import services
from comments.models import Ban, Comment, Discussion, Report
from comments.policy import HoldRule, ModerationAction, RemovedBy, ReportReason, State
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db


def post(user, article, body="An argument.", **fields):
    return services.post_comment(
        user=user, article=article, body=body, **{"submission": uuid.uuid4(), **fields}
    )


def trusted_user():
    user = make_user()
    make_comment(make_article(), author=user)
    return user


def numbers(article):
    return Discussion.objects.filter(pk=article.translation_key).values_list("threads", "comments").get()


# --- posting ---


def test_a_first_comment_waits_for_a_moderator(article, reader):
    comment = post(reader, article)
    assert (comment.state, comment.reason, comment.thread_no) == (State.PENDING, HoldRule.NEWCOMER, None)
    assert numbers(article) == (0, 0)


def test_a_trusted_readers_comment_is_visible_at_once(article):
    comment = post(trusted_user(), article)
    assert (comment.state, comment.reason, comment.thread_no) == (State.VISIBLE, "", 1)
    assert numbers(article) == (1, 1)


def test_an_unverified_readers_comment_waits_for_the_mailbox(article, unverified):
    assert post(unverified, article).state == State.UNVERIFIED


def test_what_is_made_of_the_text_is_made_when_it_is_written(article, reader):
    with time_machine.travel("2026-02-19 02:51:27Z", tick=False):
        article.publish_at = timezone.now()
        comment = post(reader, article, "专利法\r\n好")
    assert comment.body == "专利法\n好"
    assert comment.body_html == '<p dir="auto">专利法<br>好</p>'
    assert (comment.words, comment.language) == (4, "zh-hans")
    assert (comment.created_en, comment.created_zh) == ("19 February 2026, 10:51", "2026年2月19日 10:51")


def test_the_same_submission_is_the_same_comment(article, reader):
    submission = uuid.uuid4()
    first = post(reader, article, submission=submission)
    assert post(reader, article, submission=submission) == first
    assert Comment.objects.count() == 1


def test_the_same_submission_with_another_text_is_refused(article, reader):
    submission = uuid.uuid4()
    post(reader, article, submission=submission)
    with pytest.raises(services.DuplicateSubmission):
        post(reader, article, "Something else.", submission=submission)


def test_somebody_elses_submission_is_refused(article, reader):
    comment = make_comment(article)
    with pytest.raises(services.DuplicateSubmission):
        post(reader, article, comment.body, submission=comment.submission)


def test_a_reply_hangs_on_the_thread_and_names_whom_it_answers(article, reader):
    thread = make_comment(article)
    reply = make_comment(article, parent=thread)
    answer = post(reader, article, parent_id=reply.pk)
    assert (answer.parent, answer.replied_to) == (thread, reply)
    assert (reply.parent, reply.replied_to) == (thread, thread)


def test_a_visible_reply_has_no_number_of_its_own(article):
    thread = make_comment(article)
    reply = make_comment(article, parent=thread)
    assert reply.thread_no is None
    assert numbers(article) == (1, 2)


@pytest.mark.parametrize("state", [State.PENDING, State.REJECTED, State.REMOVED, State.UNVERIFIED])
def test_what_is_not_visible_cannot_be_answered(article, reader, state):
    hidden = make_comment(article, state=state)
    with pytest.raises(services.ParentNotFound):
        post(reader, article, parent_id=hidden.pk)


def test_a_comment_of_another_article_cannot_be_answered(article, reader):
    elsewhere = make_comment(make_article())
    with pytest.raises(services.ParentNotFound):
        post(reader, article, parent_id=elsewhere.pk)


@pytest.mark.parametrize("parent_id", [0, 10**6, 2**63 - 1])
def test_an_unknown_comment_cannot_be_answered(article, reader, parent_id):
    with pytest.raises(services.ParentNotFound):
        post(reader, article, parent_id=parent_id)


def test_a_comment_below_the_translation_can_be_answered(article, reader):
    chinese = make_article("专利", language="zh-hans", translation_key=article.translation_key)
    thread = make_comment(chinese)
    assert post(reader, article, parent_id=thread.pk).discussion_id == thread.discussion_id


@pytest.mark.parametrize(
    "fields",
    [
        {"comments_open": False},
        {"comments_close_at": timezone.now() - timedelta(seconds=1)},
        {"expires_at": timezone.now()},
    ],
)
def test_a_closed_discussion_takes_no_comment(reader, fields):
    with pytest.raises(services.DiscussionClosed):
        post(reader, make_article(**fields))


def test_a_banned_reader_is_refused_until_the_ban_ends(article, reader):
    services.ban_user(by=make_user(), user=reader, why="spam", days=1)
    with pytest.raises(services.Forbidden):
        post(reader, article)
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert post(reader, article).pk


def test_a_ban_without_an_end_is_for_good(article, reader):
    Ban.objects.create(user=reader, why="spam")
    services.ban_user(by=make_user(), user=reader, why="spam", days=1)
    with pytest.raises(services.Forbidden, match="no longer"):
        post(reader, article)


def test_a_repeated_text_waits_for_a_moderator(article):
    user = trusted_user()
    post(user, article, "Twice.")
    assert post(user, article, "Twice.").reason == HoldRule.DUPLICATE


def test_trust_is_lost_for_thirty_days_after_a_rejection(article):
    user = trusted_user()
    comment = post(user, article)
    decide_as_somebody(comment, ModerationAction.REMOVE, reason="uncivil")
    assert post(user, article, "Sorry.").reason == HoldRule.REJECTED_LATELY
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert post(user, article, "Now then.").state == State.VISIBLE


def test_removing_what_was_rejected_brings_no_trust_back(article):
    user = make_user()
    rejected = make_comment(article, author=user, state=State.REJECTED)
    make_comment(article, author=user, body="Approved since.")
    services.remove_comment(user=user, comment_id=rejected.pk)
    assert not services.is_trusted(user)
    assert post(user, article, "As if nothing had been.").reason == HoldRule.REJECTED_LATELY
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert services.is_trusted(user)


def test_removing_ones_own_comment_costs_no_trust(article):
    user = trusted_user()
    approved = make_comment(article, author=user, body="Approved, then regretted.")
    services.remove_comment(user=user, comment_id=approved.pk)
    services.remove_comment(user=user, comment_id=post(user, article).pk)
    assert post(user, article, "Better.").state == State.VISIBLE


def test_an_approval_that_is_undone_gives_no_trust(article, reader):
    comment = make_comment(article, author=reader)
    decide_as_somebody(comment, ModerationAction.UNDO)
    assert post(reader, article, "Another.").state == State.PENDING


# --- editing ---


def test_an_edit_keeps_what_it_says_and_is_judged_again(article, reader):
    comment = make_comment(article, author=reader)
    edited = services.edit_comment(user=reader, comment_id=comment.pk, body="Something quite different.")
    assert (edited.body, edited.revision, edited.approved) == ("Something quite different.", 1, False)
    assert (edited.state, edited.reason) == (
        State.PENDING,
        HoldRule.NEWCOMER,
    )  # its own approval was for another text
    assert edited.edited_at is not None
    assert numbers(article) == (1, 0)


def test_a_trusted_edit_stays_visible_and_keeps_its_number(article):
    user = trusted_user()
    comment = post(user, article)
    edited = services.edit_comment(user=user, comment_id=comment.pk, body="Better put.")
    assert (edited.state, edited.thread_no) == (State.VISIBLE, comment.thread_no)
    assert numbers(article) == (1, 1)


def test_an_edit_that_changes_nothing_is_none(article, reader):
    comment = make_comment(article, author=reader)
    assert services.edit_comment(user=reader, comment_id=comment.pk, body=comment.body).edited_at is None


def test_an_edit_after_fifteen_minutes_is_refused(article, reader):
    comment = make_comment(article, author=reader)
    with (
        time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)),
        pytest.raises(services.CommentError, match="is over"),
    ):
        services.edit_comment(user=reader, comment_id=comment.pk, body="Too late.")


@pytest.mark.parametrize("state", [State.REJECTED, State.REMOVED])
def test_what_was_turned_down_cannot_be_edited(article, reader, state):
    """Perhaps while its author was changing it: they are told what became of it."""
    comment = make_comment(article, author=reader, state=state)
    with pytest.raises(services.CommentError, match=f"is now “{state.label}”"):
        services.edit_comment(user=reader, comment_id=comment.pk, body="Once more.")


@pytest.mark.parametrize("verb", [lambda **k: services.edit_comment(body="x", **k), services.remove_comment])
def test_nobody_writes_in_anothers_name(article, reader, verb):
    comment = make_comment(article)
    with pytest.raises(services.CommentNotFound):
        verb(user=reader, comment_id=comment.pk)


# --- removing ---


@pytest.mark.parametrize("state", [State.PENDING, State.VISIBLE, State.REJECTED])
def test_an_author_removes_a_comment_once(article, reader, state):
    comment = make_comment(article, author=reader, state=state)
    for _again in range(2):
        removed = services.remove_comment(user=reader, comment_id=comment.pk)
        assert (removed.state, removed.reason) == (State.REMOVED, RemovedBy.AUTHOR)
        assert numbers(article)[1] == 0


# --- reporting ---


def test_three_trusted_reports_hold_a_comment(article):
    user = trusted_user()
    comment = post(user, article)
    for reporter in [make_user(), trusted_user(), trusted_user()]:
        services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE  # one of the three is not trusted
    services.report_comment(user=trusted_user(), comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.PENDING, HoldRule.REPORTED)


def test_a_reader_reports_a_comment_once(article):
    comment, reporter = make_comment(article), trusted_user()
    for _again in range(3):
        services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    assert Report.objects.count() == 1


def test_reports_do_not_hold_what_a_moderator_has_approved(article):
    comment = make_comment(article)
    for _reporter in range(3):
        services.report_comment(user=trusted_user(), comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE


def test_reports_from_before_an_approval_hold_no_later_text(article):
    author = trusted_user()
    comment = post(author, article)
    for _number in range(3):
        services.report_comment(user=trusted_user(), comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    decide_as_somebody(comment, ModerationAction.APPROVE)
    services.edit_comment(user=author, comment_id=comment.pk, body="Put otherwise.")
    for state in (State.VISIBLE, State.VISIBLE, State.PENDING):
        services.report_comment(user=trusted_user(), comment_id=comment.pk, reason=ReportReason.UNCIVIL)
        comment.refresh_from_db()
        assert comment.state == state


def test_reports_of_who_is_banned_do_not_count(article):
    comment = post(trusted_user(), article)
    for _number in range(3):
        reporter = trusted_user()
        Ban.objects.create(user=reporter, why="test")
        services.report_comment(user=reporter, comment_id=comment.pk, reason=ReportReason.UNCIVIL)
    comment.refresh_from_db()
    assert (comment.state, Report.objects.count()) == (State.VISIBLE, 3)


def test_ones_own_comment_is_not_reported(article, reader):
    comment = make_comment(article, author=reader)
    with pytest.raises(services.CommentError):
        services.report_comment(user=reader, comment_id=comment.pk, reason=ReportReason.OTHER)


def test_an_unverified_reader_reports_nothing(article, unverified):
    comment = make_comment(article)
    with pytest.raises(services.Forbidden):
        services.report_comment(user=unverified, comment_id=comment.pk, reason=ReportReason.OTHER)


# --- releasing ---


def test_confirming_the_address_releases_what_waits(article, unverified):
    waiting = [post(unverified, article, f"Text {number}.") for number in range(2)]
    unverified.emailaddress_set.update(verified=True)
    assert services.release_comments(unverified) == waiting
    assert set(Comment.objects.values_list("state", "reason")) == {(State.PENDING, HoldRule.NEWCOMER)}


def test_releasing_leaves_what_does_not_wait(article, reader):
    comment = make_comment(article, author=reader, state=State.REJECTED)
    assert services.release_comments(reader) == []
    comment.refresh_from_db()
    assert comment.state == State.REJECTED


# --- erasing ---


def test_confirming_the_address_puts_nothing_of_who_is_banned_before_readers(article):
    author = trusted_user()
    author.emailaddress_set.update(verified=False)
    comment = post(author, article)
    Ban.objects.create(user=author, why="test")
    author.emailaddress_set.update(verified=True)
    services.release_comments(author)
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.PENDING, HoldRule.BANNED)


def test_erasing_takes_what_stands_alone(article, reader):
    make_comment(article, author=reader)
    services.erase_comments(reader)
    assert not Comment.objects.exists()
    assert numbers(article) == (1, 0)


def test_erasing_leaves_the_place_of_what_was_answered(article, reader):
    thread = make_comment(article, author=reader, body="Something personal.")
    make_comment(article, parent=thread)
    services.erase_comments(reader)
    thread.refresh_from_db()
    assert (thread.author, thread.body, thread.body_html) == (None, "", "")
    assert (thread.state, thread.reason) == (State.REMOVED, RemovedBy.ERASURE)
    assert set(thread.decisions.values_list("body", flat=True)) == {""}
    assert numbers(article) == (1, 1)


def test_erasing_takes_a_thread_that_only_its_author_answered(article, reader):
    thread = make_comment(article, author=reader)
    make_comment(article, author=reader, parent=thread)
    services.erase_comments(reader)
    assert not Comment.objects.exists()


# --- the database's own part ---


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "shown"},
        {"language": "fr"},
        {"state": State.VISIBLE},
        {"body": ""},
        {"thread_no": 1},
        {"first_visible_at": timezone.now()},
    ],
)
def test_the_database_refuses(article, wrong):
    thread = make_comment(article)
    pending = make_comment(article, state=State.PENDING)
    assert thread.thread_no == 1
    with pytest.raises(IntegrityError), public_write(pending):
        Comment.objects.filter(pk=pending.pk).update(**wrong)


def test_the_database_refuses_a_number_on_a_reply(article):
    reply = make_comment(article, parent=make_comment(article))
    with pytest.raises(IntegrityError), public_write(reply):
        Comment.objects.filter(pk=reply.pk).update(thread_no=9)


def test_the_count_is_that_of_visible_comments(article):
    thread = make_comment(article)
    for state in (State.VISIBLE, State.PENDING, State.REJECTED, State.REMOVED):
        make_comment(article, state=state)
        make_comment(article, state=state, parent=thread)
    assert numbers(article) == (3, Comment.objects.visible().count())
