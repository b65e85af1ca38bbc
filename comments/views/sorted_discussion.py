"""The discussion in another order or language: made for each request, for no search engine to keep."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from articles.links import language_switch_link
from articles.models import Article
from comments import discussion_status
from comments.discussion import personal, sorting, threads
from comments.discussion.context import base_context, find_article, translated_urls
from comments.discussion.sorting import CANONICAL, SortOrder
from ictiger.core.languages import Language


@require_safe
@cache_control(private=True, no_store=True)
def sorted_discussion(request: HttpRequest, slug: str) -> HttpResponse:
    """What `?language=` and `?order=` ask for. The canonical order has its stored pages, and only those."""
    article, arrangement = find_article(slug), sorting.requested_order(request.GET)
    if arrangement == CANONICAL:
        return redirect(arrangement.url(article))
    now = discussion_status.discussion_status(article)
    page = sorting.sorted_page(
        article, arrangement, request.GET.get("page", ""), threads.CommentRenderer(article, now)
    )
    context = base_context(article, now) | personal.personal_context(request, article.pk)
    context |= {
        "page": page,
        "views": sorting.order_choices(article, arrangement),
        "heading": _heading(arrangement),
    }
    context["newer_url"] = arrangement.url(article, page.number - 1) if page.number > 1 else ""
    context["older_url"] = arrangement.url(article, page.number + 1) if page.has_more else ""
    context["other_language"] = language_switch_link(_other_language_url(article, arrangement))
    response = render(request, "comments/discussion_arranged.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def _other_language_url(article: Article, arrangement: SortOrder) -> str | None:
    urls = translated_urls(article, arrangement.url)
    return next((url for language, url in urls.items() if language != Language.active()), None)


def _heading(arrangement: SortOrder) -> str:
    """What the page shows, in words."""
    if not arrangement.language:
        return ""
    return _("Threads that begin in %(language)s, with all of their replies.") % {
        "language": Language(arrangement.language).label
    }
