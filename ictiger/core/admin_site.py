"""What the pages of the admin have in common."""

from collections.abc import Callable
from functools import wraps

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import DisallowedModelAdminToField
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

MAX_SEARCH_LENGTH = (
    100  # characters; each word is a condition for each field, and SQLite takes no thousand of them
)


class IctigerAdminSite(AdminSite):
    site_header = site_title = _("ICTiger desk")
    index_title = _("Overview")
    enable_nav_sidebar = False  # its room goes to the columns and to the text

    def admin_view(
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        return super().admin_view(_reject_malformed_admin_queries(view), cacheable)


def _reject_malformed_admin_queries(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What stands in an address and is a fault to Django. A pop-up names rows by a field: one that has no name. And a list is narrowed down
    to numbers: those that are larger than any that the database has.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR)):
            raise DisallowedModelAdminToField("a field without a name cannot be referenced")
        try:
            return view(request, *args, **kwargs)
        except (OverflowError, DataError) as error:
            if not request.GET:
                raise
            raise BadRequest(f"a query that the database cannot be asked: {error}") from error

    return answer


class SearchForm(ChangeListSearchForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR] = forms.CharField(required=False, strip=False, max_length=MAX_SEARCH_LENGTH)


class BoundedChangeList(ChangeList):
    search_form_class = SearchForm


class BoundedSearchMixin:
    """For a ModelAdmin with a search: one that is longer than any name or phrase is refused in words."""

    def get_changelist(self, request: HttpRequest, **kwargs) -> type[ChangeList]:
        return BoundedChangeList
