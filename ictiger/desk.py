"""What the lists of the admin have in common."""

from django import forms
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.http import HttpRequest

LONGEST_SEARCH = 100  # characters; each word is a condition for each field, and SQLite takes no thousand of them


class SearchForm(ChangeListSearchForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR] = forms.CharField(required=False, strip=False, max_length=LONGEST_SEARCH)


class List(ChangeList):
    search_form_class = SearchForm


class BoundedSearch:
    """For a ModelAdmin with a search: one that is longer than any name or phrase is refused in words."""

    def get_changelist(self, request: HttpRequest, **kwargs) -> type[ChangeList]:
        return List
