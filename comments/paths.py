"""Which public paths a comment, and what stands beside it, shows on."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from articles.links import path
from articles.models import Article
from ictiger.compiled import Compiled
from ictiger.delivery.paths import EVERYTHING, shows_on
from ictiger.languages import Language

from .models import Comment, Discussion, House
from .policy import page_of


@shows_on(Comment, needs=["parent"], columns=["discussion", "thread_no", "shown_at", "parent__thread_no"])
def paths_of_comment(comment: Comment) -> Iterator[str]:
    """Its thread's pages, the article and the feeds, in each public language. A comment that was never visible shows nowhere."""
    return _paths([comment] if comment.shown_at else [])


@shows_on(User)
def paths_of_writer(user: User) -> Iterator[str]:
    """Wherever the name of somebody who comments stands."""
    return _paths(user.comments.filter(shown_at__isnull=False).select_related("parent"))


@shows_on(Article)
def paths_below_article(article: Article) -> Iterator[str]:
    """The pages of its discussion have its title and its address; those under its translation name its address too."""
    others = Article.objects.filter(translation_key=article.translation_key).exclude(pk=article.pk)
    for version in (article, *others):
        with translation.override(version.language):
            yield path(reverse("comments:discussion", args=[version.slug, 1])).removesuffix("1/") + "**"
            yield path(reverse("comments:feed", args=[version.slug]))
    if Discussion.objects.filter(pk=article.translation_key).exists():
        yield from _site_feeds()


@shows_on(Discussion)
def paths_of_discussion(discussion: Discussion) -> Iterator[str]:
    """Its switch: on the article, on every page of the discussion and below every comment, in each language."""
    for article in Article.objects.public().filter(translation_key=discussion.pk).only("language", "slug"):
        with translation.override(article.language):
            yield path(article.get_absolute_url()) + "**"


@shows_on(House)
def paths_of_house(house: House) -> Iterator[str]:
    """The switch of the whole site."""
    yield EVERYTHING


def _paths(comments: Iterable[Comment]) -> Iterator[str]:
    pages: dict = {}
    threads: dict = {}
    for comment in comments:
        thread = comment.parent or comment
        # The first thread of a page is also what the page before leads to.
        threads.setdefault(comment.discussion_id, set()).add(thread.thread_no)
        pages.setdefault(comment.discussion_id, set()).update([page_of(thread.thread_no), page_of(max(thread.thread_no - 1, 1))])
    if pages:
        yield from _site_feeds()
    for article in _public_versions(pages):
        places = _places(article.language, article.slug)
        yield places.article
        yield places.feed
        for number in pages[article.translation_key]:
            yield f"{places.pages}{number}/"
        for number in threads[article.translation_key]:
            yield f"{places.threads}{number}/**"


class _Places(NamedTuple):
    """Where an article and its discussion stand; the last two go on with a number."""

    article: str
    feed: str
    pages: str
    threads: str


@lru_cache(1_000)
def _places(language: str, slug: str) -> _Places:
    with translation.override(language):
        return _Places(
            path(reverse("articles:article", args=[slug])),
            path(reverse("comments:feed", args=[slug])),
            path(reverse("comments:discussion", args=[slug, 1])).removesuffix("1/"),
            path(reverse("comments:thread", args=[slug, 1])).removesuffix("1/"),
        )


def _public_versions(keys: Collection[uuid.UUID]) -> Iterable[Any]:
    """What is needed here of the public articles that have these discussions: nearly always one is asked for."""
    if len(keys) > 1:
        return Article.objects.public().filter(translation_key__in=keys).values_list("translation_key", "language", "slug", named=True)
    return chain.from_iterable(_versions.rows(key=key, now=timezone.now()) for key in keys)


_versions = Compiled(
    lambda key, now: (
        Article.objects.public(now=now)
        .filter(translation_key=key)
        .order_by()
        .values_list("translation_key", "language", "slug", named=True)
    ),
    planned=True,
)


@cache
def _site_feeds() -> tuple[str, ...]:
    return tuple(_site_feed(language) for language in Language.values)


def _site_feed(language: str) -> str:
    with translation.override(language):
        return path(reverse("comments:site_feed"))
