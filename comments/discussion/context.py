"""Finds the article of a discussion, and builds the template context of its pages."""

from collections.abc import Callable

from django.db.models import prefetch_related_objects
from django.http import Http404
from django.utils import timezone, translation

from articles.former_slugs import find_moved
from articles.models import LONG_TEXTS, Article, ArticleQuerySet
from articles.slugs import slug_forms
from comments import discussion_status
from comments.discussion_status import DiscussionStatus
from comments.forms import limits_for
from comments.policy import discussion_page_number
from ictiger.core.languages import Language
from ictiger.core.prepared import PreparedQuery

from . import sorting
from . import threads as thread_queries


def find_article(slug: str, *, with_authors: bool = True) -> Article:
    """The public article of the active language with this slug, now or formerly. Raises Http404.

    The authors are loaded unless `with_authors` is false, because their comments are marked. The text is not
    loaded.
    """
    params = {"language": Language.active(), "slug": slug, "now": timezone.now()}
    article = _by_slug.row(**params) or _by_old_slug.row(**params) or _by_other_form(**params)
    if article is None:
        raise Http404
    if with_authors:
        prefetch_related_objects([article], "bylines__author")
    return article


def _by_other_form(language, slug, now) -> Article | None:
    """The article whose slug, or one it had before, is another Unicode form of this one."""
    if len(slug_forms(slug)) == 1:
        return None
    return find_moved(_public_articles(language, now), slug, language=language)


def _public_articles(language, now) -> ArticleQuerySet:
    return Article.objects.public(language, now=now).defer(*LONG_TEXTS).order_by()


_by_slug = PreparedQuery(
    lambda language, slug, now: _public_articles(language, now).filter(slug=slug), server_side=True
)
_by_old_slug = PreparedQuery(
    lambda language, slug, now: _public_articles(language, now).filter(
        old_slugs__slug=slug, old_slugs__language=language
    )
)


def discussion_context(article: Article, number: int | None = None) -> dict:
    """Context of `comments/_discussion.html`: the newest threads, or those of page `number`.

    Raises Http404 when there is no such page. Pages of older threads show no count, because each comment
    would change them all.
    """
    status = discussion_status.discussion_status(article)
    renderer = thread_queries.CommentRenderer(article, status)
    page_count = discussion_page_number(status.threads) if status.threads else 0
    if number is None:
        page = thread_queries.newest_threads(article, renderer) if page_count else thread_queries.Threads([])
    elif 1 <= number <= page_count:
        page = thread_queries.threads_on_page(article, number, renderer)
    else:
        raise Http404
    sort_links = sorting.sort_links(article, sorting.CANONICAL) if status.threads > 1 else None
    return base_context(article, status) | {
        "count": None if number else status.comments,
        "page": page,
        "number": number,
        "newer": number + 1 if number and number < page_count else None,
        "sort_links": sort_links,
    }


def base_context(article: Article, status: DiscussionStatus) -> dict:
    """The context that every page of a discussion needs."""
    return {"article": article, "status": status, "limits": limits_for(reply=False)}


def translated_urls(article: Article, page_url: Callable[[Article], str]) -> dict[str, str]:
    """`page_url` of the article and its translation, by language: both show the same discussion."""
    urls = {}
    for version in Article.objects.public().filter(translation_key=article.translation_key):
        with translation.override(version.language):
            urls[version.language] = page_url(version)
    return urls
