"""What can stand in the desk's addresses: narrowed lists and pop-ups that nobody has chosen from a page."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User

LARGE = "9" * 30
LISTS = list(admin.site._registry.items())


@pytest.fixture
def desk(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", None))
    return client


def name_of(model) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}"


def numbers_of(at_the_desk: admin.ModelAdmin) -> Iterator[str]:
    """By what a list can be narrowed down to a number."""
    yield "id__in"
    yield from (
        f"{at_the_desk.date_hierarchy}__{part}"
        for part in ("year", "month", "day")
        if at_the_desk.date_hierarchy
    )
    for one in at_the_desk.list_filter:
        name = one[0] if isinstance(one, tuple) else one
        if isinstance(name, str) and at_the_desk.model._meta.get_field(name).is_relation:
            yield name


def test_number_larger_than_any_is_no_fault_of_ours(desk):
    asked = [
        (f"{name_of(model)}_changelist", {query: LARGE})
        for model, at_the_desk in LISTS
        for query in numbers_of(at_the_desk)
    ]
    assert len(asked) > 25
    statuses = {(name, *query): desk.get(reverse(name), query).status_code for name, query in asked}
    assert {where: status for where, status in statuses.items() if status not in (200, 302, 400, 403)} == {}


@pytest.mark.parametrize("kind", ["change", "delete"])
def test_pop_up_whose_field_has_no_name_is_refused(desk, kind):
    statuses = {
        model: desk.get(reverse(f"{name_of(model)}_{kind}", args=["1"]), {"_to_field": ""}).status_code
        for model, _ in LISTS
    }
    assert set(statuses.values()) == {400}
    assert desk.get("/admin/", {"_to_field": "id"}).status_code == 200
