"""Requests by our own scripts, which put part of a page into one that is already open."""

from django.http import HttpRequest

HEADER = "X-Fragment"


def wants_fragment(request: HttpRequest) -> bool:
    """Whether a script asks for a part of the page instead of the page. Its value is for logs alone."""
    return HEADER in request.headers
