"""Requests of our scripts for a part of a page, to be inserted into a page that is already open."""

from django.http import HttpRequest

HEADER = "X-Fragment"


def wants_fragment(request: HttpRequest) -> bool:
    """Whether a script requests a part of the page. The header's value is not used."""
    return HEADER in request.headers
