"""The headers of a stored page.

They depend on the page's ending and path alone, so that a file server can send the same ones.
"""

import logging
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

logger = logging.getLogger("ictiger.delivery")

CONTENT_TYPES = {b"html": "text/html; charset=utf-8", b"atom": "application/atom+xml; charset=utf-8"}
# The middlewares that set security headers. Stored pages get their headers from them, so there is one place
# for both.
SECURITY_MIDDLEWARE = frozenset(
    [
        "django.middleware.security.SecurityMiddleware",
        "ictiger.middleware.ContentPolicyMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]
)
Headers = tuple[tuple[str, str], ...]


def page_headers(path: bytes, *, secure: bool) -> Headers:
    """All headers except those about the body: type, length, encoding and ETag."""
    return _page_headers(_language(path), secure)


def response_headers(path: bytes, etag: str, body: tuple[bytes, int, bool] | None, secure: bool) -> Headers:
    """All headers. `body` is its ending, its length in bytes and whether it is compressed; None for a 304."""
    return _response_headers(_language(path), etag, body, secure)


@lru_cache(4_096)
def _response_headers(
    language: str, etag: str, body: tuple[bytes, int, bool] | None, secure: bool
) -> Headers:
    headers = (("ETag", etag), *_page_headers(language, secure))
    if body is None:
        return headers
    ending, length, compressed = body
    headers += (("Content-Type", CONTENT_TYPES[ending]), ("Content-Length", str(length)))
    return (*headers, ("Content-Encoding", "gzip")) if compressed else headers


@cache
def _page_headers(language: str, secure: bool) -> Headers:
    return (
        ("Content-Language", language),
        ("Cache-Control", "no-cache"),
        ("Vary", "Accept-Encoding"),
        *security_headers(secure),
    )


def _language(path: bytes) -> str:
    """The language of a path, by its prefix."""
    for prefix, code in _language_prefixes():
        if path.startswith(prefix):
            return code
    return _default_language()


@cache
def _language_prefixes() -> tuple[tuple[bytes, str], ...]:
    return tuple(
        (f"/{code}/".encode(), code) for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE
    )


@cache
def _default_language() -> str:
    return settings.LANGUAGE_CODE


@cache
def security_headers(secure: bool) -> Headers:
    """What the middlewares add to responses: CSP, frames, referrer, type sniffing, HSTS for https."""
    request = HttpRequest()
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "443"}
    scheme = "https" if secure else "http"
    request._get_scheme = lambda: scheme  # type: ignore[attr-defined]  # Django's own hook
    response = HttpResponse()
    before = set(response.headers)
    for name in reversed([name for name in settings.MIDDLEWARE if name in SECURITY_MIDDLEWARE]):
        response = import_string(name)(lambda _request, response=response: response).process_response(
            request, response
        )
    return tuple((name, value) for name, value in response.headers.items() if name not in before)


def page_ending(response: Any, path: bytes) -> bytes | None:
    """The ending under which a response may be stored, or None.

    It must be marked by its view, fully rendered, 200, without cookies, and with no header that a stored page
    lacks.
    """
    if not getattr(response, "public_page", False) or response.status_code != 200:
        return None
    ending = next(
        (
            ending
            for ending, content_type in CONTENT_TYPES.items()
            if content_type == response.headers.get("Content-Type")
        ),
        None,
    )
    reason = _not_storable_reason(response, ending, path)
    if reason:
        logger.error("%s is marked public and cannot be stored: %s", path.decode(errors="replace"), reason)
        return None
    return ending


def _not_storable_reason(response: HttpResponse, ending: bytes | None, path: bytes) -> str:
    if response.streaming or not getattr(response, "is_rendered", True):
        return "it is not fully rendered"
    if not response.content:
        return "it is empty"
    if response.cookies:
        return "it sets a cookie"
    if ending is None:
        return f"no ending stands for {response.headers.get('Content-Type')}"
    stored = dict(page_headers(path, secure=settings.SITE_URL.startswith("https:")))
    stored["Content-Type"] = CONTENT_TYPES[ending]
    extra = {
        name: value
        for name, value in response.headers.items()
        if name != "Content-Length" and stored.get(name) != value
    }
    return f"a stored page has no {extra}" if extra else ""
