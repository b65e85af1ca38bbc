"""The headers of a stored page. They follow from the page's ending and path alone, so that a file server can send the same."""

import logging
from functools import cache, lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

logger = logging.getLogger("ictiger.delivery")

CONTENT_TYPES = {b"html": "text/html; charset=utf-8", b"atom": "application/atom+xml; charset=utf-8"}
# What says in settings.MIDDLEWARE how a browser may use a page. They are asked, so that their settings are said once.
SECURITY_MIDDLEWARE = frozenset(
    [
        "django.middleware.security.SecurityMiddleware",
        "ictiger.middleware.ContentPolicyMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]
)
Headers = tuple[tuple[str, str], ...]


def page_headers(path: bytes, *, secure: bool) -> Headers:
    """All but those about the body: type, length, encoding and ETag."""
    return _page_headers(_language_of(path), secure)


def answer_headers(path: bytes, etag: str, body: tuple[bytes, int, bool] | None, secure: bool) -> Headers:
    """All of them. `body` is what the answer brings: its ending, its length in bytes and whether it is compressed; None for 304."""
    return _answer_headers(_language_of(path), etag, body, secure)


@lru_cache(4_096)
def _answer_headers(language: str, etag: str, body: tuple[bytes, int, bool] | None, secure: bool) -> Headers:
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


def _language_of(path: bytes) -> str:
    """The language of a path, by its prefix."""
    for prefix, code in _prefixes():
        if path.startswith(prefix):
            return code
    return _language_without_prefix()


@cache
def _prefixes() -> tuple[tuple[bytes, str], ...]:
    return tuple(
        (f"/{code}/".encode(), code) for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE
    )


@cache
def _language_without_prefix() -> str:
    return settings.LANGUAGE_CODE


@cache
def security_headers(secure: bool) -> Headers:
    """What Django's middleware puts on every answer: content policy, frames, referrer, type sniffing, the promise to stay with https."""
    request = HttpRequest()
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "443"}
    request._get_scheme = lambda: "https" if secure else "http"
    response = HttpResponse()
    before = set(response.headers)
    for name in reversed([name for name in settings.MIDDLEWARE if name in SECURITY_MIDDLEWARE]):
        response = import_string(name)(lambda _request, response=response: response).process_response(
            request, response
        )
    return tuple((name, value) for name, value in response.headers.items() if name not in before)


def page_ending(response: object, path: bytes) -> bytes | None:
    """The ending under which an answer of Django's may be stored and sent to everybody, or None.

    Only what a view marked, fully rendered, 200, without a cookie, and with no header that a stored page would be sent without.
    """
    if not getattr(response, "public_page", False) or response.status_code != 200:
        return None
    ending = next(
        (ending for ending, type_ in CONTENT_TYPES.items() if type_ == response.headers.get("Content-Type")),
        None,
    )
    trouble = _not_storable_reason(response, ending, path)
    if trouble:
        logger.error("%s is marked public and cannot be stored: %s", path.decode(errors="replace"), trouble)
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
    sent = dict(page_headers(path, secure=settings.SITE_URL.startswith("https:"))) | {
        "Content-Type": CONTENT_TYPES[ending]
    }
    own = {
        name: value
        for name, value in response.headers.items()
        if name != "Content-Length" and sent.get(name) != value
    }
    return f"a stored page has no {own}" if own else ""
