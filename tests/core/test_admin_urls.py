"""Malformed URLs of the admin: lists filtered by huge numbers, and pop-ups with an empty field name."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.urls import reverse

HUGE_NUMBER = "9" * 30
MODEL_ADMINS = [
    admin.site.get_model_admin(model) for model in apps.get_models() if admin.site.is_registered(model)
]


def url_name(model: type[models.Model]) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}"


def number_filters(model_admin: admin.ModelAdmin) -> Iterator[str]:
    """The query parameters by which a list can be filtered by a number."""
    yield "id__in"
    if model_admin.date_hierarchy:
        yield from (f"{model_admin.date_hierarchy}__{part}" for part in ("year", "month", "day"))
    for list_filter in model_admin.list_filter:
        name = list_filter[0] if isinstance(list_filter, tuple) else list_filter
        if isinstance(name, str) and model_admin.model._meta.get_field(name).is_relation:
            yield name


def test_list_filtered_by_a_huge_number_is_no_server_error(admin_client):
    urls = [
        (f"{url_name(model_admin.model)}_changelist", {name: HUGE_NUMBER})
        for model_admin in MODEL_ADMINS
        for name in number_filters(model_admin)
    ]
    assert len(urls) > 25
    statuses = {(name, *query): admin_client.get(reverse(name), query).status_code for name, query in urls}
    assert {url: status for url, status in statuses.items() if status not in (200, 302, 400, 403)} == {}


@pytest.mark.parametrize("kind", ["change", "delete"])
def test_pop_up_with_an_empty_field_name_is_refused(admin_client, kind):
    statuses = {
        admin_client.get(
            reverse(f"{url_name(model_admin.model)}_{kind}", args=["1"]), {"_to_field": ""}
        ).status_code
        for model_admin in MODEL_ADMINS
    }
    assert statuses == {400}
    assert admin_client.get("/admin/", {"_to_field": "id"}).status_code == 200
