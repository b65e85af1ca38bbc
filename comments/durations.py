"""How long something takes, in words. Pure: what is said is rounded up, so that a promise made with it is kept."""

from datetime import timedelta
from math import ceil

from django.utils.translation import ngettext

STEP = 5  # minutes
HOURS_AS_HOURS = 47  # longer than that is told in days


def in_words(duration: timedelta) -> str:
    """ "10 minutes", "3 hours", "2 days": the next larger round figure.

    >>> in_words(timedelta(minutes=7)), in_words(timedelta(minutes=56)), in_words(timedelta(hours=47, minutes=1))
    ('10 minutes', '1 hour', '2 days')
    """
    minutes = max(STEP, ceil(duration / timedelta(minutes=STEP)) * STEP)
    if minutes < 60:
        return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    hours = ceil(duration / timedelta(hours=1))
    if hours <= HOURS_AS_HOURS:
        return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}
    days = ceil(duration / timedelta(days=1))
    return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}
