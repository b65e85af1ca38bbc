"""Searches in the admin that are longer than any name or phrase."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from ictiger.core.admin_site import MAX_SEARCH_LENGTH

OUR_APPS = {"accounts", "articles", "comments", "mail"}
SEARCHABLE = [
    model._meta
    for model in apps.get_models()
    if model._meta.app_label in OUR_APPS
    and admin.site.is_registered(model)
    and (admin.site.get_model_admin(model).search_fields or model.__name__ == "Comment")
]


@pytest.mark.parametrize("model", SEARCHABLE, ids=str)
@pytest.mark.parametrize(
    "search", ["a " * 3_000, "中 " * 3_000, "\x00"], ids=["letters", "ideographs", "nothing"]
)
def test_search_that_is_too_long_is_refused_with_a_message(admin_client, model, search):
    url = reverse(f"admin:{model.app_label}_{model.model_name}_changelist")
    response = admin_client.get(url, {"q": search})
    assert response.status_code == 200
    assert [str(message) for message in response.context["messages"]] != []


@pytest.mark.parametrize("model", SEARCHABLE, ids=str)
@pytest.mark.parametrize(
    "search",
    ["a " * (MAX_SEARCH_LENGTH // 2), '"' * 99, "%_" * (MAX_SEARCH_LENGTH // 2), '"a" AND NEAR(* ^ -'],
    ids=ascii,
)
def test_longest_allowed_search_is_executed(admin_client, model, search):
    url = reverse(f"admin:{model.app_label}_{model.model_name}_changelist")
    response = admin_client.get(url, {"q": search})
    assert response.status_code == 200
    assert list(response.context["messages"]) == []
