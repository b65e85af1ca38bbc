"""Pages that expire: what they show changes at a known moment, without a write."""

from datetime import datetime

from django.http import HttpResponse


def set_expiry(response: HttpResponse, *moments: datetime | None) -> HttpResponse:
    """Let the stored page expire at the earliest of `moments`. `None` sets no bound. Returns the response.

    `moments` are the next times at which the page would differ: an article's pending `publish_at`,
    `expires_at` or `comments_close_at`. Look for times later than `request.asked_at`, which `@public_page`
    sets before the view's first query. If the clock were read after the query, a moment between the two would
    be missed.
    """
    bounds = [moment for moment in (*moments, getattr(response, "fresh_until", None)) if moment is not None]
    if bounds:
        response.fresh_until = min(bounds)  # type: ignore[attr-defined]  # read by the page store
    return response
