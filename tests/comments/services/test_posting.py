"""Posting comments and replies, and the trust that earlier comments give."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from comments import services
from comments.models import Ban, Comment
from comments.policy import HoldRule, ModerationAction, State
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

from .conftest import counters, post, trusted_user

pytestmark = pytest.mark.django_db


def test_first_comment_is_held(article, reader):
    comment = post(reader, article)
    assert (comment.state, comment.reason, comment.thread_no) == (State.PENDING, HoldRule.NEWCOMER, None)
    assert counters(article) == (0, 0)


def test_comment_of_a_trusted_author_is_visible_at_once(article):
    comment = post(trusted_user(), article)
    assert (comment.state, comment.reason, comment.thread_no) == (State.VISIBLE, "", 1)
    assert counters(article) == (1, 1)


def test_comment_of_an_unverified_author_is_unverified(article, unverified):
    assert post(unverified, article).state == State.UNVERIFIED


def test_derived_fields_are_set_when_a_comment_is_posted(article, reader):
    with time_machine.travel("2026-02-19 02:51:27Z", tick=False):
        article.publish_at = timezone.now()
        comment = post(reader, article, "专利法\r\n好")
    assert comment.body == "专利法\n好"
    assert comment.body_html == '<p dir="auto">专利法<br>好</p>'
    assert (comment.words, comment.language) == (4, "zh-hans")
    assert (comment.created_en, comment.created_zh) == ("19 February 2026, 10:51", "2026年2月19日 10:51")


def test_same_submission_returns_the_same_comment(article, reader):
    submission = uuid.uuid4()
    first = post(reader, article, submission=submission)
    assert post(reader, article, submission=submission) == first
    assert Comment.objects.count() == 1


def test_same_submission_with_another_text_is_refused(article, reader):
    submission = uuid.uuid4()
    post(reader, article, submission=submission)
    with pytest.raises(services.DuplicateSubmission):
        post(reader, article, "Something else.", submission=submission)


def test_submission_of_another_author_is_refused(article, reader):
    comment = make_comment(article)
    with pytest.raises(services.DuplicateSubmission):
        post(reader, article, comment.body, submission=comment.submission)


def test_reply_to_a_reply_belongs_to_the_thread(article, reader):
    thread = make_comment(article)
    reply = make_comment(article, parent=thread)
    second = post(reader, article, parent_id=reply.pk)
    assert (second.parent, second.replied_to) == (thread, reply)
    assert (reply.parent, reply.replied_to) == (thread, thread)


def test_visible_reply_has_no_thread_number(article):
    thread = make_comment(article)
    reply = make_comment(article, parent=thread)
    assert reply.thread_no is None
    assert counters(article) == (1, 2)


@pytest.mark.parametrize("state", [State.PENDING, State.REJECTED, State.REMOVED, State.UNVERIFIED])
def test_reply_to_a_hidden_comment_is_refused(article, reader, state):
    hidden = make_comment(article, state=state)
    with pytest.raises(services.ParentNotFound):
        post(reader, article, parent_id=hidden.pk)


def test_reply_to_a_comment_of_another_article_is_refused(article, reader):
    elsewhere = make_comment(make_article())
    with pytest.raises(services.ParentNotFound):
        post(reader, article, parent_id=elsewhere.pk)


@pytest.mark.parametrize("parent_id", [0, 10**6, 2**63 - 1])
def test_reply_to_an_unknown_comment_is_refused(article, reader, parent_id):
    with pytest.raises(services.ParentNotFound):
        post(reader, article, parent_id=parent_id)


def test_reply_to_a_comment_below_the_translation_is_posted(article, reader):
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
def test_closed_discussion_refuses_comments(reader, fields):
    with pytest.raises(services.DiscussionClosed):
        post(reader, make_article(**fields))


def test_banned_author_is_refused_until_the_ban_ends(article, reader):
    services.ban_user(by=make_user(), user=reader, why="spam", days=1)
    with pytest.raises(services.Forbidden):
        post(reader, article)
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert post(reader, article).pk


def test_ban_without_an_end_is_permanent(article, reader):
    Ban.objects.create(user=reader, why="spam")
    services.ban_user(by=make_user(), user=reader, why="spam", days=1)
    with pytest.raises(services.Forbidden, match="no longer"):
        post(reader, article)


def test_duplicate_text_is_held(article):
    user = trusted_user()
    post(user, article, "Twice.")
    assert post(user, article, "Twice.").reason == HoldRule.DUPLICATE


def test_rejection_costs_trust_for_thirty_days(article):
    user = trusted_user()
    comment = post(user, article)
    decide_as_somebody(comment, ModerationAction.REMOVE, reason="uncivil")
    assert post(user, article, "Sorry.").reason == HoldRule.REJECTED_LATELY
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert post(user, article, "Now then.").state == State.VISIBLE


def test_removing_a_rejected_comment_restores_no_trust(article):
    user = make_user()
    rejected = make_comment(article, author=user, state=State.REJECTED)
    make_comment(article, author=user, body="Approved since.")
    services.remove_comment(user=user, comment_id=rejected.pk)
    assert not services.is_trusted(user)
    assert post(user, article, "As if nothing had been.").reason == HoldRule.REJECTED_LATELY
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert services.is_trusted(user)


def test_removing_an_approved_comment_costs_no_trust(article):
    user = trusted_user()
    approved = make_comment(article, author=user, body="Approved, then regretted.")
    services.remove_comment(user=user, comment_id=approved.pk)
    services.remove_comment(user=user, comment_id=post(user, article).pk)
    assert post(user, article, "Better.").state == State.VISIBLE


def test_undone_approval_gives_no_trust(article, reader):
    comment = make_comment(article, author=reader)
    decide_as_somebody(comment, ModerationAction.UNDO)
    assert post(reader, article, "Another.").state == State.PENDING
