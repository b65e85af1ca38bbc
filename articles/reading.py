"""What the page of an article is made of. It is made again after every comment: its queries are compiled once."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, Model, OuterRef, Q
from django.utils import timezone

from ictiger.addresses import url_of
from ictiger.compiled import CompiledForms, Given
from ictiger.languages import Language, in_language

from .models import Article, ArticleQuerySet, ArticleTopic, Byline, Page, Publication, SocialLink, Topic, pending_after

RELATED = 3

# --- the article ---------------------------------------------------------------------------------------------------------------------

_ARTICLE = CompiledForms(
    lambda: (
        Article.objects.public(Given("language"), Given("now"))
        .filter(slug=Given("slug"))
        .select_related("cover")
        .defer("body", "search_text")[:1]
    )
)
_TRANSLATION = CompiledForms(
    lambda: (
        Article.objects.public(now=Given("now"))
        .filter(translation_key=Given("key"))
        .exclude(pk=Given("article"))
        .only("language", "slug", "title")[:1]
    )
)


def article_at(slug: str, language: str) -> Article | None:
    """The public article with this address, and its topics."""
    article = _ARTICLE.row(slug=slug, language=language, now=timezone.now())
    if article is not None:
        _attach_topics([article])
    return article


def translation_of(article: Article) -> Article | None:
    """The same article in the other language, as a link needs it."""
    return _TRANSLATION.row(key=article.translation_key, article=article.pk, now=timezone.now())


# --- what stands beside it -----------------------------------------------------------------------------------------------------------


def _shares_topics(topics: int) -> Q:
    """Articles in the given language under any of the given topics, of which there are so many."""
    link = ArticleTopic.objects.filter(article=OuterRef("pk"), topic__in=Given("topics", topics))
    return Q(Exists(link), language=Given("language"))


def _others(topics: int, until: Given | None = None) -> ArticleQuerySet:
    lists = Article.objects.public(now=Given("now"), until=until).for_lists().prefetch_related(None)
    return lists.filter(_shares_topics(topics)).exclude(pk=Given("article"))


# Both begin in the index at the date of the article.
_BEFORE = Q(publish_at__lt=Given("publish_at")) | Q(pk__lt=Given("article"))
_AFTER = Q(publish_at__gt=Given("publish_at")) | Q(pk__gt=Given("article"))
_OLDER = CompiledForms(lambda topics, limit: _others(topics, until=Given("publish_at")).filter(_BEFORE)[:limit])
_NEWER = CompiledForms(lambda topics, limit: _others(topics).filter(_AFTER, publish_at__gte=Given("publish_at")).reverse()[:limit])


def beside(article: Article) -> list[Article]:
    """Public articles that share a topic with this one: the nearest older ones, and newer ones where those are too few.

    Older ones, so that a new article changes the related articles of few others (paths.py).
    """
    topics = [topic.pk for topic in article.topics.all()]
    if not topics:
        return []
    values = {"topics": topics, "language": article.language, "article": article.pk, "publish_at": article.publish_at}
    values["now"] = timezone.now()
    found = _OLDER.rows(len(topics), RELATED, **values)
    if len(found) < RELATED:
        found = _NEWER.rows(len(topics), RELATED - len(found), **values)[::-1] + found
    _attach_topics(found)
    return found


# --- who wrote it, and what it is about ------------------------------------------------------------------------------------------------

_TOPICS = CompiledForms(lambda articles: ArticleTopic.objects.filter(article__in=Given("articles", articles)).select_related("topic"))
_BYLINES = CompiledForms(lambda articles: Byline.objects.filter(article__in=Given("articles", articles)).select_related("author"))


def _attach_topics(articles: list[Article]) -> None:
    """The topics, the one that was added first being the first."""
    _attach("topics", articles, ((link.article_id, link.topic) for link in _linked(_TOPICS, articles)))


def attach_bylines(articles: list[Article]) -> None:
    """Their authors in order."""
    _attach("bylines", articles, ((byline.article_id, byline) for byline in _linked(_BYLINES, articles)))


def bylines_of(article: Article) -> Iterable[Byline]:
    """Its authors in order; asked for where they are not known yet."""
    if "bylines" not in getattr(article, "_prefetched_objects_cache", {}):
        attach_bylines([article])
    return article.bylines.all()


def _linked(links: CompiledForms, articles: list[Article]) -> list:
    return links.rows(len(articles), articles=[article.pk for article in articles]) if articles else []


def _attach(name: str, owners: Iterable[Model], found: Iterable[tuple[int, object]]) -> None:
    """As a prefetch would, by the key of whom each belongs to; but they are lists: whoever filters them is told that it cannot be."""
    by_owner: dict[int, list] = {owner.pk: [] for owner in owners}
    for key, thing in found:
        by_owner[key].append(thing)
    for owner in owners:
        owner.__dict__.setdefault("_prefetched_objects_cache", {})[name] = by_owner[owner.pk]


# --- until when that is so -----------------------------------------------------------------------------------------------------------


def _on_page(topics: int) -> ArticleQuerySet:
    """Articles that the page shows or may come to show: its own, the translation, and those that may stand beside it."""
    own = Q(translation_key=Given("key"))
    return Article.objects.filter(own | _shares_topics(topics) if topics else own)


_MOMENTS = CompiledForms(lambda topics, pending: _on_page(topics).moments(Given("after"), Given("pending", pending)))


def next_moments(article: Article, after: datetime) -> Iterator[datetime | None]:
    """When the page of the article next changes by the clock alone."""
    topics, pending = [topic.pk for topic in article.topics.all()], pending_after(after)
    if pending:
        values = {"topics": topics, "language": article.language, "key": article.translation_key}
        yield from _MOMENTS.row(len(topics), len(pending), pending=pending, after=after, **values)
    yield article.closing_after(after)


# --- what stands around every page -----------------------------------------------------------------------------------------------------

_PUBLICATION = CompiledForms(lambda: Publication.objects.filter(language=Given("language"))[:1])
_SOCIAL_LINKS = CompiledForms(lambda: SocialLink.objects.filter(publication=Given("publication")).values_list("url", "label"))
_MENU = CompiledForms(lambda: Topic.objects.values_list("slug", "name_en", "name_zh", named=True))
_PAGES = CompiledForms(lambda: Page.objects.filter(language=Given("language")).values_list("slug", "title"))


class Link(NamedTuple):
    url: str
    label: str
    slug: str = ""


def publication() -> Publication:
    """The publication in the active language; before an editor has described it, one with a name and no more."""
    language = Language.active()
    return _PUBLICATION.row(language=language) or Publication(language=language)


def social_links(of: Publication) -> tuple[Link, ...]:
    return tuple(Link(url, label) for url, label in _SOCIAL_LINKS.rows(publication=of.pk)) if of.pk else ()


def menu() -> tuple[Link, ...]:
    """All topics."""
    return tuple(Link(url_of("articles:topic", row.slug), in_language(row, "name"), row.slug) for row in _MENU.rows())


def footer_pages() -> tuple[Link, ...]:
    """Those of the active language."""
    language = Language.active()
    return tuple(Link(url_of("articles:page", slug, language=language), title) for slug, title in _PAGES.rows(language=language))
