"""The form of an article (its draft's text and the listing) and the formsets of its topics and bylines."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _

from articles.models import Article, Draft

from .base import ServiceErrorForm

SEARCH_ENGINES = ("seo_title", "seo_description", "canonical_url")


class StaleDraft(ValidationError):
    """Somebody else saved the draft after this form was opened. `version` is the draft's current version."""

    def __init__(self, message: str, version: str) -> None:
        super().__init__(message, code="overtaken")
        self.version = version


class ArticleForm(ServiceErrorForm):
    """The hidden field `version` is the version of the draft that the form was opened on.

    It keeps an editor from overwriting a text that they have not seen.
    """

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
            if self.instance.has_been_published and "slug" in self.fields:
                self.fields["slug"].announce_redirect()
        for name in self.fields.keys() & set(self._meta.fields):
            # A form opened earlier must not set back what another editor has set since.
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
    """Raise StaleDraft if the draft, locked by the caller, is not the version that the form was opened on."""
    opened_on = form.cleaned_data["version"]
    if opened_on == draft_version(draft) or not form.differs_from(draft):
        return
    newest = draft.history.select_related("history_user").order_by("-history_date", "-history_id").first()
    message = format_html(
        _(
            "While you were writing, {who} saved this draft (changed: {fields}). Your text is below and is "
            'not saved yet. <a href="{url}" target="_blank">Look at the history</a>, then save again: your '
            "text takes the place of theirs, which stays in the history."
        ),
        who=(newest and newest.history_user) or _("somebody else"),
        fields=", ".join(_fields_changed_since(draft, opened_on)) or "–",
        url=history_url,
    )
    raise StaleDraft(message, draft_version(draft))


def _fields_changed_since(draft: Draft, opened_on: str) -> list[str]:
    """Labels of the fields changed since the version the form was opened on; none if that is unknown."""
    try:
        moment = datetime.fromisoformat(opened_on)
    except ValueError:
        return []
    # simple_history dates a version a moment later than the draft's `updated_at`.
    later = draft.history.filter(history_date__gte=moment).order_by("history_date", "history_id").first()
    if later is None:
        return []
    return [
        str(draft._meta.get_field(name).verbose_name)
        for name in Draft.TEXT_FIELDS
        if later.serializable_value(name) != draft.serializable_value(name)
    ]


class ListingFormSet(BaseInlineFormSet):
    """Does not validate or save rows if none of them was changed: validation asks three queries a row."""

    def is_valid(self) -> bool:
        return self._is_unchanged or super().is_valid()

    def save(self, commit: bool = True) -> list[Model]:
        if not self._is_unchanged:
            return super().save(commit)
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []

    @cached_property
    def _is_unchanged(self) -> bool:
        return self.is_bound and self.management_form.is_valid() and not self.has_changed()


class BylineFormSet(ListingFormSet):
    """Puts new bylines without a position after the existing ones, in the order of the form."""

    def save_new(self, form: forms.ModelForm, commit: bool = True) -> Model:
        if not form.cleaned_data.get("position"):
            form.instance.position = (
                max((byline.position for byline in self.instance.bylines.all()), default=-1) + 1
            )
        return super().save_new(form, commit)


def user_byline(request: HttpRequest) -> list[dict]:
    """Initial data for the byline of a new article, if the user is an author."""
    profile = getattr(request.user, "author", None)
    return [{"author": profile.pk}] if profile else []
