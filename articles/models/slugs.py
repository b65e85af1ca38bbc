"""Slug fields: validators for forms and constraints for the database."""

from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import Language

SLUG_BYTES = 240  # of UTF-8: the page cache makes a file name of it, at most 255 bytes

# First path segments of the site's other URLs, which no page may have as its slug.
# fmt: off
RESERVED_SLUGS = [
    "page", "articles", "topics", "authors", "archive", "search", "feed", "preview", "accounts", "comments",
    "me", "admin", "static", "media", "mailbox", "healthz", "readyz", "status", "zh-hans", "en",
]
# fmt: on


def validate_slug_bytes(value: str) -> None:
    """Raise ValidationError if the slug is longer than SLUG_BYTES."""
    if len(value.encode("utf-8", "replace")) > SLUG_BYTES:
        raise ValidationError(
            _("This slug is too long: at most %(bytes)s bytes, which is 80 Chinese characters."),
            params={"bytes": SLUG_BYTES},
        )


# Words of any script, joined by hyphens. No dots (file extensions), slashes, control or format characters.
validate_slug = RegexValidator(r"^[\w-]+\Z", _("Use letters, digits, Chinese characters and hyphens."))

SlugField = partial(models.CharField, max_length=SLUG_BYTES, validators=[validate_slug, validate_slug_bytes])


def slug_shape(name: str) -> models.CheckConstraint:
    """The database's part of the slug rule: no slug that would break a path."""
    return models.CheckConstraint(
        condition=~Q(slug="") & ~Q(slug__contains="/") & ~Q(slug__contains="."), name=name
    )


def language_known(name: str) -> models.CheckConstraint:
    """A constraint that the language is one of the site's."""
    return models.CheckConstraint(condition=Q(language__in=Language.values), name=name)
