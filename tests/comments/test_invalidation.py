"""Which pages a change to a comment, a name or a discussion purges from the page cache."""

import uuid

import pytest

from articles.models import Article
from comments import services
from comments.models import Comment, Discussion
from comments.policy import ModerationAction, State
from ictiger.pagecache.guard import WriteOutsidePublicWrite
from ictiger.pagecache.invalidation import current_paths, paths_to_purge
from ictiger.pagecache.models import Purge
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

SITE = {"/comments/feed/", "/zh-hans/comments/feed/"}
ENGLISH = SITE | {
    "/articles/a-patent/",
    "/articles/a-patent/discussion/1/",
    "/articles/a-patent/discussion/thread/1/**",
    "/articles/a-patent/comments/feed/",
}
CHINESE = {
    "/zh-hans/articles/专利/",
    "/zh-hans/articles/专利/discussion/1/",
    "/zh-hans/articles/专利/discussion/thread/1/**",
    "/zh-hans/articles/专利/comments/feed/",
}


@pytest.fixture
def purged(settings, django_capture_on_commit_callbacks):
    """`purged(function)`: the paths that a page cache backend has to purge after calling `function`."""

    def paths_after(function) -> set[str]:
        paths: list[str] = []
        settings.PAGE_CACHE_BACKENDS = ["tests.comments.test_invalidation.record_paths"]
        record_paths.paths = paths
        with django_capture_on_commit_callbacks(execute=True):
            function()
        return set(paths)

    return paths_after


def record_paths(paths: list[str]) -> None:
    """A page cache backend."""
    record_paths.paths += paths


def paths_of(comment: Comment) -> set[str]:
    """The paths of a comment; those read again after the write, by another query, must be the same."""
    paths = paths_to_purge(comment)
    assert current_paths(Comment, comment.pk) == paths
    return paths


def test_comment_is_on_its_page_the_article_and_the_feeds_in_both_languages(article):
    make_article("专利", language="zh-hans", translation_key=article.translation_key)
    thread = make_comment(article)
    assert paths_of(thread) == ENGLISH | CHINESE
    assert paths_of(make_comment(article, parent=thread)) == ENGLISH | CHINESE


def test_unpublished_translation_has_no_paths(article):
    make_article("专利", language="zh-hans", translation_key=article.translation_key, status="draft")
    assert paths_of(make_comment(article)) == ENGLISH


def test_thread_is_on_the_page_of_its_number(article):
    comment = make_comment(article)
    with public_write(comment):
        Comment.objects.filter(pk=comment.pk).update(thread_no=51)
    comment.refresh_from_db()
    assert "/articles/a-patent/discussion/2/" in paths_of(comment)
    assert "/articles/a-patent/discussion/2/" in paths_of(make_comment(article, parent=comment))


def test_comment_below_an_unpublished_article_is_on_site_feeds_at_most(article):
    comment = make_comment(article)
    with public_write(article):
        Article.objects.filter(pk=article.pk).update(status="draft")
    assert paths_of(comment) <= SITE


def test_deleted_comment_has_no_paths(article):
    assert current_paths(Comment, make_comment(article).pk + 1) == set()


@pytest.mark.parametrize("state", [State.UNVERIFIED, State.PENDING, State.REJECTED])
def test_comment_that_was_never_visible_has_no_paths(article, state):
    assert paths_of(make_comment(article, state=state)) == set()


def test_name_is_on_the_pages_of_visible_comments(article, reader):
    other = make_article("other")
    make_comment(make_article("unheard"), author=reader, state=State.REJECTED)
    make_comment(article, author=reader)
    make_comment(other, author=reader)
    paths = paths_to_purge(reader)
    assert paths >= ENGLISH
    assert "/articles/other/discussion/1/" in paths
    assert "/articles/unheard/" not in paths


def test_article_is_on_the_pages_of_its_discussion(article):
    assert {"/articles/a-patent/discussion/**", "/articles/a-patent/comments/feed/"} <= paths_to_purge(
        article
    )


def test_each_service_purges_the_pages_it_changes(article, reader, purged):
    make_comment(make_article(), author=reader)
    Purge.objects.all().delete()
    comment = None

    def post():
        nonlocal comment
        comment = services.post_comment(
            user=reader, article=article, body="An argument.", submission=uuid.uuid4()
        )

    assert purged(post) == ENGLISH
    assert (
        purged(lambda: services.edit_comment(user=reader, comment_id=comment.pk, body="Better put."))
        == ENGLISH
    )
    assert purged(lambda: decide_as_somebody(comment, ModerationAction.REMOVE)) == ENGLISH
    assert purged(lambda: decide_as_somebody(comment, ModerationAction.UNDO)) == ENGLISH
    assert purged(lambda: services.remove_comment(user=reader, comment_id=comment.pk)) == ENGLISH
    assert not Purge.objects.exists()


@pytest.mark.parametrize("erase", [services.erase_comments, services.erase_in_batches])
def test_erasing_purges_the_whole_discussion(article, reader, purged, erase):
    make_comment(article, author=reader)
    assert purged(lambda: erase(reader)) == SITE | {"/articles/a-patent/**"}


def test_erasing_held_comments_purges_nothing(article, purged):
    comment = make_comment(article, state=State.PENDING)
    assert purged(lambda: services.erase_comments(comment.author)) == set()


def test_held_comment_purges_nothing(article, purged):
    assert (
        purged(
            lambda: services.post_comment(
                user=make_user(), article=article, body="First.", submission=uuid.uuid4()
            )
        )
        == set()
    )


def test_approving_purges_the_pages(article, purged):
    comment = make_comment(article, state=State.PENDING)
    assert purged(lambda: decide_as_somebody(comment, ModerationAction.APPROVE)) == ENGLISH


def test_comments_are_not_written_outside_public_write(article):
    comment = make_comment(article)
    for write in (comment.save, comment.delete, Comment.objects.all().delete, Discussion.objects.get().save):
        with pytest.raises(WriteOutsidePublicWrite):
            write()
