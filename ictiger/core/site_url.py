"""Absolute URLs."""

import unicodedata
from urllib.parse import unquote, urlsplit

from django.conf import settings

DEFAULT_PORTS = {"http": 80, "https": 443}


def site_url(url: str) -> str:
    """The URL under SITE_URL, whatever Host the request has. A URL with a scheme is returned unchanged."""
    return url if url.startswith(("http://", "https://")) else settings.SITE_URL + url


def is_on_site(url: str) -> bool:
    """Whether an absolute URL has SITE_URL's host and port, by http or https. False for a malformed one."""
    ours = _host_and_port(settings.SITE_URL)
    return ours is not None and _host_and_port(url) == ours


def comparable_path(url: str) -> str:
    """The path of a URL in one spelling: decoded, in Unicode's NFC form, without a final slash."""
    return unicodedata.normalize("NFC", unquote(urlsplit(url).path)).rstrip("/")


def _host_and_port(url: str) -> tuple[str, int | None] | None:
    """Host and port of a URL; the port is None if it is the scheme's own. None for a malformed URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return (parts.hostname or "").rstrip("."), None if port == DEFAULT_PORTS.get(parts.scheme) else port
