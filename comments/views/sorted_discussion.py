"""The discussion in another order or one language: rendered for each request, not for search engines."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.links import language_switch_link
from articles.models import Article
from comments import discussion_status
from comments.discussion import personal, sorting, threads
from comments.discussion.context import base_context, find_article, translated_urls
from comments.discussion.sorting import CANONICAL, SortOrder
from ictiger.core.http import no_store
from ictiger.core.languages import Language


@require_safe
@no_store
def sorted_discussion(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the threads that `?language=` and `?order=` select.

    The canonical order redirects to its stored pages.
    """
    article, sort_order = find_article(slug), sorting.requested_order(request.GET)
    if sort_order == CANONICAL:
        return redirect(sort_order.url(article))
    status = discussion_status.discussion_status(article)
    renderer = threads.CommentRenderer(article, status)
    page = sorting.sorted_page(article, sort_order, request.GET.get("page", ""), renderer)
    context = base_context(article, status) | personal.personal_context(request, article.pk)
    context |= {
        "page": page,
        "sort_links": sorting.sort_links(article, sort_order),
        "heading": _heading(sort_order),
        "newer_url": sort_order.url(article, page.number - 1) if page.number > 1 else "",
        "older_url": sort_order.url(article, page.number + 1) if page.has_more else "",
        "other_language": language_switch_link(_other_language_url(article, sort_order)),
    }
    response = render(request, "comments/sorted_discussion.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def _other_language_url(article: Article, sort_order: SortOrder) -> str | None:
    urls = translated_urls(article, sort_order.url)
    return next((url for language, url in urls.items() if language != Language.active()), None)


def _heading(sort_order: SortOrder) -> str:
    """Says which language is shown; "" when both are."""
    if not sort_order.language:
        return ""
    return _("Threads that begin in %(language)s, with all of their replies.") % {
        "language": Language(sort_order.language).label
    }
