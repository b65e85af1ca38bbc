"""The access log: one line for each request, and an id that all log records of a request share.

settings.LOGGING says where the log goes. A line names no person and holds no secret: no address, no cookie,
no query string, and of a path's variable parts only those that public links show. Pages that the page store
or a file server in front of it serves are not logged here.
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

INCOMING_ID = re.compile(r"[A-Za-z0-9-]{8,64}")  # cannot begin a log line or a header
# URL parameters that give access to nothing and may be logged.
PUBLIC_PARAMETERS = frozenset({"slug", "number", "pk", "article_id", "year", "month"})
# A signed value (`data:time:signature`), or a long run of letters and digits without a hyphen.
KEY = re.compile(r".*[^:]:[\w-]{6,}.*|(?=.*\d)[A-Za-z0-9_]{20,}|\w+-(?:\w+-)?[0-9a-f]{20,}")
MAX_LOGGED_PATH = 300  # characters of a path that matches no URL pattern
# Requested every few seconds; logged only when the response is an error.
HEALTH_PATHS = frozenset({"/healthz", "/readyz", "/status"})


class RequestLogMiddleware:
    """Give each request an id and log how it ended.

    It comes first in MIDDLEWARE, so that refused requests are logged as well. The id comes from the
    `X-Request-ID` header of our own proxy or is made here. The response carries it, and error pages show it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token, started = request_id.set(_request_id(request)), time.monotonic()
        try:
            response = self.get_response(request)
            # Public pages and their 404s are the same for everybody, headers included. A server error is not
            # stored.
            if response.status_code >= 500 or not getattr(request, "public_page", False):
                response.headers["X-Request-ID"] = request_id.get()
            if request.path_info not in HEALTH_PATHS or response.status_code >= 500:
                _log_request(request, response, time.monotonic() - started)
            return response
        finally:
            request_id.reset(token)


def _request_id(request: HttpRequest) -> str:
    incoming = request.headers.get("x-request-id", "") if settings.TRUSTED_PROXY_COUNT else ""
    return incoming if INCOMING_ID.fullmatch(incoming) else uuid4().hex


def _log_request(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match, path = request.resolver_match, _printable_path(request, response)
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


def _printable_path(request: HttpRequest, response: HttpResponse) -> str:
    """The path on one line, without characters that control a terminal."""
    path = _redacted_path(request, response)
    if path.isprintable():
        return path
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in path)


def _redacted_path(request: HttpRequest, response: HttpResponse) -> str:
    """The path without keys that give access (confirmation, password reset, preview, unsubscribing)."""
    match = request.resolver_match
    if match is None:
        # No URL matched, or the request was answered before routing. It may be a link with a key that has
        # lost its final slash, so of anything but a 404 only the first segment is logged, and of a 404 no
        # segment that looks like a key.
        first, _slash, rest = request.path.strip("/").partition("/")
        if response.status_code != 404 and rest:
            return f"/{first}/…"
        return "/".join(
            "…" if KEY.fullmatch(part) else part for part in request.path[:MAX_LOGGED_PATH].split("/")
        )
    path = request.path
    for name, value in match.kwargs.items():
        if name not in PUBLIC_PARAMETERS:
            path = path.replace(str(value), "…")
    return path


class AddRequestId(logging.Filter):
    """Put the id of the current request on every record, "" outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class DropThreadAdvice(logging.Filter):
    """Drop granian's advice at each start to use fewer threads. Ours mostly wait for the database."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "Python threads" not in record.getMessage()


class OnlyTracebacks(logging.Filter):
    """Of Django's records about requests pass only tracebacks.

    Statuses are in our access log already, with the id.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is not None
