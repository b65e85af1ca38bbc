"""The public pages.

They depend on their path alone and are cached; search and preview run for each request.
"""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ictiger.core.languages import Language
from ictiger.core.site_url import site_url
from ictiger.core.text import strip_unstorable
from ictiger.pagecache.decorators import public_page
from ictiger.pagecache.expiry import set_expiry
from ictiger.pagecache.redirects import with_query

from . import preview_links, queries
from .archive import Period, archive_years, periods_with_articles
from .former_slugs import find_moved, redirect_moved, redirect_to_slug
from .hooks import personal_fragment_url
from .links import (
    article_url,
    canonical_links,
    language_switch_link,
    other_language,
    page_links,
    translation_urls,
    urls_per_language,
)
from .markdown import Notice
from .models import LONG_TEXTS, Article, Author, Page, Status, Topic
from .notice_list import notice_list
from .pagination import PAGE_SIZE, KeyPaginator, ListPaginator, page_or_404
from .search import MAX_QUERY, MAX_RESULTS, search_ids, terms_of
from .services import preview_article


@public_page
def home(request: HttpRequest, number: str | None = None) -> HttpResponse:
    scope = Article.objects.filter(language=Language.active())
    articles = scope.public().for_lists()
    lead = articles.filter(featured=True).first() or articles.first()
    others = articles.exclude(pk=lead.pk) if lead else articles
    context = {
        "lead": lead if number is None else None,
        "feed_url": article_url("feed"),
        **page_links(urls_per_language("home")),
    }
    response = _article_list(
        request, "articles/article_list.html", others, number, article_url("home"), context
    )
    return set_expiry(response, *scope.next_visibility_changes(request.asked_at))


@public_page
def topic(request: HttpRequest, slug: str, number: str | None = None) -> HttpResponse:
    topic = Topic.objects.filter(slug=slug).first()
    if topic is None:
        return redirect_moved(request, Topic.objects.all(), slug)
    scope = Article.objects.filter(language=Language.active(), topics=topic)
    context = {
        "topic": topic,
        "feed_url": article_url("topic_feed", slug),
        **page_links(urls_per_language("topic", slug)),
    }
    response = _article_list(
        request,
        "articles/topic_detail.html",
        scope.public().for_lists(),
        number,
        topic.get_absolute_url(),
        context,
    )
    return set_expiry(response, *scope.next_visibility_changes(request.asked_at))


@public_page
def author(request: HttpRequest, slug: str, number: str | None = None) -> HttpResponse:
    author = Author.objects.published().filter(slug=slug).first()
    if author is None:
        return redirect_moved(request, Author.objects.published(), slug)
    scope = Article.objects.filter(authors=author)  # in both languages: the page goes with the last of them
    articles = scope.public(Language.active()).for_lists()
    context = {
        "author": author,
        "feed_url": article_url("author_feed", slug),
        **page_links(urls_per_language("author", slug)),
    }
    response = _article_list(
        request, "articles/author_detail.html", articles, number, author.get_absolute_url(), context
    )
    return set_expiry(response, *scope.next_visibility_changes(request.asked_at))


@public_page
def archive(
    request: HttpRequest, year: int, month: int | None = None, number: str | None = None
) -> HttpResponse:
    articles, period = Article.objects.public(Language.active()), Period(year, month)
    years = archive_years(articles)
    if Period(year) not in years:
        raise Http404("nothing was published then")
    months = [Period(year, each) for each in range(1, 13)]
    periods = periods_with_articles([*reversed(years), *months], articles)
    if period not in periods:
        raise Http404("nothing was published then")
    list_url = article_url("archive_month", year, month) if month else article_url("archive_year", year)
    context = {
        "year": year,
        "month": month,
        "period": period.start.date(),
        "period_name": date_format(period.start.date(), "YEAR_MONTH_FORMAT" if month else "Y"),
        "months": [other.start for other in periods if other.month],
        "years": [other.start for other in periods if not other.month],
        "canonical_url": site_url(list_url),
        "other_language": language_switch_link(_archive_in_other_language(period)),
    }
    response = _article_list(
        request,
        "articles/article_archive.html",
        period.public_articles(Language.active()).for_lists(),
        number,
        list_url,
        context,
    )
    return set_expiry(response, *Article.objects.next_visibility_changes(request.asked_at))


def _archive_in_other_language(period: Period) -> str | None:
    """The URL of the same month or year in the other language, if anything was published in it."""
    language = other_language(Language.active())
    if not period.public_articles(language).exists():
        return None
    if period.month:
        return article_url("archive_month", period.year, period.month, language=language)
    return article_url("archive_year", period.year, language=language)


@public_page
def article(request: HttpRequest, slug: str) -> HttpResponse:
    article = queries.get_article(slug, Language.active())
    if article is None:
        return _missing_article(request, slug)
    translation, related = queries.translation_of(article), queries.related_articles(article)
    queries.attach_bylines([article, *related])
    context = {
        "article": article,
        "translation": translation,
        "related": related,
        "feed_url": article_url("feed"),
        "bar_src": personal_fragment_url(article),
        **page_links(translation_urls(article, translation)),
        **canonical_links(article, translation),
    }
    return set_expiry(
        render(request, "articles/article_detail.html", context),
        *queries.next_visibility_changes(article, request.asked_at),
    )


def _missing_article(request: HttpRequest, slug: str) -> HttpResponse:
    """Redirect from an old slug, or respond 410 after a take-down. Raises Http404 for any other slug."""
    language = Language.active()
    read = Article.objects.filter(language=language, status=Status.PUBLISHED, publish_at__lte=timezone.now())
    moved = find_moved(read.defer(*LONG_TEXTS), slug, language=language)
    if moved is not None and moved.slug != slug:  # its own, when it was taken down
        return redirect_to_slug(request, moved.slug)
    if Article.objects.expired(language).filter(slug=slug).exists():
        return render(request, "410.html", status=410)
    raise Http404("no public article has this address")


@public_page
def page(request: HttpRequest, slug: str) -> HttpResponse:
    pages = Page.objects.filter(language=Language.active())
    page = pages.filter(slug=slug).first()
    if page is None:
        return redirect_moved(request, pages, slug)
    translation = Page.objects.filter(translation_key=page.translation_key).exclude(pk=page.pk).first()
    return render(
        request,
        "articles/page_detail.html",
        {"page": page, **page_links(translation_urls(page, translation))},
    )


@never_cache
@require_safe
def search(request: HttpRequest, number: str | None = None) -> HttpResponse:
    query = strip_unstorable(request.GET.get("q", "")).strip()
    context = {
        "query": query[:MAX_QUERY],
        "message": _search_error(query),
        "page_obj": None,
        "total": 0,
        "most": MAX_RESULTS,
        "more": False,
        **page_links(urls_per_language("search")),
    }
    if not query or context["message"]:
        response = render(request, "articles/article_search.html", context)
    else:
        keys, context["more"] = search_ids(query, language=Language.active())
        context["list_query"] = "?" + urlencode({"q": query})
        context["other_language"] = language_switch_link(
            article_url("search", language=other_language(Language.active())) + context["list_query"]
        )
        response = _article_list(
            request,
            "articles/article_search.html",
            KeyPaginator(keys, PAGE_SIZE),
            number,
            article_url("search"),
            context,
        )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _search_error(query: str) -> str:
    if len(query) > MAX_QUERY:
        return _("A search may have at most %(limit)s characters. Use fewer words.") % {"limit": MAX_QUERY}
    if query and not terms_of(query):
        return _("There is no word to search for. Type letters or Chinese characters.")
    return ""


@never_cache
@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """A draft, for anyone with the signed link.

    Not cached, not indexed, and its URL is not sent as a referrer.
    """
    draft = preview_links.draft_for_token(token)
    if draft is None:
        raise Http404("no such preview, or no longer")
    if draft.article.language != Language.active():
        location = preview_links.preview_url(draft.article)
        return redirect(with_query(location, request.META.get("QUERY_STRING", "")))
    notices: list[Notice] = []
    article = preview_article(draft, notices=notices)
    context = {"article": article, "draft": draft, "notices": notice_list(notices)}
    response = render(request, "articles/article_preview.html", context)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _article_list(
    request: HttpRequest,
    template: str,
    articles: QuerySet | Paginator,
    number: str | None,
    list_url: str,
    context: dict[str, object],
) -> HttpResponse:
    """One page of a list.

    Page 1 is the list itself: `page/1/` and numbers with leading zeros are redirected.
    """
    if number is not None and (number.startswith("0") or number == "1"):
        return _redirect_to_page(request, int(number), list_url)
    paginator = articles if isinstance(articles, Paginator) else ListPaginator(articles, PAGE_SIZE)
    page_obj = page_or_404(paginator, int(number or 1))
    context |= {"page_obj": page_obj, "list_url": list_url, "total": page_obj.paginator.count}
    if page_obj.number > 1:
        context |= {
            "canonical_url": site_url(f"{list_url}page/{page_obj.number}/"),
            "alternates": [],
        }
    return render(request, template, context)


def _redirect_to_page(request: HttpRequest, number: int, list_url: str) -> HttpResponsePermanentRedirect:
    if number == 0:
        raise Http404("pages are counted from 1")
    location = list_url if number == 1 else f"{list_url}page/{number}/"
    return redirect(with_query(location, request.META.get("QUERY_STRING", "")), permanent=True)
