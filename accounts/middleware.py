"""Who asks; and the hint cookie, which tells the script of a stored page whether there is anything personal to fetch, and what room to
keep for it.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.verification import typos

from .backends import preloaded_user
from .models import User

HINT_COOKIE = "reader"  # member | unverified | mistyped | guest; readable by JavaScript, believed by nobody on the server
DRAFT_HINT = "waiting"  # the cookie under which a stranger's comment waits (set by comments)
MESSAGE_HINT = "messages"  # Django's cookie of messages not shown yet


class SessionUserMiddleware(AuthenticationMiddleware):
    """Django's `request.user`, in one query with the session where the session has not been read yet, as in nearly every request."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _load_user(request))


def _load_user(request: HttpRequest) -> User | AnonymousUser:
    """Whoever the session says, by Django's own rules: signed data, the hash of the password, an active account."""
    if not hasattr(request, "_cached_user"):  # where Django keeps it
        with preloaded_user(request.session.load_with_reader()):
            request._cached_user = get_user(request)
    return request._cached_user


class HintCookieMiddleware:
    """Keep the hint cookie true.

    Only an answer made for its reader may set it: never a public page, nor one that asked nothing of the session (health, sitemap).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "public_page", False) or not (
            request.session.accessed or DRAFT_HINT in response.cookies
        ):
            return response
        hint = hint_value(request, response)
        if hint:
            self._set(request, response, hint)
        elif HINT_COOKIE in request.COOKIES:
            response.delete_cookie(HINT_COOKIE, samesite="Lax")
        return response

    def _set(self, request: HttpRequest, response: HttpResponse, hint: str) -> None:
        """As long as a session lives: a hint that outlives its reason costs one fetch, whose answer takes it back."""
        if request.COOKIES.get(HINT_COOKIE) != hint or request.session.modified:
            max_age = None if request.session.get_expire_at_browser_close() else settings.SESSION_COOKIE_AGE
            response.set_cookie(
                HINT_COOKIE, hint, max_age=max_age, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
            )


def hint_value(request: HttpRequest, response: HttpResponse) -> str:
    """What this browser will find at `/me/…`: "member", "guest", "" for nothing, or a banner: "unverified", and "mistyped" where it also
    asks whether another address was meant.
    """
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        is_proven = user.has_proven_mailbox if hasattr(user, "has_proven_mailbox") else user.is_verified
        return "member" if is_proven else "mistyped" if typos.suggestion(user.email) else "unverified"
    return (
        "guest"
        if _will_have_personal_content(request, response, DRAFT_HINT)
        or _will_have_personal_content(request, response, MESSAGE_HINT)
        else ""
    )


def _will_have_personal_content(request: HttpRequest, response: HttpResponse, cookie: str) -> bool:
    """Whether the browser sends `cookie` next time: it is set by this answer, or was sent and is not deleted by it."""
    if cookie in response.cookies:
        return bool(response.cookies[cookie].value)
    return cookie in request.COOKIES
