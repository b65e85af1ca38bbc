from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from .drafts import DRAFT_COOKIE, set_draft_cookie


class DraftCookieMiddleware:
    """Give the cookie with the answer to a log-in, and take it away with the answer to a log-out, as `claim` and `leave` have found."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if hasattr(request, "waiting_cookie"):
            if request.waiting_cookie:
                set_draft_cookie(response, request.waiting_cookie)
            else:
                response.delete_cookie(DRAFT_COOKIE, samesite="Lax")
        return response
