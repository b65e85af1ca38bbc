"""The form of an article: the text of its draft, and what is set on the article itself."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from articles.models import Article, Draft

from .base import ServiceErrorForm

SEARCH_ENGINES = ("seo_title", "seo_description", "canonical_url")


class StaleDraft(ValidationError):
    """Somebody else saved the draft after this form was opened. `version` is what the draft is at now."""

    def __init__(self, message: str, version: str) -> None:
        super().__init__(message, code="overtaken")
        self.version = version


class ArticleForm(ServiceErrorForm):
    """`version` says which state of the draft the form was opened on, so that nobody saves over what they have not seen."""

    version = forms.CharField(label="", required=False, widget=forms.HiddenInput)
    translation_of = forms.ModelChoiceField(
        Article.objects.all(), label="", required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            draft = self.instance.draft
            stored = {name: draft.serializable_value(name) for name in Draft.TEXT_FIELDS}
            self.initial = {**stored, "version": draft_version(draft), **self.initial}
        for name in self.fields.keys() & set(self._meta.fields):
            # What another editor has set meanwhile is not set back by a form that was opened before.
            self.fields[name].show_hidden_initial = True
        if isinstance(self.refusal, StaleDraft):
            self.data = self.data.copy()
            self.data[self.add_prefix("version")] = self.refusal.version

    @property
    def text(self) -> dict[str, object]:
        return {name: self.cleaned_data[name] for name in Draft.TEXT_FIELDS}

    @property
    def changed_options(self) -> dict[str, object]:
        return {
            name: self.cleaned_data[name]
            for name in self._meta.fields
            if name in self.changed_data and name != "language"
        }

    def differs_from(self, draft: Draft) -> bool:
        return any(getattr(draft, name) != value for name, value in self.text.items())


def draft_version(draft: Draft) -> str:
    return draft.updated_at.isoformat()


def reject_stale_draft(draft: Draft, form: ArticleForm, history_url: str) -> None:
    """Raise Overtaken when `draft`, read under its article's lock, is not what the form was opened on."""
    opened_on = form.cleaned_data["version"]
    if opened_on == draft_version(draft) or not form.differs_from(draft):
        return
    newest = draft.history.select_related("history_user").order_by("-history_date", "-history_id").first()
    message = format_html(
        _(
            "While you were writing, {who} saved this draft (changed: {fields}). Your text is below and is not saved yet. "
            '<a href="{url}" target="_blank">Look at the history</a>, then save again: your text takes the place of theirs, '
            "which stays in the history."
        ),
        who=(newest and newest.history_user) or _("somebody else"),
        fields=", ".join(_fields_changed_since(draft, opened_on)) or "–",
        url=history_url,
    )
    raise StaleDraft(message, draft_version(draft))


def _fields_changed_since(draft: Draft, opened_on: str) -> list[str]:
    """The names of the fields that differ from the version the form was opened on; none when that version is not known."""
    try:
        moment = datetime.fromisoformat(opened_on)
    except ValueError:
        return []
    # A version is kept a moment after the draft's own time of saving.
    later = draft.history.filter(history_date__gte=moment).order_by("history_date", "history_id").first()
    if later is None:
        return []
    return [
        str(draft._meta.get_field(name).verbose_name)
        for name in Draft.TEXT_FIELDS
        if later.serializable_value(name) != draft.serializable_value(name)
    ]


class BylineFormSet(BaseInlineFormSet):
    """New bylines follow those that are there, in the order of the form."""

    def save_new(self, form: forms.ModelForm, commit: bool = True):
        if not form.cleaned_data.get("position"):
            form.instance.position = (
                max((byline.position for byline in self.instance.bylines.all()), default=-1) + 1
            )
        return super().save_new(form, commit)


def user_byline(request: HttpRequest) -> list[dict]:
    """The byline that somebody who is an author themselves will want on a new article."""
    profile = getattr(request.user, "author", None)
    return [{"author": profile.pk}] if profile else []
