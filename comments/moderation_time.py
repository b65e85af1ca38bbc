"""How long held comments usually wait for a decision. For personal pages and the admin only."""

import logging
from datetime import timedelta
from math import ceil

from django.core.cache import cache
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Decision

logger = logging.getLogger(__name__)

MEASURED_PERIOD = timedelta(days=14)
MIN_DECISIONS = 5  # with fewer decisions there is no median
CACHE_PERIOD = timedelta(minutes=5)
ROUNDING_STEP = 5  # minutes
MAX_HOURS = 47  # longer durations are given in days
_CACHE_KEY = "comments/usual_wait"
_NO_MEDIAN = "nothing"  # in the cache, where None would be a miss


def median_wait() -> timedelta | None:
    """The median time from being held to a decision, cached for CACHE_PERIOD.

    None while there are fewer than MIN_DECISIONS.
    """
    try:
        cached = cache.get(_CACHE_KEY)
        if cached is None:
            cached = _compute_median() or _NO_MEDIAN
            cache.set(_CACHE_KEY, cached, CACHE_PERIOD.total_seconds())
    # A cache on another machine that cannot be reached raises what its client likes. It only saves a query.
    except Exception:
        return _compute_median()
    return None if cached == _NO_MEDIAN else cached


def forget_median_wait() -> None:
    """Drop the cached median, which belongs to the decisions of a database that has been replaced."""
    try:
        cache.delete(_CACHE_KEY)
    except Exception:  # as in `median_wait`; it expires within CACHE_PERIOD
        logger.warning("the cache cannot be reached; %s stays in it", _CACHE_KEY)


def usual_wait_text() -> str:
    """The sentence for the author of a held comment; "" while there is no median."""
    median = median_wait()
    if median is None:
        return ""
    return _("Usually decided within %(time)s.") % {"time": duration_text(median)}


def _compute_median() -> timedelta | None:
    """The median, computed in the database.

    Of an even number the longer of the middle two, to promise no less.
    """
    decisions = Decision.objects.filter(
        decided_at__gt=timezone.now() - MEASURED_PERIOD, waited__isnull=False
    ).order_by()
    ranked = decisions.annotate(rank=Window(RowNumber(), order_by="waited"), count=Window(Count("pk")))
    median = ranked.filter(count__gte=MIN_DECISIONS, rank=F("count") / 2 + 1)
    return median.values_list("waited", flat=True).first()


def duration_text(duration: timedelta) -> str:
    """The duration in words, rounded up: to ROUNDING_STEP minutes, to hours up to MAX_HOURS, else to days.

    >>> duration_text(timedelta(minutes=7)), duration_text(timedelta(minutes=56))
    ('10 minutes', '1 hour')
    """
    minutes = max(ROUNDING_STEP, ceil(duration / timedelta(minutes=ROUNDING_STEP)) * ROUNDING_STEP)
    if minutes < 60:
        return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    hours = ceil(duration / timedelta(hours=1))
    if hours <= MAX_HOURS:
        return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}
    days = ceil(duration / timedelta(days=1))
    return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
