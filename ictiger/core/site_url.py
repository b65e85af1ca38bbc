"""Absolute URLs."""

from django.conf import settings


def site_url(url: str) -> str:
    """The URL under SITE_URL, whatever Host the request came with. A URL with a scheme is returned as it is."""
    return url if url.startswith(("http://", "https://")) else settings.SITE_URL + url
