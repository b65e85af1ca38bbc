"""Absolute URLs."""

from django.conf import settings


def site_url(url: str) -> str:
    """The URL under SITE_URL, whatever Host the request has. A URL with a scheme is returned unchanged."""
    return url if url.startswith(("http://", "https://")) else settings.SITE_URL + url
