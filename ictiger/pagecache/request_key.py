"""Which page a request asks for, read from the few parts of the WSGI environment that matter, and cached by
them.

This runs before every stored page, some ten thousand times a second. What depends on host, scheme and
encodings alone is computed once for each combination. The cache is bounded in number and in length of its
keys, because clients send whatever they like.
"""

from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from .pages import is_storable_path

MAX_CACHED_HEADER = 256  # characters; combinations with longer headers are not cached
READ_METHODS = frozenset(["GET", "HEAD"])


class PageRequest(NamedTuple):
    """A path at which a page may be stored, and the form in which the client wants it."""

    path: bytes
    compressed: bool
    secure: bool


class ClientVariant(NamedTuple):
    admitted: bool  # the host is ours, and the scheme needs no redirect
    compressed: bool
    secure: bool


def page_request(environ: dict) -> PageRequest | None:
    """The requested page if it can be stored: a read, a storable path, our host, the right scheme."""
    if environ["REQUEST_METHOD"] not in READ_METHODS or environ.get("SCRIPT_NAME"):
        return None
    try:
        path = environ.get("PATH_INFO", "").encode("latin-1")
    except UnicodeEncodeError:
        return None
    if not is_storable_path(path):
        return None
    variant = _client_variant(environ)
    return PageRequest(path, variant.compressed, variant.secure) if variant.admitted else None


def _client_variant(environ: dict) -> ClientVariant:
    get = environ.get
    host, forwarded, encodings = get("HTTP_HOST"), get(_proxy_header()), get("HTTP_ACCEPT_ENCODING", "")
    server, port, scheme = environ["SERVER_NAME"], environ["SERVER_PORT"], environ["wsgi.url_scheme"]
    is_short = len(host or "") + len(forwarded or "") + len(encodings) <= MAX_CACHED_HEADER
    compute = _compute_variant if is_short else _compute_variant.__wrapped__
    return compute(host, server, port, scheme, forwarded, encodings)


@lru_cache(512)
def _compute_variant(
    host: str | None, server: str, port: str, scheme: str, forwarded: str | None, encodings: str
) -> ClientVariant:
    secure = _is_secure(scheme, forwarded)
    requested_host = _host_without_header(server, port, secure) if host is None else host
    admitted = is_our_host(requested_host) and (secure or not settings.SECURE_SSL_REDIRECT)
    return ClientVariant(admitted, accepts_gzip(encodings), secure)


@lru_cache(1)
def _proxy_header() -> str:
    """The variable in which a trusted proxy sends the scheme.

    Without one, "", which no variable is called.
    """
    return settings.SECURE_PROXY_SSL_HEADER[0] if settings.SECURE_PROXY_SSL_HEADER else ""


def _is_secure(scheme: str, forwarded: str | None) -> bool:
    """As HttpRequest.is_secure(): a proxy in front may have ended TLS."""
    if forwarded is not None and settings.SECURE_PROXY_SSL_HEADER:
        return forwarded.split(",", 1)[0].strip() == settings.SECURE_PROXY_SSL_HEADER[1]
    return scheme == "https"


def _host_without_header(server: str, port: str, secure: bool) -> str:
    """The host of a request without a Host header, as Django determines it."""
    return server if port == ("443" if secure else "80") else f"{server}:{port}"


def is_our_host(host: str) -> bool:
    """Whether Django would accept this Host. Others are passed to Django, which refuses them."""
    if len(host) > MAX_CACHED_HEADER:
        return False
    allowed = settings.ALLOWED_HOSTS
    if settings.DEBUG and not allowed:
        allowed = [".localhost", "127.0.0.1", "[::1]"]  # as HttpRequest.get_host() does
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def accepts_gzip(header: str) -> bool:
    """RFC 9110 §12.5.3: `gzip` by name, else `*`; a weight of zero refuses."""
    weights = {}
    for choice in header.lower().split(","):
        coding, _semicolon, weight = choice.partition(";")
        weights[coding.strip()] = weight.strip().replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))
