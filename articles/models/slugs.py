"""What an address is made of, a slug and a language, as forms and as the database hold it."""

from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import Language

SLUG_BYTES = 240  # a file name may have 255 bytes; a Chinese character takes three

# First path segments that belong to the house: no page may be called so.
# fmt: off
RESERVED_SLUGS = [
    "page", "articles", "topics", "authors", "archive", "search", "feed", "preview", "accounts", "comments", "me", "admin",
    "static", "media", "mailbox", "healthz", "readyz", "status", "zh-hans", "en",
]
# fmt: on


def validate_slug_bytes(value: str) -> None:
    if len(value.encode("utf-8", "replace")) > SLUG_BYTES:
        raise ValidationError(
            _("This slug is too long: at most %(bytes)s bytes, which is 80 Chinese characters."),
            params={"bytes": SLUG_BYTES},
        )


# Raw UTF-8, words joined by hyphens. No dots (a file's ending), no slashes, no control or format characters.
validate_slug = RegexValidator(r"^[\w-]+\Z", _("Use letters, digits, Chinese characters and hyphens."))

SlugField = partial(models.CharField, max_length=SLUG_BYTES, validators=[validate_slug, validate_slug_bytes])


def slug_shape(name: str) -> models.CheckConstraint:
    """The database's own part of the slug rule: what would break a path."""
    return models.CheckConstraint(
        condition=~Q(slug="") & ~Q(slug__contains="/") & ~Q(slug__contains="."), name=name
    )


def language_known(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(language__in=Language.values), name=name)
