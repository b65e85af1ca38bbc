"""Searches at the desk that are longer than anything they could find."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from ictiger.core.admin_site import MAX_SEARCH_LENGTH

OURS = {"accounts", "articles", "comments", "mail"}
LISTS = [
    model._meta
    for model, at_the_desk in admin.site._registry.items()
    if model._meta.app_label in OURS and (at_the_desk.search_fields or model.__name__ == "Comment")
]


@pytest.fixture
def desk(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", None))
    return client


@pytest.mark.parametrize("model", LISTS, ids=str)
@pytest.mark.parametrize(
    "words", ["a " * 3_000, "中 " * 3_000, "\x00"], ids=["letters", "ideographs", "nothing"]
)
def test_search_without_end_is_refused_in_words(desk, model, words):
    response = desk.get(reverse(f"admin:{model.app_label}_{model.model_name}_changelist"), {"q": words})
    assert response.status_code == 200
    assert [str(message) for message in response.context["messages"]] != []


@pytest.mark.parametrize("model", LISTS, ids=str)
@pytest.mark.parametrize(
    "words",
    ["a " * (MAX_SEARCH_LENGTH // 2), '"' * 99, "%_" * (MAX_SEARCH_LENGTH // 2), '"a" AND NEAR(* ^ -'],
    ids=ascii,
)
def test_longest_search_that_is_taken_is_no_fault(desk, model, words):
    response = desk.get(reverse(f"admin:{model.app_label}_{model.model_name}_changelist"), {"q": words})
    assert response.status_code == 200
    assert list(response.context["messages"]) == []
