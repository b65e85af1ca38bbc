"""The admin site, with bounds on what its URLs and searches may contain."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import DisallowedModelAdminToField
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

# Characters. Each word is a condition for each field, and SQLite refuses a thousand conditions.
MAX_SEARCH_LENGTH = 100


class IctigerAdminSite(AdminSite):
    site_header = site_title = _("ICTiger desk")
    index_title = _("Overview")
    enable_nav_sidebar = False  # leaves its width to the columns and the text

    def get_urls(self) -> list[Any]:
        """Django's, but *View on site* leads only to what this person may see at the desk: its own view gives
        anybody there the address, and so the title, of every draft.
        """
        urls = super().get_urls()
        for url in urls:
            if getattr(url, "name", "") == "view_on_site":
                url.callback = self.admin_view(self.view_on_site)
        return urls

    def view_on_site(self, request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponse:
        content_type = ContentType.objects.filter(pk=_small_number(content_type_id)).first()
        model = content_type.model_class() if content_type else None
        if model is None or model not in self._registry:
            raise Http404
        model_admin = self._registry[model]
        obj = model_admin.get_object(request, object_id)
        if obj is None or not hasattr(obj, "get_absolute_url"):
            raise Http404
        if not model_admin.has_view_permission(request, obj):
            raise PermissionDenied
        return redirect(obj.get_absolute_url())

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(_reject_malformed_admin_queries(view), cacheable)


def _small_number(text: str) -> int:
    """The number that `text` is; 0, which is nobody's key, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _reject_malformed_admin_queries(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 400 where Django would fail with 500.

    That is, for a pop-up whose `_to_field` is empty, and for a list filtered by a number that is larger than
    any the database can hold.
    """

    @wraps(view)
    def wrapped_view(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR)):
            raise DisallowedModelAdminToField("a field without a name cannot be referenced")
        try:
            return view(request, *args, **kwargs)
        except (OverflowError, DataError) as error:
            if not request.GET:
                raise
            raise BadRequest(f"the database cannot execute this query: {error}") from error

    return wrapped_view


class SearchForm(ChangeListSearchForm):
    """The search form of a list, with a bound on the length of the search."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR] = forms.CharField(required=False, strip=False, max_length=MAX_SEARCH_LENGTH)


class BoundedChangeList(ChangeList):
    """A list that answers a search beyond MAX_SEARCH_LENGTH with a message."""

    search_form_class = SearchForm


class BoundedSearchMixin:
    """For a ModelAdmin with `search_fields`: use BoundedChangeList."""

    def get_changelist(self, request: HttpRequest, **kwargs) -> type[ChangeList]:
        return BoundedChangeList
