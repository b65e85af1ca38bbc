"""The discussion in another order or language: made for each request, for no search engine to keep."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from articles.links import switch_to
from articles.models import Article
from ictiger.languages import Language

from . import arranging, openness, own, reading
from .arranging import CANONICAL, Arrangement
from .views import find_article, frame, in_each_language


@require_safe
@cache_control(private=True, no_store=True)
def arranged(request: HttpRequest, slug: str) -> HttpResponse:
    """What `?language=` and `?order=` ask for. The canonical order has its stored pages, and only those."""
    article, arrangement = find_article(slug), arranging.asked_for(request.GET)
    if arrangement == CANONICAL:
        return redirect(arrangement.url(article))
    now = openness.now(article)
    page = arranging.page_of_arrangement(article, arrangement, request.GET.get("page", ""), reading.CommentMarkup(article, now))
    context = frame(article, now) | own.of_discussion(request, article.pk)
    context |= {"page": page, "views": arranging.choices(article, arrangement), "heading": _heading(arrangement)}
    context["newer_url"] = arrangement.url(article, page.number - 1) if page.number > 1 else ""
    context["older_url"] = arrangement.url(article, page.number + 1) if page.has_more else ""
    context["other_language"] = switch_to(_in_the_other_language(article, arrangement))
    response = render(request, "comments/discussion_arranged.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def _in_the_other_language(article: Article, arrangement: Arrangement) -> str | None:
    urls = in_each_language(article, arrangement.url)
    return next((url for language, url in urls.items() if language != Language.active()), None)


def _heading(arrangement: Arrangement) -> str:
    """What the page shows, in words."""
    if not arrangement.language:
        return ""
    return _("Threads that begin in %(language)s, with all of their replies.") % {"language": Language(arrangement.language).label}
