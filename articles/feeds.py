"""Atom feeds with the full text, one for each language, topic and author."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.utils.xmlutils import SimplerXMLGenerator

from ictiger.core.languages import Language
from ictiger.core.site_url import site_url
from ictiger.core.text import strip_unstorable
from ictiger.pagecache.decorators import public_page
from ictiger.pagecache.expiry import set_expiry

from . import queries
from .feed_html import with_absolute_urls
from .former_slugs import redirect_moved
from .images import plain_pictures
from .links import article_url
from .models import Article, ArticleQuerySet, Author, Publication, Topic

FEED_LENGTH = 20  # articles in a feed
# The date of a feed without articles: a fixed one, since a feed must be the same bytes until something
# changes.
EMPTY_FEED_DATE = datetime(1970, 1, 1, tzinfo=UTC)


@public_page
def home_feed(request: HttpRequest) -> HttpResponse:
    publication = queries.publication()
    return _build_feed(
        request,
        publication,
        publication.name,
        publication.tagline,
        article_url("home"),
        Article.objects.all(),
    )


@public_page
def topic_feed(request: HttpRequest, slug: str) -> HttpResponse:
    topic = Topic.objects.filter(slug=slug).first()
    if topic is None:
        return redirect_moved(request, Topic.objects.all(), slug)
    publication = queries.publication()
    title = f"{publication.name} · {topic.name}"
    return _build_feed(
        request,
        publication,
        title,
        topic.description,
        topic.get_absolute_url(),
        Article.objects.filter(topics=topic),
    )


@public_page
def author_feed(request: HttpRequest, slug: str) -> HttpResponse:
    author = Author.objects.published().filter(slug=slug).first()
    if author is None:
        return redirect_moved(request, Author.objects.published(), slug)
    publication = queries.publication()
    title = f"{publication.name} · {author.name}"
    return _build_feed(
        request,
        publication,
        title,
        author.bio,
        author.get_absolute_url(),
        Article.objects.filter(authors=author),
    )


def _build_feed(
    request: HttpRequest,
    publication: Publication,
    title: str,
    subtitle: str,
    link: str,
    articles: ArticleQuerySet,
) -> HttpResponse:
    feed = AtomFeed(
        title=strip_unstorable(title),
        link=site_url(link),
        description="",
        subtitle=strip_unstorable(subtitle),
        author_name=strip_unstorable(publication.name),  # of articles without a byline
        language=Language.active().value,
        feed_url=site_url(f"{link}feed/"),
        feed_guid=site_url(link),
    )
    newest = articles.public(Language.active()).for_reading().prefetch_related(None)
    entries = list(newest.order_by("-publish_at", "-pk")[:FEED_LENGTH])
    queries.attach_topics(entries)
    queries.attach_bylines(entries)
    texts = plain_pictures(article.body_html for article in entries)
    for article, text in zip(entries, texts, strict=True):
        _add_article(feed, article, text)
    response = HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
    return set_expiry(response, *articles.next_visibility_changes(request.asked_at))


def _add_article(feed: "AtomFeed", article: Article, text: str) -> None:
    url = site_url(article.get_absolute_url())
    feed.add_item(
        title=strip_unstorable(article.title),
        link=url,
        description=escape(strip_unstorable(article.summary)),  # Django declares it as HTML
        content=strip_unstorable(with_absolute_urls(text, url)),
        unique_id=stable_id(article),
        pubdate=article.publish_at,
        updateddate=article.updated_at or article.publish_at,
        authors=[
            (strip_unstorable(byline.author.name), site_url(byline.author.get_absolute_url()))
            for byline in article.bylines.all()
        ],
        categories=[strip_unstorable(topic.name) for topic in article.topics.all()],
    )


def stable_id(article: Article) -> str:
    """The Atom id of the article (RFC 4287, 4.2.6). It survives a new slug and a new domain."""
    return uuid.uuid5(article.translation_key, article.language).urn


class AtomFeed(Atom1Feed):
    """Django's Atom feed, with the full text and all authors of an entry."""

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=EMPTY_FEED_DATE)

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, object]) -> None:
        super().add_item_elements(handler, item)
        _write_authors(handler, item["authors"])
        handler.addQuickElement("content", item["content"], {"type": "html"})


def _write_authors(handler: SimplerXMLGenerator, authors: Iterable[tuple[str, str]]) -> None:
    for name, uri in authors:
        handler.startElement("author", {})
        handler.addQuickElement("name", name)
        if uri:
            handler.addQuickElement("uri", uri)
        handler.endElement("author")
