"""What the house writes down: each request, and an id by which everything that it left in the log is found. settings.LOGGING says where to.

A line about a request names no reader and holds no secret: no address, no cookie, no query, and of a path's variable parts only those
that any link on the site shows. Pages served by the store are not told here, nor does a file server in front bother us with them.
"""

import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse

access = logging.getLogger("ictiger.access")

request_id: ContextVar[str] = ContextVar("request_id", default="")

INCOMING_ID = re.compile(r"[A-Za-z0-9-]{8,64}")  # nothing that could begin a line or a header of its own
PUBLIC_PATHS = frozenset(
    {"slug", "number", "pk", "article_id", "year", "month"}
)  # what is no key to anything
MAX_LOGGED_PATH = 300  # characters of a path that leads nowhere
HEALTH_PATHS = frozenset(
    {"/healthz", "/readyz", "/status"}
)  # ask every few seconds, and are told only when something is wrong


class RequestLogMiddleware:
    """Names each request and tells how it ended. First in MIDDLEWARE, so that whatever is refused is told as well.

    The id comes from a proxy of ours that sends `X-Request-ID`, or is made here; the answer carries it, and error pages show it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token, began = request_id.set(_id_for(request)), time.monotonic()
        try:
            response = self.get_response(request)
            # A page has the same headers for everybody, and so has one that is missing; a broken one is nobody's yet.
            if response.status_code >= 500 or not getattr(request, "public_page", False):
                response.headers["X-Request-ID"] = request_id.get()
            if request.path_info not in HEALTH_PATHS or response.status_code >= 500:
                _log_request(request, response, time.monotonic() - began)
            return response
        finally:
            request_id.reset(token)


def _id_for(request: HttpRequest) -> str:
    given = request.headers.get("x-request-id", "") if settings.TRUSTED_PROXY_COUNT else ""
    return given if INCOMING_ID.fullmatch(given) else uuid4().hex


def _log_request(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match, path = request.resolver_match, _path(request, response)
    access.log(
        logging.ERROR if response.status_code >= 500 else logging.INFO,
        "%s %s %s",
        request.method,
        path,
        response.status_code,
        extra={
            "method": request.method,
            "path": path,
            "view": match.view_name if match else "",
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
            "bytes": 0 if response.streaming else len(response.content),
        },
    )


def _path(request: HttpRequest, response: HttpResponse) -> str:
    """The path in one line, with nothing in it that a terminal obeys."""
    path = _redact_keys(request, response)
    if path.isprintable():
        return path
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in path)


def _redact_keys(request: HttpRequest, response: HttpResponse) -> str:
    """The path without what lets somebody in who reads it: the keys of confirmations, resets, previews, unsubscribing."""
    match = request.resolver_match
    if match is None:
        # Leads nowhere, or was answered before it was looked up: a link with its key may have lost its final slash.
        room, _slash, rest = request.path.strip("/").partition("/")
        return request.path[:MAX_LOGGED_PATH] if response.status_code == 404 or not rest else f"/{room}/…"
    path = request.path
    for name, value in match.kwargs.items():
        if name not in PUBLIC_PATHS:
            path = path.replace(str(value), "…")
    return path


class AddRequestId(logging.Filter):
    """Puts the id of the request under way on every record, "" outside one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class DropThreadAdvice(logging.Filter):
    """Leaves out what granian says at each start: that there are more threads than cores. Ours mostly wait for the database."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "Python threads" not in record.getMessage()


class OnlyServerErrors(logging.Filter):
    """Of what Django says about requests the tracebacks. That an answer was a 503 it says once more after us, and without the id."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is not None
