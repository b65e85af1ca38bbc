"""Concurrent requests of readers, in real transactions."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from comments import services
from comments.models import Comment, Decision, Discussion
from comments.policy import HoldRule, ModerationAction, State, Switch
from comments.services import erasure
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_comment, make_user

from .conftest import at_once

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite lets one writer in at a time: there is nothing to race",
    ),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture
def article():
    return make_article("raced")


def test_same_submission_posted_twice_makes_one_comment(article):
    user, submission = make_user(), uuid.uuid4()

    def send():
        return services.post_comment(user=user, article=article, body="Once.", submission=submission).pk

    assert len(set(at_once(*[send] * 6))) == 1
    assert Comment.objects.count() == 1


def test_burst_limit_holds_for_concurrent_posts(article, settings):
    settings.COMMENTS_AT_A_TIME = 3
    user = make_user()
    make_comment(
        make_article("earlier"), author=user, written_at=timezone.now() - timedelta(days=1)
    )  # trusted
    texts = [f"Number {number} of many." for number in range(8)]
    at_once(
        *[
            lambda text=text: services.post_comment(
                user=user, article=article, body=text, submission=uuid.uuid4()
            )
            for text in texts
        ]
    )
    assert Comment.objects.in_discussion_of(article).visible().count() == 3


def test_threads_approved_concurrently_get_different_numbers(article):
    pending = [make_comment(article, state=State.PENDING) for _number in range(6)]
    moderator = make_user()
    at_once(
        *[
            lambda pk=comment.pk: services.decide(
                moderator=moderator, comment_id=pk, action=ModerationAction.APPROVE
            )
            for comment in pending
        ]
    )
    assert sorted(Comment.objects.values_list("thread_no", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert Discussion.objects.values_list("threads", "comments").get() == (6, 6)


def test_two_moderators_make_one_decision(article):
    comment = make_comment(article, state=State.PENDING)
    seen, one, other = comment.version_token, make_user(), make_user()
    results = at_once(
        lambda: services.decide(
            moderator=one, comment_id=comment.pk, action=ModerationAction.APPROVE, version_token=seen
        ),
        lambda: services.decide(
            moderator=other,
            comment_id=comment.pk,
            action=ModerationAction.REJECT,
            reason="other",
            version_token=seen,
        ),
    )
    assert sorted(type(result).__name__ for result in results) == ["Decision", "StaleDecision"]
    decision = Decision.objects.get()
    comment.refresh_from_db()
    assert comment.state == decision.to_state


def test_edit_during_a_decision_is_not_approved_unread(article):
    author, moderator = make_user(), make_user()
    comment = make_comment(article, author=author, state=State.PENDING)
    seen = comment.version_token
    decided, _edited = at_once(
        lambda: services.decide(
            moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE, version_token=seen
        ),
        lambda: services.edit_comment(user=author, comment_id=comment.pk, body="Not what was read."),
    )
    comment.refresh_from_db()
    # Whichever was first: a text that no moderator has read is not visible.
    assert comment.state == State.PENDING
    assert comment.body == "Not what was read."
    if isinstance(decided, Decision):
        assert decided.body == "An argument about patents."


def test_edit_during_the_release_is_saved_and_released(article):
    author = make_user(verified=False)
    comment = make_comment(article, author=author, state=State.UNVERIFIED)
    author.emailaddress_set.update(verified=True)
    at_once(
        lambda: services.release_comments(author),
        lambda: services.edit_comment(user=author, comment_id=comment.pk, body="Mended."),
    )
    comment.refresh_from_db()
    assert (comment.state, comment.body) == (State.PENDING, "Mended.")


def test_comment_posted_during_the_release_is_released(article):
    author = make_user(verified=False)

    def confirm():
        author.emailaddress_set.update(verified=True)
        return services.release_comments(author)

    at_once(
        confirm,
        lambda: services.post_comment(
            user=author, article=article, body="Just now.", submission=uuid.uuid4()
        ),
    )
    assert Comment.objects.get().state == State.PENDING


def test_reply_posted_during_a_removal_has_a_visible_parent_or_none(article):
    author, replier = make_user(), make_user()
    thread = make_comment(article, author=author)
    make_comment(article, author=replier)  # trusted
    removed, replied = at_once(
        lambda: services.remove_comment(user=author, comment_id=thread.pk),
        lambda: services.post_comment(
            user=replier, article=article, body="But why?", submission=uuid.uuid4(), parent_id=thread.pk
        ),
    )
    assert removed.state == State.REMOVED
    assert isinstance(replied, services.ParentNotFound) or replied.parent_id == thread.pk


@pytest.mark.parametrize("erase", [services.erase_comments, services.erase_in_batches])
def test_erasure_during_replies_and_decisions_succeeds(article, erase, monkeypatch):
    monkeypatch.setattr(erasure, "ERASURE_BATCH", 2)
    leaver, replier, moderator = make_user(), make_user(), make_user()
    make_comment(article, author=replier)
    threads = [make_comment(article, author=leaver) for _number in range(3)]
    replies = [make_comment(article, author=leaver, parent=thread, state=State.PENDING) for thread in threads]

    def decide(comment):
        try:
            return services.decide(
                moderator=moderator, comment_id=comment.pk, action=ModerationAction.APPROVE
            )
        except services.CommentNotFound:
            return None

    at_once(
        lambda: erase(leaver),
        *[
            lambda pk=thread.pk: services.post_comment(
                user=replier, article=article, body=f"On {pk}.", submission=uuid.uuid4(), parent_id=pk
            )
            for thread in threads
        ],
        *[lambda reply=reply: decide(reply) for reply in replies],
    )
    assert not Comment.objects.filter(author=leaver).exists()
    assert Discussion.objects.get().comments == Comment.objects.visible().count()


def test_same_second_review_requested_twice_counts_once(article):
    comment = make_comment(article, state=State.REJECTED)
    author = comment.author
    results = at_once(*[lambda: services.resubmit(user=author, comment_id=comment.pk, body="Mended.")] * 4)
    assert {type(result) for result in results} == {Comment}
    comment.refresh_from_db()
    assert (comment.state, comment.revision) == (State.PENDING, 1)


def test_two_different_revisions_make_one_and_one_refusal(article):
    comment = make_comment(article, state=State.REJECTED)
    author = comment.author
    results = at_once(
        *[
            lambda body=body: services.resubmit(user=author, comment_id=comment.pk, body=body)
            for body in ("One.", "Two.")
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["Comment", "CommentError"]
    comment.refresh_from_db()
    assert comment.revision == 1


def test_revision_and_appeal_make_one_second_review(article):
    comment = make_comment(article, state=State.REJECTED)
    author = comment.author
    results = at_once(
        lambda: services.resubmit(user=author, comment_id=comment.pk, body="Mended."),
        lambda: services.appeal(user=author, comment_id=comment.pk, note="It should stand."),
    )
    assert sorted(type(result).__name__ for result in results) == ["Comment", "CommentError"]
    comment.refresh_from_db()
    assert (comment.revised_at is None) != (comment.appealed_at is None)
    assert comment.body == ("Mended." if comment.revised_at else "An argument about patents.")


def test_appeal_during_an_undo_makes_one_of_them(article):
    comment = make_comment(article, state=State.REJECTED)
    moderator, author = comment.decisions.get(verb=ModerationAction.REJECT).moderator, comment.author
    undone, appealed = at_once(
        lambda: services.decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.UNDO),
        lambda: services.appeal(user=author, comment_id=comment.pk, note="It should stand."),
    )
    comment.refresh_from_db()
    assert comment.state == State.PENDING
    if isinstance(undone, services.StaleDecision):
        assert (comment.reason, comment.appeal) == (HoldRule.APPEALED, "It should stand.")
    else:  # an undone rejection needs no appeal, and the one appeal is not used up
        assert isinstance(appealed, services.CommentError)
        assert (comment.reason, comment.appealed_at) == (HoldRule.UNDONE, None)


@pytest.mark.parametrize("where", ["site", "article"])
def test_no_comment_becomes_visible_after_the_switch_response(article, where):
    moderator, writers = make_user(), [make_user() for _number in range(4)]
    for writer in writers:
        make_comment(article, author=writer)  # trusted
    visible_at_answer = []

    def close():
        if where == "site":
            services.switch_site(by=moderator, switch=Switch.CLOSED)
        else:
            services.switch_discussion(by=moderator, key=article.translation_key, switch=Switch.CLOSED)
        visible_at_answer.append(Comment.objects.visible().count())

    def write(writer, number):
        return services.post_comment(
            user=writer, article=article, body=f"Comment {writer.pk} {number}", submission=uuid.uuid4()
        )

    def flood(writer):
        def all_of_them():
            for number in range(4):
                write(writer, number)

        return all_of_them

    at_once(close, *(flood(writer) for writer in writers))
    assert Comment.objects.visible().count() == visible_at_answer[0]


def posting(article, writer):
    return lambda: services.post_comment(
        user=writer, article=article, body="In the middle.", submission=uuid.uuid4()
    )


def editing(article, writer):
    comment = make_comment(article, author=writer, body="Before.")
    return lambda: services.edit_comment(user=writer, comment_id=comment.pk, body="In the middle.")


def confirming(article, writer):
    writer.emailaddress_set.update(verified=False)
    services.post_comment(user=writer, article=article, body="In the middle.", submission=uuid.uuid4())
    writer.emailaddress_set.update(verified=True)
    return lambda: services.release_comments(writer)


@pytest.mark.parametrize("begin", [posting, editing, confirming])
def test_switch_waits_only_for_comments_being_written(article, begin):
    """A comment screened before the switch was turned is committed before the switch responds."""
    writer, moderator = make_user(), make_user()
    make_comment(article, author=writer)
    step = begin(article, writer)
    judged, closed = threading.Event(), threading.Event()

    def write():
        with public_write():
            step()
            judged.set()
            assert not closed.wait(timeout=0.3), "closed while a comment was being written"
        return Comment.objects.get(body="In the middle.")

    def close():
        judged.wait(timeout=10)
        services.switch_site(by=moderator, switch=Switch.CLOSED)
        closed.set()
        return Comment.objects.get(body="In the middle.").state

    written, seen = at_once(write, close)
    assert (written.state, seen) == (State.VISIBLE, State.VISIBLE)
