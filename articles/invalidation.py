"""Which public paths the models of this app show on.

Wide where that is simple and rare (a name in every menu changes the whole site), narrow where it is frequent
(an article).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.utils import timezone

from ictiger.core.languages import Language
from ictiger.core.prepared import Param, PreparedQuery
from ictiger.pagecache.invalidation import WHOLE_SITE, invalidates

from .images.uses import articles_showing, pages_showing
from .links import article_url, decoded_path
from .models import (
    Article,
    ArticleTopic,
    Author,
    Byline,
    FormerSlug,
    Image,
    Page,
    Publication,
    SlugRedirect,
    SocialLink,
    Status,
    Topic,
)
from .queries import RELATED


@invalidates(Article)
def paths_of_article(article: Article) -> Iterator[str]:
    """The article's page and all below it, lists, feeds, translations, and pages that may name it as related.

    A scheduled article counts as well: pages that will show it must be given an expiry date. Asks two
    queries, however many topics and authors there are: each write computes these paths three times.
    """
    if article.status != Status.PUBLISHED:
        return
    yield decoded_path(article.get_absolute_url()) + "**"
    yield "/sitemap.xml"
    yield from _list_paths(article.language)
    listings = _listings_of(article)
    for slug in listings.topics.values():
        yield _subtree_path("topic", slug, article.language)
    for slug in listings.authors:
        yield from _author_pages(slug)
    for language, slug in _articles_naming(article, [*listings.topics]):
        yield decoded_path(article_url("article", slug, language=language))


@invalidates(Byline)
def paths_of_byline(byline: Byline) -> Iterator[str]:
    yield from paths_of_article(byline.article)
    if byline.article.status == Status.PUBLISHED:
        yield from _author_pages(byline.author.slug)


@invalidates(ArticleTopic)
def paths_of_article_topic(link: ArticleTopic) -> Iterator[str]:
    yield from paths_of_article(link.article)
    if link.article.status == Status.PUBLISHED:
        yield _subtree_path("topic", link.topic.slug, link.article.language)


@invalidates(Author)
def paths_of_author(author: Author) -> Iterator[str]:
    """The name stands on articles, in lists and beside comments. An author without articles shows nowhere."""
    if author.bylines.exists():
        yield WHOLE_SITE


@invalidates(Image)
def paths_of_image(image: Image) -> Iterator[str]:
    """Everything that shows an article with this cover or with this picture in its text, and such pages."""
    for article in articles_showing(image):
        yield from paths_of_article(article)
    for page in pages_showing(image):
        yield decoded_path(page.get_absolute_url())


@invalidates(SlugRedirect)
def paths_of_redirect(redirect: SlugRedirect) -> Iterator[str]:
    yield decoded_path(article_url("article", redirect.slug, language=redirect.language))


@invalidates(FormerSlug)
def paths_of_former_slug(former: FormerSlug) -> Iterator[str]:
    """The pages at the old address. Of a page, that is one path."""
    if former.page_id:
        yield decoded_path(article_url("page", former.slug, language=former.language))
        return
    for language in Language.values:
        yield _subtree_path("topic" if former.topic_id else "author", former.slug, language)


@invalidates(Topic, Page, Publication, SocialLink)
def paths_of_site_frame(instance: Topic | Page | Publication | SocialLink) -> Iterator[str]:
    """These stand in the menu, the head or the foot of every page."""
    yield WHOLE_SITE


def _list_paths(language: str) -> Iterator[str]:
    home = decoded_path(article_url("home", language=language))
    yield home
    yield f"{home}page/**"
    for each in Language.values:  # an archive links to the same month in the other language
        yield f"{decoded_path(article_url('home', language=each))}archive/**"
    yield decoded_path(article_url("feed", language=language))


def _author_pages(slug: str) -> Iterator[str]:
    """The author's pages in both languages: both exist as soon as there is an article in either."""
    for language in Language.values:
        yield _subtree_path("author", slug, language)


def _subtree_path(name: str, slug: str, language: str) -> str:
    return decoded_path(article_url(name, slug, language=language)) + "**"


class _Listings(NamedTuple):
    topics: dict[int, str]  # slug by primary key
    authors: list[str]  # slugs


def _listings_of(article: Article) -> _Listings:
    """The article's topics and authors, in one query."""
    listings = _Listings({}, [])
    for kind, pk, slug in _LISTINGS.rows(article=article.pk):
        if kind == "topic":
            listings.topics[pk] = slug
        else:
            listings.authors.append(slug)
    return listings


def _listings(article: Param) -> QuerySet:
    topics = Topic.objects.filter(articles=article).order_by()
    authors = Author.objects.filter(articles=article).order_by()
    return topics.values_list(Value("topic"), "pk", "slug").union(
        authors.values_list(Value("author"), "pk", "slug")
    )


_LISTINGS = PreparedQuery(_listings, server_side=True)


def _articles_naming(article: Article, topics: list[int]) -> list[Any]:
    """Language and slug of the translations, and of the articles whose page may name this one as related.

    `queries.related_articles` names it on the next newer articles of each topic, and on the topic's first
    ones.
    """
    return _NAMING.rows(
        len(topics),
        key=article.translation_key,
        language=article.language,
        article=article.pk,
        publish_at=article.publish_at,
        now=timezone.now(),
        **{f"topic{number}": topic for number, topic in enumerate(topics)},
    )


def _naming(topics: int) -> QuerySet:
    pk, publish_at = Param("article"), Param("publish_at")
    is_newer = Q(publish_at__gt=publish_at) | Q(publish_at=publish_at, pk__gt=pk)
    selections = [Q(translation_key=Param("key")) & ~Q(pk=pk)]
    for number in range(topics):
        # EXISTS, so that both walk along the index of public articles until they have enough; a join would
        # read and sort all articles of the topic.
        link = ArticleTopic.objects.filter(article=OuterRef("pk"), topic=Param(f"topic{number}"))
        others = Article.objects.public(Param("language"), Param("now")).filter(Exists(link)).exclude(pk=pk)
        oldest_first = others.order_by("publish_at", "pk").values("pk")
        selections.append(Q(pk__in=oldest_first.filter(is_newer, publish_at__gte=publish_at)[:RELATED]))
        selections.append(Q(pk__in=oldest_first[:RELATED]))
    # A UNION, since no index serves the conditions joined by OR.
    first, *others = (
        Article.objects.filter(selection).order_by().values_list("language", "slug")
        for selection in selections
    )
    return first.union(*others)


_NAMING = PreparedQuery(_naming)
