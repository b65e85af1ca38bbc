"""Marks a view's page as public: the same bytes for every reader."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from . import http_caches
from .guard import reading_only


class PersonalPublicPage(RuntimeError):
    """A public page tried to set a cookie or to vary by reader."""


def anonymize_request(request: HttpRequest) -> None:
    """Make the request a stranger's, without cookies or query: what is rendered for it cannot show who asked."""
    request.public_page = True
    request.user = AnonymousUser()
    request.COOKIES = {}
    request.GET = QueryDict()
    # A browser that sent a broken token is given a new one, whatever it asked for; it gets that with its next form.
    request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False


def is_cacheable_upstream(response: HttpResponse) -> bool:
    """Whether a cache in front may keep the page: without a store of our own, and where templates do not change under the reader."""
    return settings.PAGE_STORE == "off" and not settings.DEBUG and response.status_code == 200


def public_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The decorated view sees a stranger without cookies or query, whoever asks.

    What the view cannot see it cannot show: the page is a function of its path alone and may be stored. What is personal comes by
    `/me/…` afterwards. It writes nothing. `request.asked_at` is a time before its first query, for `lives_until()`.

    The view only bears the mark, for the page store to read: `view.public_page` and `response.public_page`.
    """

    @wraps(view)
    @require_safe
    def public_view(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        anonymize_request(request)
        request.asked_at = timezone.now()
        with reading_only():
            response = view(request, *args, **kwargs)
        if response.cookies or response.has_header("Vary"):
            raise PersonalPublicPage(f"{request.path} set a cookie or Vary")
        response.headers["Cache-Control"] = "no-cache"
        response.public_page = True
        return (
            http_caches.set_cache_headers(request, response) if is_cacheable_upstream(response) else response
        )

    public_view.public_page = True
    return public_view
