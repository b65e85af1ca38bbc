"""The median wait for a decision, as authors of held comments and moderators see it."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone, translation

from comments import services
from comments.models import Comment, Decision
from comments.moderation_time import (
    MEASURED_PERIOD,
    MIN_DECISIONS,
    duration_text,
    forget_median_wait,
    median_wait,
    usual_wait_text,
)
from comments.policy import ModerationAction, State
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_comment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("minutes", "words", "chinese"),
    [
        (0, "5 minutes", "5 分钟"),
        (5, "5 minutes", "5 分钟"),
        (5.01, "10 minutes", "10 分钟"),
        (55, "55 minutes", "55 分钟"),
        (56, "1 hour", "1 小时"),
        (60.5, "2 hours", "2 小时"),
        (47 * 60, "47 hours", "47 小时"),
        (47 * 60 + 1, "2 days", "2 天"),
        (14 * 24 * 60, "14 days", "14 天"),
    ],
)
def test_duration_text_rounds_up(minutes: float, words: str, chinese: str):
    assert duration_text(timedelta(minutes=minutes)) == words
    with translation.override("zh-hans"):
        assert duration_text(timedelta(minutes=minutes)) == chinese


def decided_after(article, *hours: float) -> None:
    """Make comments that waited this many hours for their approval."""
    for waited in hours:
        comment = make_comment(article, state=State.PENDING)
        with public_write(comment):
            Comment.objects.filter(pk=comment.pk).update(held_at=timezone.now() - timedelta(hours=waited))
        decide_as_somebody(comment, ModerationAction.APPROVE)
    cache.clear()


def test_median_wait_is_the_median_of_the_decisions(article):
    decided_after(article, 1, 50, 2, 3, 100)
    assert timedelta(hours=3) <= median_wait() < timedelta(hours=3, minutes=1)


def test_median_of_an_even_number_is_the_longer_of_the_middle_two(article):
    decided_after(article, 1, 2, 3, 4, 5, 6)
    assert timedelta(hours=4) <= median_wait() < timedelta(hours=4, minutes=1)


def test_median_needs_five_decisions(article):
    decided_after(article, *[2] * (MIN_DECISIONS - 1))
    assert median_wait() is None
    assert usual_wait_text() == ""
    decided_after(article, 2)
    assert usual_wait_text() == "Usually decided within 3 hours."


def test_old_decisions_and_decisions_about_unheld_comments_do_not_count(article):
    decided_after(article, *[2] * MIN_DECISIONS)
    Decision.objects.filter(pk=Decision.objects.first().pk).update(
        decided_at=timezone.now() - MEASURED_PERIOD
    )
    removed = make_comment(article)
    Decision.objects.filter(comment=removed).update(waited=None)
    decide_as_somebody(removed, ModerationAction.REMOVE)
    cache.clear()
    assert median_wait() is None


def test_median_is_cached(article, django_assert_num_queries):
    for queries in (1, 0):
        with django_assert_num_queries(queries):
            assert median_wait() is None


def test_forgotten_median_is_computed_again(article, django_assert_num_queries):
    median_wait()
    forget_median_wait()
    with django_assert_num_queries(1):
        median_wait()


def test_forgetting_in_a_cache_that_does_not_answer_is_no_error(monkeypatch, caplog):
    monkeypatch.setattr(cache, "delete", lambda *_args: 1 / 0)
    forget_median_wait()
    assert "cannot be reached" in caplog.text


def test_held_at_is_set_while_the_comment_is_pending(article, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    since = comment.held_at
    assert since is not None
    services.edit_comment(user=reader, comment_id=comment.pk, body="Another text, still held.")
    comment.refresh_from_db()
    assert comment.held_at == since, "an edit does not send it back to the end of the queue"
    decide_as_somebody(comment, ModerationAction.APPROVE)
    comment.refresh_from_db()
    assert comment.held_at is None
    decide_as_somebody(comment, ModerationAction.UNDO)
    comment.refresh_from_db()
    assert comment.held_at > since


def test_author_of_a_held_comment_sees_the_usual_wait(article, reader, client_of):
    decided_after(article, *[2.5] * MIN_DECISIONS)
    make_comment(article, author=reader, state=State.PENDING)
    page = client_of(reader).get(reverse("comments:my_comments")).content.decode()
    assert "A moderator reads everyone’s first comment." in page
    assert "Usually decided within 3 hours." in page


def test_author_of_a_visible_comment_does_not_see_the_usual_wait(article, reader, client_of):
    decided_after(article, *[2.5] * MIN_DECISIONS)
    make_comment(article, author=reader)
    assert "Usually decided" not in client_of(reader).get(reverse("comments:my_comments")).content.decode()
