"""Times with their zone, for those who read them somewhere else."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format


def local_time_text(moment: datetime, name: str = "DATETIME_FORMAT") -> str:
    """`moment` in the site's time zone by the format `name`, with its offset: "4 May 2026, 08:30 (UTC+8)".

    The offset, since abbreviations mean several zones: CST is Chicago's time as well as Beijing's.
    """
    local = timezone.localtime(moment)
    return f"{date_format(local, name)} ({utc_offset(local)})"


def utc_offset(moment: datetime) -> str:
    """The offset of an aware datetime: "UTC+8", "UTC-3:30", "UTC"."""
    minutes = round((moment.utcoffset() or timedelta(0)).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")
