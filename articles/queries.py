"""The queries behind an article's page and the frame of every page.

The page is rendered again after each comment, so its queries are prepared: compiled to SQL once.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from ictiger.core.languages import Language, localized_attr
from ictiger.core.prepared import Param, PreparedQuery
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

_ARTICLE = PreparedQuery(
    lambda: (
        Article.objects.public(Param("language"), Param("now"))
        .filter(slug=Param("slug"))
        .select_related("cover")
        .defer("body", "search_text")[:1]
    )
)
_TRANSLATION = PreparedQuery(
    lambda: (
        Article.objects.public(now=Param("now"))
        .filter(translation_key=Param("key"))
        .exclude(pk=Param("article"))
        .only("language", "slug", "title", "canonical_url")[:1]
    )
)


def get_article(slug: str, language: str) -> Article | None:
    """The public article with this slug, with its topics."""
    article = _ARTICLE.row(slug=slug, language=language, now=timezone.now())
    if article is not None:
        attach_topics([article])
    return article


def translation_of(article: Article) -> Article | None:
    """The public translation of the article, with the fields that a link needs."""
    return _TRANSLATION.row(key=article.translation_key, article=article.pk, now=timezone.now())


def _shares_topics(topics: int) -> Q:
    """Articles in the given language with any of the given topics, whose number is `topics`."""
    link = ArticleTopic.objects.filter(article=OuterRef("pk"), topic__in=Param("topics", topics))
    return Q(Exists(link), language=Param("language"))


def _related(topics: int, until: Param | None = None) -> ArticleQuerySet:
    articles = Article.objects.public(now=Param("now"), until=until).for_lists().prefetch_related(None)
    return articles.filter(_shares_topics(topics)).exclude(pk=Param("article"))


# Both queries start in the index at the article's date.
_BEFORE = Q(publish_at__lt=Param("publish_at")) | Q(pk__lt=Param("article"))
_AFTER = Q(publish_at__gt=Param("publish_at")) | Q(pk__gt=Param("article"))
_OLDER = PreparedQuery(
    lambda topics, limit: _related(topics, until=Param("publish_at")).filter(_BEFORE)[:limit]
)
_NEWER = PreparedQuery(
    lambda topics, limit: (
        _related(topics).filter(_AFTER, publish_at__gte=Param("publish_at")).reverse()[:limit]
    )
)


def related_articles(article: Article) -> list[Article]:
    """RELATED public articles that share a topic: the nearest older ones, then the nearest newer ones.

    Older ones come first, so that a new article changes the related articles of few others
    (`invalidation.py`).
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
    related = _OLDER.rows(len(topics), RELATED, **values)
    if len(related) < RELATED:
        related = _NEWER.rows(len(topics), RELATED - len(related), **values)[::-1] + related
    attach_topics(related)
    return related


_TOPICS = PreparedQuery(
    lambda articles: ArticleTopic.objects.filter(article__in=Param("articles", articles)).select_related(
        "topic"
    )
)
_BYLINES = PreparedQuery(
    lambda articles: Byline.objects.filter(article__in=Param("articles", articles)).select_related("author")
)


def attach_topics(articles: list[Article]) -> None:
    """Read and attach the topics, in the order in which they were added."""
    links = _rows_of(_TOPICS, articles)
    _attach_related("topics", articles, ((link.article_id, link.topic) for link in links))


def attach_bylines(articles: list[Article]) -> None:
    """Read and attach the bylines with their authors, in order."""
    bylines = _rows_of(_BYLINES, articles)
    _attach_related("bylines", articles, ((byline.article_id, byline) for byline in bylines))


def bylines_of(article: Article) -> Iterable[Byline]:
    """The bylines in order, read if they are not attached yet."""
    if "bylines" not in getattr(article, "_prefetched_objects_cache", {}):
        attach_bylines([article])
    return article.bylines.all()


def _rows_of(query: PreparedQuery, articles: list[Article]) -> list:
    return query.rows(len(articles), articles=[article.pk for article in articles]) if articles else []


def _attach_related(name: str, articles: list[Article], rows: Iterable[tuple[int, object]]) -> None:
    """Fill the prefetch cache of the articles with lists; calling `.filter()` on such a relation fails.

    `rows` are pairs of an article's key and the related object. This writes Django's private
    `_prefetched_objects_cache`, because `prefetch_related` compiles its queries anew for each page: topics
    and bylines of four articles take 0.7 ms of CPU in this way, and 3.9 ms with `prefetch_related_objects`.
    tests/articles/test_private_api.py fails if Django renames it.
    """
    by_article: dict[int, list] = {article.pk: [] for article in articles}
    for key, related in rows:
        by_article[key].append(related)
    for article in articles:
        article.__dict__.setdefault("_prefetched_objects_cache", {})[name] = by_article[article.pk]


def _on_page(topics: int) -> ArticleQuerySet:
    """Articles that the page shows or may show later: the article, its translation, and the related ones."""
    versions = Q(translation_key=Param("key"))
    return Article.objects.filter(versions | _shares_topics(topics) if topics else versions)


_VISIBILITY_CHANGES = PreparedQuery(
    lambda topics, pending: _on_page(topics).moments(Param("after"), Param("pending", pending))
)


def next_visibility_changes(article: Article, after: datetime) -> Iterator[datetime | None]:
    """The next moments after `after` at which the article's page changes without a write."""
    topics, pending = [topic.pk for topic in article.topics.all()], ids_with_future_dates(after)
    if pending:
        values = {"topics": topics, "language": article.language, "key": article.translation_key}
        yield from _VISIBILITY_CHANGES.row(len(topics), len(pending), pending=pending, after=after, **values)
    yield article.closing_after(after)


_PUBLICATION = PreparedQuery(lambda: Publication.objects.filter(language=Param("language"))[:1])
_SOCIAL_LINKS = PreparedQuery(
    lambda: SocialLink.objects.filter(publication=Param("publication")).values_list("url", "label")
)
_MENU = PreparedQuery(lambda: Topic.objects.values_list("slug", "name_en", "name_zh", named=True))
_PAGES = PreparedQuery(lambda: Page.objects.filter(language=Param("language")).values_list("slug", "title"))


class NavLink(NamedTuple):
    url: str
    label: str
    slug: str = ""


def publication() -> Publication:
    """The publication in the active language; an unsaved one with default values if there is none yet."""
    language = Language.active()
    return _PUBLICATION.row(language=language) or Publication(language=language)


def social_links(publication: Publication) -> tuple[NavLink, ...]:
    if not publication.pk:
        return ()
    return tuple(NavLink(url, label) for url, label in _SOCIAL_LINKS.rows(publication=publication.pk))


def menu() -> tuple[NavLink, ...]:
    """Links to all topics."""
    return tuple(
        NavLink(cached_reverse("articles:topic", row.slug), localized_attr(row, "name"), row.slug)
        for row in _MENU.rows()
    )


def footer_pages() -> tuple[NavLink, ...]:
    """Links to the pages of the active language."""
    language = Language.active()
    return tuple(
        NavLink(cached_reverse("articles:page", slug, language=language), title)
        for slug, title in _PAGES.rows(language=language)
    )
