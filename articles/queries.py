"""What the page of an article is made of. It is made again after every comment: its queries are compiled once."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, Model, OuterRef, Q
from django.utils import timezone

from ictiger.core.languages import Language, localized_attr
from ictiger.core.prepared import Param, PreparedQueryFamily
from ictiger.core.url_cache import cached_reverse

from .models import (
    Article,
    ArticleQuerySet,
    ArticleTopic,
    Byline,
    Page,
    Publication,
    SocialLink,
    Topic,
    ids_with_future_dates,
)

RELATED = 3

# --- the article ---------------------------------------------------------------------------------------------------------------------

_ARTICLE_QUERY = PreparedQueryFamily(
    lambda: (
        Article.objects.public(Param("language"), Param("now"))
        .filter(slug=Param("slug"))
        .select_related("cover")
        .defer("body", "search_text")[:1]
    )
)
_TRANSLATION = PreparedQueryFamily(
    lambda: (
        Article.objects.public(now=Param("now"))
        .filter(translation_key=Param("key"))
        .exclude(pk=Param("article"))
        .only("language", "slug", "title")[:1]
    )
)


def get_article(slug: str, language: str) -> Article | None:
    """The public article with this address, and its topics."""
    article = _ARTICLE_QUERY.row(slug=slug, language=language, now=timezone.now())
    if article is not None:
        _attach_topics([article])
    return article


def translation_of(article: Article) -> Article | None:
    """The same article in the other language, as a link needs it."""
    return _TRANSLATION.row(key=article.translation_key, article=article.pk, now=timezone.now())


# --- what stands beside it -----------------------------------------------------------------------------------------------------------


def _shares_topics(topics: int) -> Q:
    """Articles in the given language under any of the given topics, of which there are so many."""
    link = ArticleTopic.objects.filter(article=OuterRef("pk"), topic__in=Param("topics", topics))
    return Q(Exists(link), language=Param("language"))


def _others(topics: int, until: Param | None = None) -> ArticleQuerySet:
    lists = Article.objects.public(now=Param("now"), until=until).for_lists().prefetch_related(None)
    return lists.filter(_shares_topics(topics)).exclude(pk=Param("article"))


# Both begin in the index at the date of the article.
_BEFORE = Q(publish_at__lt=Param("publish_at")) | Q(pk__lt=Param("article"))
_AFTER = Q(publish_at__gt=Param("publish_at")) | Q(pk__gt=Param("article"))
_OLDER = PreparedQueryFamily(
    lambda topics, limit: _others(topics, until=Param("publish_at")).filter(_BEFORE)[:limit]
)
_NEWER = PreparedQueryFamily(
    lambda topics, limit: (
        _others(topics).filter(_AFTER, publish_at__gte=Param("publish_at")).reverse()[:limit]
    )
)


def related_articles(article: Article) -> list[Article]:
    """Public articles that share a topic with this one: the nearest older ones, and newer ones where those are too few.

    Older ones, so that a new article changes the related articles of few others (paths.py).
    """
    topics = [topic.pk for topic in article.topics.all()]
    if not topics:
        return []
    values = {
        "topics": topics,
        "language": article.language,
        "article": article.pk,
        "publish_at": article.publish_at,
    }
    values["now"] = timezone.now()
    found = _OLDER.rows(len(topics), RELATED, **values)
    if len(found) < RELATED:
        found = _NEWER.rows(len(topics), RELATED - len(found), **values)[::-1] + found
    _attach_topics(found)
    return found


# --- who wrote it, and what it is about ------------------------------------------------------------------------------------------------

_TOPICS = PreparedQueryFamily(
    lambda articles: ArticleTopic.objects.filter(article__in=Param("articles", articles)).select_related(
        "topic"
    )
)
_BYLINES = PreparedQueryFamily(
    lambda articles: Byline.objects.filter(article__in=Param("articles", articles)).select_related("author")
)


def _attach_topics(articles: list[Article]) -> None:
    """The topics, the one that was added first being the first."""
    _attach_related(
        "topics", articles, ((link.article_id, link.topic) for link in _linked(_TOPICS, articles))
    )


def attach_bylines(articles: list[Article]) -> None:
    """Their authors in order."""
    _attach_related(
        "bylines", articles, ((byline.article_id, byline) for byline in _linked(_BYLINES, articles))
    )


def bylines_of(article: Article) -> Iterable[Byline]:
    """Its authors in order; asked for where they are not known yet."""
    if "bylines" not in getattr(article, "_prefetched_objects_cache", {}):
        attach_bylines([article])
    return article.bylines.all()


def _linked(links: PreparedQueryFamily, articles: list[Article]) -> list:
    return links.rows(len(articles), articles=[article.pk for article in articles]) if articles else []


def _attach_related(name: str, owners: Iterable[Model], found: Iterable[tuple[int, object]]) -> None:
    """As a prefetch would, by the key of whom each belongs to; but they are lists: whoever filters them is told that it cannot be."""
    by_owner: dict[int, list] = {owner.pk: [] for owner in owners}
    for key, thing in found:
        by_owner[key].append(thing)
    for owner in owners:
        owner.__dict__.setdefault("_prefetched_objects_cache", {})[name] = by_owner[owner.pk]


# --- until when that is so -----------------------------------------------------------------------------------------------------------


def _on_page(topics: int) -> ArticleQuerySet:
    """Articles that the page shows or may come to show: its own, the translation, and those that may stand beside it."""
    own = Q(translation_key=Param("key"))
    return Article.objects.filter(own | _shares_topics(topics) if topics else own)


_VISIBILITY_CHANGES = PreparedQueryFamily(
    lambda topics, pending: _on_page(topics).moments(Param("after"), Param("pending", pending))
)


def next_visibility_changes(article: Article, after: datetime) -> Iterator[datetime | None]:
    """When the page of the article next changes by the clock alone."""
    topics, pending = [topic.pk for topic in article.topics.all()], ids_with_future_dates(after)
    if pending:
        values = {"topics": topics, "language": article.language, "key": article.translation_key}
        yield from _VISIBILITY_CHANGES.row(len(topics), len(pending), pending=pending, after=after, **values)
    yield article.closing_after(after)


# --- what stands around every page -----------------------------------------------------------------------------------------------------

_PUBLICATION = PreparedQueryFamily(lambda: Publication.objects.filter(language=Param("language"))[:1])
_SOCIAL_LINKS = PreparedQueryFamily(
    lambda: SocialLink.objects.filter(publication=Param("publication")).values_list("url", "label")
)
_MENU = PreparedQueryFamily(lambda: Topic.objects.values_list("slug", "name_en", "name_zh", named=True))
_PAGES = PreparedQueryFamily(
    lambda: Page.objects.filter(language=Param("language")).values_list("slug", "title")
)


class NavLink(NamedTuple):
    url: str
    label: str
    slug: str = ""


def publication() -> Publication:
    """The publication in the active language; before an editor has described it, one with a name and no more."""
    language = Language.active()
    return _PUBLICATION.row(language=language) or Publication(language=language)


def social_links(of: Publication) -> tuple[NavLink, ...]:
    return tuple(NavLink(url, label) for url, label in _SOCIAL_LINKS.rows(publication=of.pk)) if of.pk else ()


def menu() -> tuple[NavLink, ...]:
    """All topics."""
    return tuple(
        NavLink(cached_reverse("articles:topic", row.slug), localized_attr(row, "name"), row.slug)
        for row in _MENU.rows()
    )


def footer_pages() -> tuple[NavLink, ...]:
    """Those of the active language."""
    language = Language.active()
    return tuple(
        NavLink(cached_reverse("articles:page", slug, language=language), title)
        for slug, title in _PAGES.rows(language=language)
    )
