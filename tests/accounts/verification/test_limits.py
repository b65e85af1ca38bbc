"""Limits of verification mails per network address, counted from the mail queue, also behind a proxy."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.verification import limits
from ictiger.mail.models import Mail
from tests.accounts.conftest import purposes
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PAGE = "/accounts/verification/"


def resend(client: Client, user: User, **headers: str):
    """Request one mail as `user`, who has no verified address."""
    client.force_login(user)
    return client.post(PAGE, {"action": "resend"}, headers=headers)


def make_newcomers(number: int) -> list[User]:
    return [make_user(verified=False) for _number in range(number)]


def test_a_client_gets_twenty_mails_an_hour_and_then_the_time_to_wait(client, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    assert [resend(client, user).status_code for user in make_newcomers(20)] == [302] * 20
    time_machine.shift(timedelta(minutes=20))

    response = resend(client, make_user(verified=False))

    assert response.status_code == 429
    assert (
        "Too many mails have been requested from your connection. Try again in 40 minutes."
        in response.content.decode()
    )
    assert response.headers["Retry-After"] == "2400"
    time_machine.shift(timedelta(minutes=40))
    assert resend(client, make_user(verified=False)).status_code == 302


def test_refused_requests_do_not_count(client, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    user = make_user(verified=False)
    for _number in range(25):
        resend(client, user)

    assert len(purposes()) == 1
    assert resend(client, make_user(verified=False)).status_code == 302


def test_signups_are_outside_the_limit_of_a_client(client, sign_up, monkeypatch):
    monkeypatch.setattr(limits, "CLIENT_LIMIT", 1)
    resend(client, make_user(verified=False))

    sign_up("anna@example.org")

    assert purposes(recipient="anna@example.org") == ["accounts/verification"]
    assert Mail.objects.get(recipient="anna@example.org").client == ""


def test_new_mails_for_expired_links_count(
    client, stranger, sign_up, mailbox, link_in, time_machine, monkeypatch
):
    monkeypatch.setattr(limits, "CLIENT_LIMIT", 1)
    sign_up("anna@example.org")
    link = link_in(mailbox("anna@example.org")[0])
    time_machine.move_to(timezone.now() + timedelta(days=15), tick=False)
    resend(client, make_user(verified=False))

    response = stranger.post(link, follow=True)

    assert (
        "Too many mails have been requested from your connection. Try again in 60 minutes."
        in response.content.decode()
    )


def test_change_of_a_verified_address_shows_a_message_when_no_mail_is_sent(reader, client, monkeypatch):
    client.force_login(reader)
    client.post("/accounts/reauthenticate/", {"password": "correct horse battery staple"})
    client.post("/accounts/email/", {"email": "new@example.org", "action_add": "1"})

    response = client.post("/accounts/email/", {"email": "new@example.org", "action_send": ""}, follow=True)

    assert "You can ask for another in 60 seconds." in response.content.decode()
    assert purposes(recipient="new@example.org") == ["accounts/verification"]


def test_mail_queue_does_not_store_the_network_address(client):
    resend(client, make_user(verified=False))

    assert "127.0.0.1" not in str(Mail.objects.values().get())


def test_clients_behind_one_proxy_have_separate_limits(client, settings, monkeypatch):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    monkeypatch.setattr(limits, "CLIENT_LIMIT", 1)
    first, second, third = make_newcomers(3)

    assert resend(client, first, x_forwarded_for="192.0.2.1").status_code == 302
    assert resend(client, second, x_forwarded_for="192.0.2.2").status_code == 302
    assert resend(client, third, x_forwarded_for="192.0.2.1").status_code == 429


def test_forwarded_entries_before_the_proxys_are_ignored(client, settings, monkeypatch):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    monkeypatch.setattr(limits, "CLIENT_LIMIT", 1)
    first, second = make_newcomers(2)

    resend(client, first, x_forwarded_for="192.0.2.7")

    assert resend(client, second, x_forwarded_for="198.51.100.1, 192.0.2.7").status_code == 429


def test_without_a_proxy_the_forwarded_header_is_ignored(client, settings, monkeypatch):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    monkeypatch.setattr(limits, "CLIENT_LIMIT", 1)
    first, second = make_newcomers(2)

    resend(client, first, x_forwarded_for="192.0.2.1")

    assert resend(client, second, x_forwarded_for="192.0.2.2").status_code == 429


def test_one_ipv6_network_is_one_client(rf, settings):
    near, near_too, far = (
        rf.get("/", REMOTE_ADDR=address) for address in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:1::1")
    )

    assert limits.client_hash(near) == limits.client_hash(near_too) != limits.client_hash(far)


def test_wrong_passwords_behind_a_proxy_lock_out_one_client_only(reader, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def log_in(address: str, password: str = "wrong password", email: str = "somebody@example.org"):
        fields = {"login": email, "password": password}
        return Client().post("/accounts/login/", fields, headers={"x-forwarded-for": address})

    for number in range(11):
        response = log_in("192.0.2.1", email=f"{number}@example.org")

    assert "Too many attempts." in response.content.decode()
    assert log_in("192.0.2.2", "correct horse battery staple", reader.email).status_code == 302
