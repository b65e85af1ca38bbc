"""The form field of a code that came by mail or from an app, as any keyboard types it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .typed_secrets import normal_code


class CodeField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "one-time-code"})
        super().__init__(**{"label": _("Code"), "widget": widget, **kwargs})

    def to_python(self, value: str | None) -> str:
        return normal_code(super().to_python(value))
