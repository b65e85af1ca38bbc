"""Two requests at the same moment. SQLite lets writers in one by one; here a server with real concurrency decides."""

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


def at_once(*functions: Callable) -> list:
    """What each function returned; all start together, each on a database connection of its own."""
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


def test_two_clicks_on_send_again_are_one_mail():
    user = make_user(verified=False)
    clients = [signed_in(user) for _ in range(4)]

    answers = at_once(
        *(
            lambda client=client: client.post("/accounts/verification/", {"action": "resend"}).status_code
            for client in clients
        )
    )

    assert sorted(answers) == [302, 429, 429, 429]
    assert Mail.objects.count() == 1


def test_two_accounts_that_confirm_one_address_at_once_leave_one_owner():
    paths = [
        confirm_path(make_user("anna@example.org", verified=False).emailaddress_set.get()) for _ in range(4)
    ]

    answers = at_once(*(lambda path=path: Client().post(path).status_code for path in paths))

    assert set(answers) <= {302, 200}  # confirmed, or told that another account has it
    assert EmailAddress.objects.filter(verified=True).count() == 1


def test_an_address_changed_while_its_old_link_is_used_is_never_confirmed_unseen():
    user = make_user("anna@example.org", verified=False)
    path, client = confirm_path(user.emailaddress_set.get()), signed_in(user)

    at_once(
        lambda: Client().post(path),
        lambda: client.post("/accounts/verification/", {"action": "change", "email": "bea@example.org"}),
    )

    user.refresh_from_db()
    addresses = dict(user.emailaddress_set.values_list("email", "verified"))
    assert not addresses.get("bea@example.org")
    assert user.email in addresses


def test_two_signups_with_one_address_at_once_both_succeed():
    fields = {"email": "anna@example.org", "password1": "correct horse battery staple"}

    answers = at_once(*(lambda: Client().post("/accounts/signup/", fields).status_code for _ in range(4)))

    assert answers == [302] * 4
    assert User.objects.filter(email="anna@example.org").count() == 4
