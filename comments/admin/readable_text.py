"""Text fields of the desk's forms, under the rules for every person's text (comments/forms.py)."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import CharField, Field
from django.http import HttpRequest
from django.utils.translation import gettext as _

from comments.forms import validate_readable
from ictiger.core.text import strip_unstorable


def validate_storable(text: str) -> None:
    """Raise ValidationError for characters that a database or a feed cannot hold."""
    if strip_unstorable(text) != text:
        raise ValidationError(_("This text has characters that cannot be stored."), code="unstorable")


class ReadableTextAdmin(admin.ModelAdmin):
    """Refuses text in which nothing can be seen, or with marks that cover other lines."""

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Field | None:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, CharField):
            field.validators = [*field.validators, validate_storable, validate_readable]
        return field
