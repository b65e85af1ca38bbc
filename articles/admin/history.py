"""The history of a text: its versions, what has changed since each, and restoring one."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Field, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from ictiger.core.text_diff import DiffPart, diff_texts

VERSIONS_PER_PAGE = 20


@dataclass
class FieldChange:
    label: str
    old: str
    new: str

    @cached_property
    def blocks(self) -> list[list[DiffPart]]:
        return diff_texts(self.old, self.new)


class TextHistoryMixin(admin.ModelAdmin):
    """Shows the versions of the text at Django's history URL, in place of the admin log.

    A subclass sets `text_fields` and `text_model` and implements `restore`.
    """

    text_fields: tuple[str, ...] = ()
    text_model: type[Model]

    def text_of(self, obj: Model) -> Model:
        """The instance of `text_model` whose history is shown."""
        return obj

    def restore(self, request: HttpRequest, obj: Model, version: Model) -> None:
        """Make the text of `version` the current one. Raises ValidationError if a service refuses it."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.version_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_version"
        return [path("<path:object_id>/history/<int:version_id>/", view, name=name), *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict | None = None
    ) -> HttpResponse:
        obj = self._get_viewable(request, object_id)
        page = Paginator(self._versions(obj), VERSIONS_PER_PAGE).get_page(request.GET.get("p"))
        # The last version of the page is compared with the first of the next page.
        next_version = self._versions(obj)[page.end_index() : page.end_index() + 1]
        versions = [*page.object_list, *next_version]
        for version, before in pairwise([*versions, None]):
            version.is_first = before is None
            version.changed = self._differences(before, version) if before else []
        context = {
            **self._history_context(request, obj),
            "title": _("History: %(title)s") % {"title": obj},
            "page_obj": page,
            "newest": page.object_list[0].pk if page.number == 1 and page.object_list else None,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/articles/text_history.html", context)

    def version_view(self, request: HttpRequest, object_id: str, version_id: int) -> HttpResponse:
        obj = self._get_viewable(request, object_id)
        version = self._versions(obj).filter(pk=version_id).first()
        if version is None:
            raise Http404
        if request.method == "POST":
            return self._restore_and_return(request, obj, version)
        context = {
            **self._history_context(request, obj),
            "title": _("A version of: %(title)s") % {"title": obj},
            "version": version,
            "changes": self._differences(version, self.text_of(obj)),
            "can_restore": self.has_change_permission(request, obj),
            "keeps_address": version.slug != obj.slug and getattr(obj, "has_been_published", True),
        }
        return TemplateResponse(request, "admin/articles/text_version.html", context)

    def _restore_and_return(self, request: HttpRequest, obj: Model, version: Model) -> HttpResponse:
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        try:
            self.restore(request, obj, version)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            self.log_change(request, obj, _("Restored an earlier version."))
            self.message_user(
                request,
                _("The earlier version is back. The one it replaces is kept in the history."),
                messages.SUCCESS,
            )
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])
        )

    def _get_viewable(self, request: HttpRequest, object_id: str) -> Model:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        return obj

    def _versions(self, obj: Model) -> QuerySet:
        return (
            self.text_of(obj).history.select_related("history_user").order_by("-history_date", "-history_id")
        )

    def _differences(self, before: Model, after: Model) -> list[FieldChange]:
        """One entry for each text field that differs."""
        changes = []
        for name in self.text_fields:
            field = self.text_model._meta.get_field(name)
            old, new = getattr(before, field.attname), getattr(after, field.attname)
            if old != new:
                changes.append(
                    FieldChange(
                        capfirst(field.verbose_name), _display_value(field, old), _display_value(field, new)
                    )
                )
        return changes

    def _history_context(self, request: HttpRequest, obj: Model) -> dict:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": obj,
            "original": obj,
            "module_name": capfirst(self.opts.verbose_name_plural),
            "version_url_name": f"admin:{self.opts.app_label}_{self.opts.model_name}_version",
        }


def _display_value(field: Field, value: object) -> str:
    """A field's value as text; for a picture, its description."""
    if value is None:
        return ""
    if field.is_relation:
        return str(
            field.related_model._base_manager.filter(pk=value).first() or _("a picture that has been deleted")
        )
    return str(value)
