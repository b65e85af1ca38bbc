"""Form fields and widgets of the admin."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, URLField
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import SLUG_BYTES, validate_slug, validate_slug_bytes
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
    now = timezone.localtime()
    return _("Time zone: %(zone)s (UTC%(offset)s).") % {
        "zone": timezone.get_current_timezone_name(),
        "offset": now.isoformat()[-6:],
    }


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
