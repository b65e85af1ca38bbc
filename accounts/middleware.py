"""Middleware that keeps the hint cookie up to date, and personal responses out of caches.

The hint cookie tells the script of a stored page whether `/me/…` has anything for this browser, and how much
room to reserve for it.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from accounts.verification import typos

from .hooks import personal_content_cookies
from .reader_tag import reader_tag

# member | unverified | mistyped | guest. JavaScript reads it; the server never trusts it.
HINT_COOKIE = "reader"
# The reader's tag (reader_tag.py): a script that finds another one than its page was filled for takes out
# what is personal.
TAG_COOKIE = "reader_tag"


class PersonalCacheControlMiddleware:
    """Forbid storing any personal response that does not say itself how it may be stored: allauth's pages on
    addresses, sessions and second factors say nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_personal = not getattr(request, "public_page", False) and request.session.accessed
        if is_personal and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response


class HintCookieMiddleware:
    """Set, change or delete the hint cookie.

    Only a personal response may set it: never a public page, nor a response that used no session (health,
    sitemap).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "public_page", False) or not _is_personal(request, response):
            return response
        self._set(request, response, HINT_COOKIE, hint_value(request, response))
        user = getattr(request, "user", None)
        self._set(request, response, TAG_COOKIE, reader_tag(user) if user else "")
        return response

    def _set(self, request: HttpRequest, response: HttpResponse, name: str, value: str) -> None:
        """Set the cookie for as long as the session lives, or delete it for "". An outdated hint costs one
        fetch, whose response deletes it.
        """
        if not value:
            if name in request.COOKIES:
                response.delete_cookie(name, samesite="Lax")
        elif request.COOKIES.get(name) != value or request.session.modified:
            max_age = None if request.session.get_expire_at_browser_close() else settings.SESSION_COOKIE_AGE
            response.set_cookie(
                name, value, max_age=max_age, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
            )


def _is_personal(request: HttpRequest, response: HttpResponse) -> bool:
    return request.session.accessed or any(name in response.cookies for name in personal_content_cookies)


def hint_value(request: HttpRequest, response: HttpResponse) -> str:
    """What `/me/…` has for this browser: "member", "guest" or "" (nothing); with a banner "unverified", or
    "mistyped" where the banner also suggests another address.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        has_content = any(_will_send_cookie(request, response, name) for name in personal_content_cookies)
        return "guest" if has_content else ""
    is_verified = user.has_verified_address if hasattr(user, "has_verified_address") else user.is_verified
    if is_verified:
        return "member"
    return "mistyped" if typos.suggestion(user.email) else "unverified"


def _will_send_cookie(request: HttpRequest, response: HttpResponse, name: str) -> bool:
    """Whether the browser sends the cookie next time: this response sets it, or the request had it and this
    response does not delete it.
    """
    if name in response.cookies:
        return bool(response.cookies[name].value)
    return name in request.COOKIES
