"""Forms for comments and reports. A text over its limits is refused, never cut."""

import uuid
from dataclasses import dataclass
from typing import ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from comments.text import word_count

from .policy import ReportReason

MAX_ID = 2**63 - 1  # of a BigAutoField
TOO_LONG_MESSAGE = gettext_lazy(
    "This has %(show_value)s characters; at most %(limit_value)s are taken. Please shorten it."
)
NO_TEXT_MESSAGE = gettext_lazy("There is no text yet. Write something first.")


@dataclass(frozen=True)
class Limits:
    words: int
    code_points: int


def limits_for(*, reply: bool) -> Limits:
    if reply:
        return Limits(settings.REPLY_WORD_LIMIT, settings.REPLY_CODE_POINT_LIMIT)
    return Limits(settings.COMMENT_WORD_LIMIT, settings.COMMENT_CODE_POINT_LIMIT)


def parse_id(text: str) -> int | None:
    """The primary key in a request's parameter; None if `text` is not one."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= MAX_ID else None


class TextField(forms.CharField):
    """Plain text as it is stored: cleaned, not stripped, not cut."""

    def __init__(self, **kwargs) -> None:
        super().__init__(strip=False, widget=forms.Textarea, **kwargs)

    def to_python(self, value: str | None) -> str:
        return word_count.clean_text(super().to_python(value))


def validate_readable(text: str) -> None:
    """Raise ValidationError for a text that shows nothing, or that would cover the lines around it."""
    if word_count.is_blank(text):
        raise ValidationError(NO_TEXT_MESSAGE, code="blank")
    _reject_overflow(text)


class BodyForm(forms.Form):
    """The text of a comment or of a reply, which have different limits."""

    body = TextField(required=False)

    def __init__(self, data=None, *, reply: bool) -> None:
        super().__init__(data)
        self.limits = limits_for(reply=reply)

    def clean_body(self) -> str:
        body = self.cleaned_data["body"]
        if word_count.is_blank(body):
            raise ValidationError(NO_TEXT_MESSAGE, code="blank")
        # Counting characters first is cheap, and bounds the text whose words are counted.
        excess = len(body) - self.limits.code_points
        if excess > 0:
            raise ValidationError(
                ngettext(
                    "This text is %(excess)s character over the limit of %(limit)s. Please shorten it.",
                    "This text is %(excess)s characters over the limit of %(limit)s. Please shorten it.",
                    excess,
                )
                % {"excess": excess, "limit": self.limits.code_points}
            )
        excess = word_count.count_words(body) - self.limits.words
        if excess > 0:
            raise ValidationError(
                ngettext(
                    "This text is %(excess)s word over the limit of %(limit)s. Please shorten it.",
                    "This text is %(excess)s words over the limit of %(limit)s. Please shorten it.",
                    excess,
                )
                % {"excess": excess, "limit": self.limits.words}
            )
        _reject_overflow(body)
        return body


def _reject_overflow(body: str) -> None:
    """Raise ValidationError for a text of few words that would cover others' lines or fill a page."""
    if word_count.has_stacked_marks(body):
        raise ValidationError(
            _(
                "A letter in this text bears so many marks that they would cover other lines. "
                "Please remove some of them."
            )
        )
    lines = word_count.count_lines(body)
    if lines > word_count.MAX_LINES:
        raise ValidationError(
            _("This text has %(lines)s lines; %(limit)s are the most. Please join some of them.")
            % {"lines": lines, "limit": word_count.MAX_LINES}
        )


class CommentForm(BodyForm):
    """A new comment. `parent` is the comment it replies to; a repeated POST has the same `submission`."""

    parent = forms.CharField(required=False)
    submission = forms.CharField(required=False)

    def __init__(self, data) -> None:
        super().__init__(data, reply=bool(data.get("parent")))

    def clean_parent(self) -> int | None:
        if not self.cleaned_data["parent"]:
            return None
        # 0 for an invalid ID: no comment has it, so it is refused like the ID of a deleted comment.
        return parse_id(self.cleaned_data["parent"]) or 0

    def clean_submission(self) -> uuid.UUID:
        submission = self.cleaned_data["submission"]
        try:
            return uuid.UUID(submission) if submission else uuid.uuid4()
        except ValueError:
            raise ValidationError(_("This form was damaged on its way. Please send it again.")) from None


class NoteField(TextField):
    """A note of a few sentences. One in which nothing can be seen counts as none."""

    default_error_messages: ClassVar = {"max_length": TOO_LONG_MESSAGE, "required": NO_TEXT_MESSAGE}
    default_validators: ClassVar = [validate_readable]

    def to_python(self, value: str | None) -> str:
        return word_count.clean_note(super().to_python(value))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        return super().widget_attrs(widget) | {"rows": "3"}


class LineField(NoteField):
    """A note of one line."""

    widget = forms.TextInput

    def __init__(self, **kwargs) -> None:
        forms.CharField.__init__(self, **kwargs)

    def to_python(self, value: str | None) -> str:
        return " ".join(super().to_python(value).split())

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        return forms.CharField.widget_attrs(self, widget)


class ReportForm(forms.Form):
    reason = forms.ChoiceField(label=gettext_lazy("What is wrong with it?"), choices=ReportReason)
    note = NoteField(label=gettext_lazy("Anything to add?"), max_length=300, required=False)
