"""Which public pages show a comment, its author or a discussion, for the page cache to purge."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain
from typing import Any, NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from articles.links import decoded_path
from articles.models import Article
from ictiger.core.languages import Language
from ictiger.core.prepared import PreparedQuery
from ictiger.pagecache.invalidation import WHOLE_SITE, invalidates, invalidates_stored

from .models import Comment, Discussion, SiteCommentSettings
from .policy import discussion_page_number


@invalidates(
    Comment, needs=["parent"], columns=["discussion", "thread_no", "first_visible_at", "parent__thread_no"]
)
def paths_of_comment(comment: Comment) -> Iterator[str]:
    """The pages of its thread, the article and the feeds, in each public language.

    A comment that was never visible is on no page.
    """
    if not comment.first_visible_at:
        return iter(())
    return _paths_of_threads({comment.discussion_id: {(comment.parent or comment).thread_no}})


@invalidates_stored(Comment)
def paths_of_stored_comment(pk: int) -> Iterator[str]:
    """The same for a comment as stored. It takes one query, because every post runs it."""
    row = _thread_and_slugs_query.row(pk=pk, now=timezone.now())
    if row is None:
        return
    thread, *slugs = row
    yield from _site_feeds()
    for language, slug in zip(Language.values, slugs, strict=True):
        if slug is not None:
            yield from _discussion_paths(language, slug, {thread})


def _thread_and_slugs(pk, now) -> QuerySet:
    """A comment's thread number, and its article's slug in each language, NULL where not public."""
    public = (
        Article.objects.public(now=now)
        .filter(translation_key=OuterRef("discussion"))
        .order_by()
        .values("slug")
    )
    slugs = {
        f"slug_{number}": Subquery(public.filter(language=language))
        for number, language in enumerate(Language.values)
    }
    thread = Coalesce("parent__thread_no", "thread_no")
    return (
        Comment.objects.filter(pk=pk, first_visible_at__isnull=False)
        .order_by()
        .values(thread=thread, **slugs)
    )


_thread_and_slugs_query = PreparedQuery(_thread_and_slugs, server_side=True)


@invalidates(User)
def paths_of_author(user: User) -> Iterator[str]:
    """Every page with a visible comment of the user, who may have changed their name.

    Each thread counts once.
    """
    comments = user.comments.filter(first_visible_at__isnull=False).order_by()
    thread_no = Coalesce("parent__thread_no", "thread_no")
    threads: dict[uuid.UUID, set[int]] = {}
    for discussion, number in comments.values_list("discussion_id", thread_no).distinct():
        threads.setdefault(discussion, set()).add(number)
    return _paths_of_threads(threads)


@invalidates(Article)
def paths_below_article(article: Article) -> Iterator[str]:
    """The pages of its discussion, which have its title and URL; those of its translation link to them."""
    translations = _translations_query.rows(key=article.translation_key, article=article.pk)
    for version in (article, *translations):
        prefixes = _path_prefixes(version.language, version.slug)
        yield prefixes.pages + "**"
        yield prefixes.feed
    if _discussion_query.rows(key=article.translation_key):
        yield from _site_feeds()


_translations_query = PreparedQuery(
    lambda key, article: (
        Article.objects.filter(translation_key=key)
        .exclude(pk=article)
        .order_by()
        .values_list("language", "slug", named=True)
    ),
    server_side=True,
)
_discussion_query = PreparedQuery(
    lambda key: Discussion.objects.filter(pk=key).order_by().values_list("pk", flat=True), server_side=True
)


@invalidates(Discussion)
def paths_of_discussion(discussion: Discussion) -> Iterator[str]:
    """The article and everything below it in each public language, and the feeds of the site."""
    yield from _site_feeds()
    for article in Article.objects.public().filter(translation_key=discussion.pk).only("language", "slug"):
        with translation.override(article.language):
            yield decoded_path(article.get_absolute_url()) + "**"


@invalidates(SiteCommentSettings)
def paths_of_site_settings(settings: SiteCommentSettings) -> Iterator[str]:
    """Every page, because the site-wide switch shows on all articles."""
    yield WHOLE_SITE


def _paths_of_threads(threads: dict[uuid.UUID, set[int]]) -> Iterator[str]:
    """The pages that show these threads, given by the IDs of their discussions."""
    if threads:
        yield from _site_feeds()
    for article in _public_articles(threads):
        yield from _discussion_paths(article.language, article.slug, threads[article.translation_key])


def _discussion_paths(language: str, slug: str, threads: set[int]) -> Iterator[str]:
    """The pages that show these threads, below the article with this slug."""
    prefixes = _path_prefixes(language, slug)
    yield prefixes.article
    yield prefixes.feed
    # The page before the first thread of a page links to that page.
    numbers = {
        discussion_page_number(number) for thread in threads for number in (thread, max(thread - 1, 1))
    }
    for number in numbers:
        yield f"{prefixes.pages}{number}/"
    for thread in threads:
        yield f"{prefixes.threads}{thread}/**"


class _PathPrefixes(NamedTuple):
    """Paths of an article and its discussion; `pages` and `threads` are continued with a number."""

    article: str
    feed: str
    pages: str
    threads: str


@lru_cache(1_000)
def _path_prefixes(language: str, slug: str) -> _PathPrefixes:
    with translation.override(language):
        return _PathPrefixes(
            decoded_path(reverse("articles:article", args=[slug])),
            decoded_path(reverse("comments:feed", args=[slug])),
            decoded_path(reverse("comments:discussion", args=[slug, 1])).removesuffix("1/"),
            decoded_path(reverse("comments:thread", args=[slug, 1])).removesuffix("1/"),
        )


def _public_articles(keys: Collection[uuid.UUID]) -> Iterable[Any]:
    """Language and slug of the public articles with these discussions.

    For one discussion, the usual case, a prepared query.
    """
    if len(keys) > 1:
        return (
            Article.objects.public()
            .filter(translation_key__in=keys)
            .values_list("translation_key", "language", "slug", named=True)
        )
    return chain.from_iterable(_public_articles_query.rows(key=key, now=timezone.now()) for key in keys)


_public_articles_query = PreparedQuery(
    lambda key, now: (
        Article.objects.public(now=now)
        .filter(translation_key=key)
        .order_by()
        .values_list("translation_key", "language", "slug", named=True)
    ),
    server_side=True,
)


@cache
def _site_feeds() -> tuple[str, ...]:
    return tuple(_site_feed(language) for language in Language.values)


def _site_feed(language: str) -> str:
    with translation.override(language):
        return decoded_path(reverse("comments:site_feed"))
