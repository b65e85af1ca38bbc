"""Sets and deletes the cookie that leads to a browser's drafts."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from .drafts import DRAFT_COOKIE, set_draft_cookie


class DraftCookieMiddleware:
    """Set the draft cookie with the response to a log-in, and delete it with the response to a log-out.

    `attach_to_user` and `detach_from_browser` (services/drafts.py) put the new token, or None, on the
    request: they are called by signals, which have no response.
    """

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
