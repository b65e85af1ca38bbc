"""The base of every admin whose model shows on public pages: each of its writes is one `public_write()`."""

from collections.abc import Iterable
from copy import copy

from django import forms
from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from articles.models import FormerSlug, SlugRedirect
from ictiger.core.admin_site import BoundedSearchMixin
from ictiger.pagecache.public_write import PublicWrite, public_write

from .fields import ADMIN_FORM_FIELDS


class ServiceErrorForm(forms.ModelForm):
    """A form that can be shown again with an error that only saving revealed."""

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
    """An admin whose every write is one `public_write()`: one transaction, one outbox row, one purge.

    The whole view of a submitted form is one write, so that the object and its inlines are saved together.
    The object is touched before it is saved, while its relations are still the old ones. When a service
    refuses to save, nothing is written and the form is shown again with the typed text and the reason beside
    its field.
    """

    form = ServiceErrorForm
    formfield_overrides = ADMIN_FORM_FIELDS
    # Set on the copy that serves one submitted form.
    write: PublicWrite
    refusal: ValidationError | None = None

    class Media:
        css = {"all": ["css/admin/articles.css"]}

    def changeform_view(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)
        submission = copy(self)
        try:
            with public_write() as submission.write:
                return super(PublicModelAdmin, submission).changeform_view(request, *args, **kwargs)
        except ValidationError as refusal:
            submission.refusal = refusal
        except IntegrityError:
            submission.refusal = ValidationError(
                _("Another change was saved at the same moment. Look at it, and save again."), code="conflict"
            )
        return super(PublicModelAdmin, submission).changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, *args, **kwargs) -> type[forms.ModelForm]:
        form = super().get_form(request, *args, **kwargs)
        form.refusal = self.refusal
        return form

    def save_model(self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool) -> None:
        self.write.touch(obj)
        super().save_model(request, obj, form, change)

    def get_deleted_objects(self, objs: Iterable[Model], request: HttpRequest) -> tuple:
        """Redirects are deleted with what they lead to, although nobody may delete one by itself."""
        to_delete, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        redirects = {model._meta.verbose_name for model in (SlugRedirect, FormerSlug)}
        return to_delete, counts, perms_needed - redirects, protected

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        with public_write(obj):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        with public_write(*queryset):
            super().delete_queryset(request, queryset)
