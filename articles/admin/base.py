"""The door through which the desk writes what shows on public pages."""

from django import forms
from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ictiger.core.admin_site import BoundedSearchMixin
from ictiger.pagecache.public_write import public_write as writing

from .fields import ADMIN_FORM_FIELDS


class ServiceErrorForm(forms.ModelForm):
    """A form that can be shown again with what was found out only when it was being saved."""

    refusal: ValidationError | None = None

    def clean(self) -> dict:
        cleaned = super().clean()
        if self.refusal is not None:
            for name, errors in _errors_by_field(self.refusal).items():
                self.add_error(name if name in self.fields else None, errors)
        return cleaned


def _errors_by_field(refusal: ValidationError) -> dict[str, list[ValidationError]]:
    return refusal.error_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.error_list}


class PublicModelAdmin(BoundedSearchMixin, admin.ModelAdmin):
    """An admin whose every write is one `change()`: one transaction, one outbox row, one purge.

    The form's view is a change as a whole, so that the object, its relations and its inlines are written together; the object itself is
    touched as it is about to be saved, while its relations are still what they were. When a service refuses to save, nothing has been
    written, and the form comes back with the reason beside its field and with everything that was typed.
    """

    form = ServiceErrorForm
    formfield_overrides = ADMIN_FORM_FIELDS

    class Media:
        css = {"all": ["css/admin/articles.css"]}

    def changeform_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)
        try:
            with writing():
                return super().changeform_view(request, *args, **kwargs)
        except ValidationError as refusal:
            request.refusal = refusal
        except IntegrityError:
            request.refusal = ValidationError(
                _("Another change was saved at the same moment. Look at it, and save again."), code="conflict"
            )
        return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, *args, **kwargs) -> type[forms.ModelForm]:
        form = super().get_form(request, *args, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def save_model(self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool) -> None:
        with writing(obj):
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list, change: bool) -> None:
        with writing(form.instance):
            super().save_related(request, form, formsets, change)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        with writing(obj):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        with writing(*queryset):
            super().delete_queryset(request, queryset)
