from collections.abc import Callable

from django.db.models import prefetch_related_objects
from django.http import Http404
from django.utils import timezone, translation

from articles.models import LONG_TEXTS, Article, ArticleQuerySet
from comments import discussion_status
from comments.discussion_status import DiscussionStatus
from comments.forms import limits_for
from comments.policy import discussion_page_number
from ictiger.core.languages import Language
from ictiger.core.prepared import PreparedQuery

from . import sorting
from . import threads as thread_queries


def find_article(slug: str, *, with_authors: bool = True) -> Article:
    """The public article of the active language, under its present slug or one that it had. Raises Http404.

    Its authors are needed where comments are shown: theirs are marked. Its text is not needed anywhere here.
    """
    asked = {"language": Language.active(), "slug": slug, "now": timezone.now()}
    article = _by_slug.row(**asked) or _by_old_slug.row(**asked)
    if article is None:
        raise Http404
    if with_authors:
        prefetch_related_objects([article], "bylines__author")
    return article


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
    """What `comments/_discussion.html` shows: the newest threads, or those of page `number`. Raises Http404 for a page that is none."""
    now = discussion_status.discussion_status(article)
    threads, markup = now.threads, thread_queries.CommentRenderer(article, now)
    if number is None:
        page = thread_queries.newest_threads(article, markup) if threads else thread_queries.Threads([])
    elif threads and 1 <= number <= discussion_page_number(threads):
        page = thread_queries.threads_on_page(article, number, markup)
    else:
        raise Http404
    return base_context(article, now) | {
        "count": None
        if number
        else now.comments,  # not on the pages of older threads: each comment would change them all
        "page": page,
        "number": number,
        "newer": number + 1 if number and number < discussion_page_number(threads) else None,
        "views": sorting.order_choices(article, sorting.CANONICAL) if threads > 1 else None,
    }


def base_context(article: Article, now: DiscussionStatus) -> dict:
    """What stands around the threads on whatever page of the discussion."""
    return {"article": article, "now": now, "limits": limits_for(reply=False)}


def translated_urls(article: Article, url_of: Callable[[Article], str]) -> dict[str, str]:
    """The addresses of the same page under the article and under its translation: they share the discussion."""
    urls = {}
    for version in Article.objects.public().filter(translation_key=article.translation_key):
        with translation.override(version.language):
            urls[version.language] = url_of(version)
    return urls
