"""Simultaneous requests. SQLite serializes its writers, so these tests need PostgreSQL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.verification import addresses as verification
from ictiger.mail.models import Mail
from tests.factories import make_user

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL's concurrent writers"),
]


def run_together(*functions: Callable) -> list:
    """Start all functions together, each with its own database connection, and return their results."""
    start = threading.Barrier(len(functions))

    def run(function: Callable) -> object:
        try:
            start.wait(timeout=10)
            return function()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def confirm_path(address: EmailAddress) -> str:
    return reverse("account_confirm_email", args=[verification.link_key(address)])


def test_simultaneous_resends_queue_one_mail():
    user = make_user(verified=False)
    clients = [signed_in(user) for _ in range(4)]

    statuses = run_together(
        *(
            lambda client=client: client.post("/accounts/verification/", {"action": "resend"}).status_code
            for client in clients
        )
    )

    assert sorted(statuses) == [302, 429, 429, 429]
    assert Mail.objects.count() == 1


def test_simultaneous_confirmations_of_one_address_leave_one_owner():
    paths = [
        confirm_path(make_user("anna@example.org", verified=False).emailaddress_set.get()) for _ in range(4)
    ]

    statuses = run_together(*(lambda path=path: Client().post(path).status_code for path in paths))

    assert set(statuses) <= {302, 200}  # confirmed, or the page that says that another account has it
    assert EmailAddress.objects.filter(verified=True).count() == 1


def test_change_of_address_during_a_confirmation_does_not_verify_the_new_one():
    user = make_user("anna@example.org", verified=False)
    path, client = confirm_path(user.emailaddress_set.get()), signed_in(user)

    run_together(
        lambda: Client().post(path),
        lambda: client.post("/accounts/verification/", {"action": "change", "email": "bea@example.org"}),
    )

    user.refresh_from_db()
    addresses = dict(user.emailaddress_set.values_list("email", "verified"))
    assert not addresses.get("bea@example.org")
    assert user.email in addresses


def test_simultaneous_signups_with_one_address_all_succeed():
    fields = {"email": "anna@example.org", "password1": "correct horse battery staple"}

    statuses = run_together(
        *(lambda: Client().post("/accounts/signup/", fields).status_code for _ in range(4))
    )

    assert statuses == [302] * 4
    assert User.objects.filter(email="anna@example.org").count() == 4
