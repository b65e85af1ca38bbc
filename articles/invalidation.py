"""Which public paths the things of this app show on.

Wide where that is simple and rare (a name in every menu changes the whole site), narrow where it is frequent (an article).
"""

from collections.abc import Iterator

from django.db.models import Q

from ictiger.core.languages import Language
from ictiger.pagecache.invalidation import WHOLE_SITE, invalidates

from .links import article_url, decoded_path
from .models import (
    Article,
    ArticleTopic,
    Author,
    Byline,
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
    """Its page with what is below it, every list and feed that may name it, its translation, and the pages that it may be related to.

    A scheduled article counts: pages that will show it must learn until when they are good.
    """
    if article.status != Status.PUBLISHED:
        return
    yield decoded_path(article.get_absolute_url()) + "**"
    yield "/sitemap.xml"
    yield from _list_paths(article.language)
    for topic in article.topics.all():
        yield _subtree_path("topic", topic.slug, article.language)
        yield from _may_relate(article, topic)
    for author in article.authors.all():
        yield from _author_pages(author)
    for version in Article.objects.filter(translation_key=article.translation_key).exclude(pk=article.pk):
        yield decoded_path(version.get_absolute_url())


@invalidates(Byline)
def paths_of_byline(byline: Byline) -> Iterator[str]:
    yield from paths_of_article(byline.article)
    if byline.article.status == Status.PUBLISHED:
        yield from _author_pages(byline.author)


@invalidates(ArticleTopic)
def paths_of_article_topic(link: ArticleTopic) -> Iterator[str]:
    yield from paths_of_article(link.article)
    if link.article.status == Status.PUBLISHED:
        yield _subtree_path("topic", link.topic.slug, link.article.language)


@invalidates(Author)
def paths_of_author(author: Author) -> Iterator[str]:
    """The name stands on articles, in lists and beside comments. An author of nothing shows nowhere."""
    if author.bylines.exists():
        yield WHOLE_SITE


@invalidates(Image)
def paths_of_image(image: Image) -> Iterator[str]:
    """Wherever an article is shown that has it as its cover. In a text only its address stands, which does not change."""
    for article in Article.objects.filter(cover=image):
        yield from paths_of_article(article)


@invalidates(SlugRedirect)
def paths_of_redirect(old: SlugRedirect) -> Iterator[str]:
    yield decoded_path(article_url("article", old.slug, language=old.language))


@invalidates(Topic, Page, Publication, SocialLink)
def paths_of_site_frame(thing: Topic | Page | Publication | SocialLink) -> Iterator[str]:
    """These stand in the menu, the head or the foot of every page."""
    yield WHOLE_SITE


def _list_paths(language: str) -> Iterator[str]:
    home = decoded_path(article_url("home", language=language))
    yield home
    yield f"{home}page/**"
    for each in Language.values:  # an archive leads to the same month in the other language
        yield f"{decoded_path(article_url('home', language=each))}archive/**"
    yield decoded_path(article_url("feed", language=language))


def _author_pages(author: Author) -> Iterator[str]:
    """In both languages: the page exists in each as soon as there is an article in either."""
    for language in Language.values:
        yield _subtree_path("author", author.slug, language)


def _subtree_path(name: str, slug: str, language: str) -> str:
    return decoded_path(article_url(name, slug, language=language)) + "**"


def _may_relate(article: Article, topic: Topic) -> Iterator[str]:
    """The pages on which `Article.objects.beside` may name this article: the next newer ones of the topic, and its first ones."""
    others = (
        Article.objects.public(article.language)
        .filter(topics=topic)
        .exclude(pk=article.pk)
        .order_by("publish_at", "pk")
    )
    is_newer = Q(publish_at__gt=article.publish_at) | Q(
        publish_at=article.publish_at, pk__gt=article.pk
    )  # the order that `beside` has
    for other in [*others.filter(is_newer)[:RELATED], *others[:RELATED]]:
        yield decoded_path(other.get_absolute_url())
