"""How long a held comment usually waits, by what was decided lately. For personal pages and the desk, never for stored pages."""

from datetime import timedelta
from math import ceil

from django.core.cache import cache
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Decision

MEASURED_PERIOD = timedelta(days=14)
MIN_DECISIONS = 5  # decisions; of fewer nothing usual can be said
CACHE_PERIOD = timedelta(minutes=5)
_KEY = "comments/usual_wait"
_NOTHING = "nothing"  # None would be a miss


def median_wait() -> timedelta | None:
    """The median time from being held to being decided about; None while there are too few decisions. Minutes old at most."""
    try:
        known = cache.get(_KEY)
        if known is None:
            known = _compute_median() or _NOTHING
            cache.set(_KEY, known, CACHE_PERIOD.total_seconds())
    except (
        Exception
    ):  # whatever a cache on another machine raises when it cannot be reached: it only saves us a query
        known = _compute_median() or _NOTHING
    return None if known == _NOTHING else known


def usual_wait_text() -> str:
    """The sentence for the author of a held comment, or "" while nothing true can be said."""
    wait = median_wait()
    return _("Usually decided within %(time)s.") % {"time": duration_text(wait)} if wait is not None else ""


def _compute_median() -> timedelta | None:
    """Of an even number the longer of the middle two: no promise too much."""
    waits = Decision.objects.filter(
        decided_at__gt=timezone.now() - MEASURED_PERIOD, waited__isnull=False
    ).order_by()
    placed = waits.annotate(place=Window(RowNumber(), order_by="waited"), number=Window(Count("pk")))
    return (
        placed.filter(number__gte=MIN_DECISIONS, place=F("number") / 2 + 1)
        .values_list("waited", flat=True)
        .first()
    )


ROUNDING_STEP = 5  # minutes


MAX_HOURS = 47  # longer than that is told in days


def duration_text(duration: timedelta) -> str:
    """ "10 minutes", "3 hours", "2 days": the next larger round figure.

    >>> in_words(timedelta(minutes=7)), in_words(timedelta(minutes=56)), in_words(timedelta(hours=47, minutes=1))
    ('10 minutes', '1 hour', '2 days')
    """
    minutes = max(ROUNDING_STEP, ceil(duration / timedelta(minutes=ROUNDING_STEP)) * ROUNDING_STEP)
    if minutes < 60:
        return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    hours = ceil(duration / timedelta(hours=1))
    if hours <= MAX_HOURS:
        return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}
    days = ceil(duration / timedelta(days=1))
    return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
