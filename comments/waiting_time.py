"""How long a held comment usually waits, by what was decided lately. For personal pages and the desk, never for stored pages."""

from datetime import timedelta

from django.core.cache import cache
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _

from .durations import in_words
from .models import Decision

OVER = timedelta(days=14)
FEWEST = 5  # decisions; of fewer nothing usual can be said
KEPT_FOR = timedelta(minutes=5)
_KEY = "comments/usual_wait"
_NOTHING = "nothing"  # None would be a miss


def usual_wait() -> timedelta | None:
    """The median time from being held to being decided about; None while there are too few decisions. Minutes old at most."""
    try:
        known = cache.get(_KEY)
        if known is None:
            known = _median() or _NOTHING
            cache.set(_KEY, known, KEPT_FOR.total_seconds())
    except Exception:  # whatever a cache on another machine raises when it cannot be reached: it only saves us a query
        known = _median() or _NOTHING
    return None if known == _NOTHING else known


def usually_decided() -> str:
    """The sentence for the author of a held comment, or "" while nothing true can be said."""
    wait = usual_wait()
    return _("Usually decided within %(time)s.") % {"time": in_words(wait)} if wait is not None else ""


def _median() -> timedelta | None:
    """Of an even number the longer of the middle two: no promise too much."""
    waits = Decision.objects.filter(decided_at__gt=timezone.now() - OVER, waited__isnull=False).order_by()
    placed = waits.annotate(place=Window(RowNumber(), order_by="waited"), number=Window(Count("pk")))
    return placed.filter(number__gte=FEWEST, place=F("number") / 2 + 1).values_list("waited", flat=True).first()
