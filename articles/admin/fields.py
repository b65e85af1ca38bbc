"""Form fields and widgets of the admin."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, URLField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import (
    SLUG_BYTES,
    Article,
    Author,
    Page,
    Topic,
    validate_slug,
    validate_slug_bytes,
)
from articles.slug_ownership import normalize_slug
from articles.slugs import slugify_title


class SlugFormField(forms.CharField):
    """A Unicode slug. Django's script that fills the slug from the title reads `allow_unicode`."""

    allow_unicode = True

    def __init__(self, **kwargs) -> None:
        super().__init__(
            **{
                "label": capfirst(gettext_lazy("slug")),
                "max_length": SLUG_BYTES,
                "validators": [validate_slug, validate_slug_bytes],
                "help_text": gettext_lazy(
                    "The last part of the address. Left empty, it is made from the title."
                ),
                **kwargs,
            }
        )

    def announce_redirect(self) -> None:
        """Say beside the field of a published object what becomes of its present address."""
        note = _("If you change it, the present address leads readers to the new one.")
        self.help_text = f"{self.help_text} {note}"

    def to_python(self, value: str | None) -> str:
        """The slug in the normal form in which it is stored, so that decomposed letters are letters."""
        return normalize_slug(super().to_python(value))

    def from_title(self, title: str) -> str:
        """The slug for an empty field.

        Raises ValidationError for "slug" if the title has no letters or digits.
        """
        if slug := slugify_title(title, limit=SLUG_BYTES):
            return slug
        raise ValidationError({"slug": _("There are no letters to make a slug from: enter one.")})


def address_note(article: Article) -> str:
    """What publishing the draft does to the address that readers know."""
    old = unquote(article.get_absolute_url())
    return _("Readers know the address %(old)s. When you publish, it will lead to the new one, %(new)s.") % {
        "old": old,
        "new": _with_slug(old, article.draft.slug),
    }


def redirect_note(old_slug: str, moved: Page | Topic | Author) -> str:
    """What a new slug has done to the old address."""
    new = unquote(moved.get_absolute_url())
    return _("The old address %(old)s now leads readers to %(new)s.") % {
        "old": _with_slug(new, old_slug),
        "new": new,
    }


def _with_slug(path: str, slug: str) -> str:
    return f"{path.rstrip('/').rpartition('/')[0]}/{slug}/"


# The formats of browsers' date and time inputs, in every language.
DATE_FORMAT, TIME_FORMAT = "%Y-%m-%d", "%H:%M:%S"


class LocalDateTimeWidget(forms.SplitDateTimeWidget):
    """A date and a time of day to the second, with the browser's date and time inputs."""

    template_name = "admin/articles/when.html"

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__(
            attrs,
            date_format=DATE_FORMAT,
            time_format=TIME_FORMAT,
            date_attrs={"type": "date", "aria-label": gettext_lazy("Date")},
            time_attrs={"type": "time", "step": "1", "aria-label": gettext_lazy("Time")},
        )


class HiddenLocalDateTimeWidget(forms.SplitHiddenDateTimeWidget):
    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__(attrs, date_format=DATE_FORMAT, time_format=TIME_FORMAT)


def _time_zone_note() -> str:
    """The site's time zone with its offset, and the one that it changes to within a year, if it does."""
    now = timezone.localtime()
    note = _("Time zone: %(zone)s (UTC%(offset)s).") % {
        "zone": timezone.get_current_timezone_name(),
        "offset": now.isoformat()[-6:],
    }
    change = _next_change_of_offset(timezone.get_current_timezone_name(), now.date(), now.utcoffset())
    if change is None:
        return note
    later = _("From %(day)s on, it is UTC%(offset)s there.") % {
        "day": date_format(change.date()),
        "offset": change.isoformat()[-6:],
    }
    return f"{note} {later}"


@lru_cache(8)
def _next_change_of_offset(zone: str, today: date, offset: timedelta) -> datetime | None:
    """Noon of the first day within a year on which the zone's offset from UTC is another one."""
    days = (datetime.combine(today + timedelta(day), time(12), ZoneInfo(zone)) for day in range(1, 366))
    return next((noon for noon in days if noon.utcoffset() != offset), None)


time_zone_note = lazy(_time_zone_note, str)


class LocalDateTimeField(forms.SplitDateTimeField):
    """A date and time in the site's time zone, which the help text names."""

    widget = LocalDateTimeWidget
    hidden_widget = HiddenLocalDateTimeWidget

    def __init__(self, **kwargs) -> None:
        formats = {"input_date_formats": [DATE_FORMAT], "input_time_formats": [TIME_FORMAT, "%H:%M"]}
        super().__init__(**{**formats, **kwargs})
        self.help_text = self.help_text or time_zone_note()


# For ModelAdmin.formfield_overrides.
ADMIN_FORM_FIELDS = {
    DateTimeField: {"form_class": LocalDateTimeField, "widget": LocalDateTimeWidget},
    URLField: {"assume_scheme": "https"},
}
