"""Marks a view as public: its page is the same bytes for every reader."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from . import http_caches
from .guard import reading_only
from .redirects import with_query


class PersonalPublicPage(RuntimeError):
    """A public page tried to set a cookie or to vary by reader."""


def anonymize_request(request: HttpRequest) -> None:
    """Remove user, cookies and query from the request, so that its page cannot depend on the reader."""
    request.public_page = True  # type: ignore[attr-defined]  # read by middleware
    request.user = AnonymousUser()
    request.COOKIES = {}
    request.GET = QueryDict()
    # Django would send a new CSRF cookie to a browser with a broken one. The browser gets it with its next
    # form.
    request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False


def is_cacheable_upstream(response: HttpResponse) -> bool:
    """Whether HTTP caches may store the page: without a page store of ours, and outside development."""
    return settings.PAGE_STORE == "off" and not settings.DEBUG and response.status_code == 200


def public_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view as public: it sees an anonymous request without cookies or query.

    So its page depends on its path alone and may be stored. What is personal is fetched from `/me/…`
    afterwards. The view may not write. `request.asked_at` is a time before its first query, for
    `set_expiry()`. A redirect keeps the request's query. Raises PersonalPublicPage for a response with a
    cookie or `Vary`.

    The page store reads the marks: `view.public_page` and `response.public_page`.
    """

    @wraps(view)
    @require_safe
    def public_view(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        anonymize_request(request)
        request.asked_at = timezone.now()  # type: ignore[attr-defined]
        with reading_only():
            response = view(request, *args, **kwargs)
        if response.cookies or response.has_header("Vary"):
            raise PersonalPublicPage(f"{request.path} set a cookie or Vary")
        response.headers["Cache-Control"] = "no-cache"
        response.public_page = True  # type: ignore[attr-defined]
        if response.has_header("Location"):
            query = request.META.get("QUERY_STRING", "")
            response.headers["Location"] = with_query(response.headers["Location"], query)
        return (
            http_caches.set_cache_headers(request, response) if is_cacheable_upstream(response) else response
        )

    public_view.public_page = True  # type: ignore[attr-defined]
    return public_view
