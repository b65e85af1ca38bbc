"""Which public paths a comment, and what stands beside it, shows on."""

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
    """Its thread's pages, the article and the feeds, in each public language. A comment that was never visible shows nowhere."""
    return _paths(
        {comment.discussion_id: {(comment.parent or comment).thread_no}} if comment.first_visible_at else {}
    )


@invalidates_stored(Comment)
def paths_of_stored_comment(pk: int) -> Iterator[str]:
    """The same of a comment as it is stored: in one query, since every post asks."""
    found = _shown.row(pk=pk, now=timezone.now())
    if found is not None:
        yield from _site_feeds()
        for language, slug in zip(Language.values, found[1:], strict=True):
            if slug is not None:
                yield from _discussion_paths(language, slug, {found.thread})


def _shown_comment(pk, now) -> QuerySet:
    """The number of its thread, and in each language the address of the article, where that is public."""
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


_shown = PreparedQuery(_shown_comment, server_side=True)


@invalidates(User)
def paths_of_author(user: User) -> Iterator[str]:
    """Wherever the name of somebody who comments stands: in so many threads at most, however many comments they have written."""
    shown = user.comments.filter(first_visible_at__isnull=False).order_by()
    threads: dict[uuid.UUID, set[int]] = {}
    for discussion, number in shown.values_list(
        "discussion_id", Coalesce("parent__thread_no", "thread_no")
    ).distinct():
        threads.setdefault(discussion, set()).add(number)
    return _paths(threads)


@invalidates(Article)
def paths_below_article(article: Article) -> Iterator[str]:
    """The pages of its discussion have its title and its address; those under its translation name its address too."""
    others = Article.objects.filter(translation_key=article.translation_key).exclude(pk=article.pk)
    for version in (article, *others):
        with translation.override(version.language):
            yield (
                decoded_path(reverse("comments:discussion", args=[version.slug, 1])).removesuffix("1/") + "**"
            )
            yield decoded_path(reverse("comments:feed", args=[version.slug]))
    if Discussion.objects.filter(pk=article.translation_key).exists():
        yield from _site_feeds()


@invalidates(Discussion)
def paths_of_discussion(discussion: Discussion) -> Iterator[str]:
    """Its switch, and whatever there is in it: on the article, on every page of the discussion and below every comment, in each language;
    and what is newest in it among the newest of the site.
    """
    yield from _site_feeds()
    for article in Article.objects.public().filter(translation_key=discussion.pk).only("language", "slug"):
        with translation.override(article.language):
            yield decoded_path(article.get_absolute_url()) + "**"


@invalidates(SiteCommentSettings)
def paths_of_site_settings(house: SiteCommentSettings) -> Iterator[str]:
    """The switch of the whole site."""
    yield WHOLE_SITE


def _paths(threads: dict[uuid.UUID, set[int]]) -> Iterator[str]:
    """What shows these threads, by their discussions."""
    if threads:
        yield from _site_feeds()
    for article in _public_versions(threads):
        yield from _discussion_paths(article.language, article.slug, threads[article.translation_key])


def _discussion_paths(language: str, slug: str, threads: set[int]) -> Iterator[str]:
    """What shows these threads below the article that stands there."""
    places = _find_places(language, slug)
    yield places.article
    yield places.feed
    # The first thread of a page is also what the page before leads to.
    for number in {
        page
        for thread in threads
        for page in (discussion_page_number(thread), discussion_page_number(max(thread - 1, 1)))
    }:
        yield f"{places.pages}{number}/"
    for thread in threads:
        yield f"{places.threads}{thread}/**"


class _Places(NamedTuple):
    """Where an article and its discussion stand; the last two go on with a number."""

    article: str
    feed: str
    pages: str
    threads: str


@lru_cache(1_000)
def _find_places(language: str, slug: str) -> _Places:
    with translation.override(language):
        return _Places(
            decoded_path(reverse("articles:article", args=[slug])),
            decoded_path(reverse("comments:feed", args=[slug])),
            decoded_path(reverse("comments:discussion", args=[slug, 1])).removesuffix("1/"),
            decoded_path(reverse("comments:thread", args=[slug, 1])).removesuffix("1/"),
        )


def _public_versions(keys: Collection[uuid.UUID]) -> Iterable[Any]:
    """What is needed here of the public articles that have these discussions: nearly always one is asked for."""
    if len(keys) > 1:
        return (
            Article.objects.public()
            .filter(translation_key__in=keys)
            .values_list("translation_key", "language", "slug", named=True)
        )
    return chain.from_iterable(_versions.rows(key=key, now=timezone.now()) for key in keys)


_versions = PreparedQuery(
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
