"""The forms of decisions and bans, for one comment or for several."""

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.utils.translation import gettext_lazy as _

from comments.forms import LineField, NoteField
from comments.models import MAX_NOTE_LENGTH, Reason
from comments.policy import ModerationAction

PERMANENT = 0
BAN_PERIODS = [
    (1, _("1 day")),
    (7, _("7 days")),
    (30, _("30 days")),
    (PERMANENT, _("for good")),
]


class MessageToAuthorForm(forms.Form):
    """The reason that the author is given, or a note in its place."""

    reason = forms.ModelChoiceField(
        label=_("Reason"),
        queryset=Reason.objects.active(),
        to_field_name="code",
        empty_label="—",
        required=False,
    )
    note = NoteField(label=_("In other words"), max_length=MAX_NOTE_LENGTH, required=False)

    @property
    def message(self) -> dict[str, str]:
        """The arguments `reason` and `note` of `services.decide()`."""
        reason = self.cleaned_data.get("reason")
        return {"reason": reason.code if reason else "", "note": self.cleaned_data.get("note", "")}


class DecisionForm(MessageToAuthorForm):
    """A decision about one comment, from its row. `seen` is the version token that the row showed,
    `last_report` the id of the newest report on it, 0 without one.
    """

    verb = forms.ChoiceField(choices=ModerationAction.choices)
    seen = forms.CharField(max_length=40)
    last_report = forms.IntegerField(min_value=0, max_value=2**63 - 1, required=False)
    take_over = forms.BooleanField(required=False)


class BanForm(forms.Form):
    """A ban of the author of one comment. `days` is PERMANENT for a ban without end."""

    days = forms.TypedChoiceField(label=_("For how long"), choices=BAN_PERIODS, coerce=int)
    why = LineField(label=_("Why, for moderators only"), max_length=300)


class BulkForm(ActionForm, MessageToAuthorForm):
    """A decision about several comments. `days` and `why` are for a ban alone."""

    days = forms.TypedChoiceField(
        label=_("Ban"), choices=BAN_PERIODS, coerce=int, empty_value=7, initial=7, required=False
    )
    why = LineField(label=_("Why"), max_length=300, required=False)

    field_order = ["action", "select_across", "reason", "note", "days", "why"]
