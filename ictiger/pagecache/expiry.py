"""Pages whose life is bounded: what shows on them changes at a known moment without anybody writing."""

from datetime import datetime

from django.http import HttpResponse


def set_expiry(response: HttpResponse, *moments: datetime | None) -> HttpResponse:
    """Let nobody be served this stored page at the earliest of `moments` or later. `None` bounds nothing. Returns the response.

    `moments` are the next times at which the page would read differently: an article's pending `publish_at`, `expires_at` or
    `comments_close_at`. Ask for those later than `request.asked_at`, which `@public_page` sets before the view's first query: with the
    clock read after the query, a moment that falls between the two would be missed.
    """
    bounds = [moment for moment in (*moments, getattr(response, "fresh_until", None)) if moment is not None]
    if bounds:
        response.fresh_until = min(bounds)
    return response
