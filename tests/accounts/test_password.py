from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from ictiger.mail.models import Mail
from tests.factories import make_user

from .conftest import PASSWORD, purposes

pytestmark = pytest.mark.django_db

RESET = "/accounts/password/reset/"
NEW = "an entirely new password"


@pytest.fixture
def reset_link(stranger, mailbox, link_in):
    """`reset_link(email)` requests a reset and returns the path of the page that its mail leads to."""

    def request_reset(email: str) -> str:
        stranger.post(RESET, {"email": email})
        return stranger.get(link_in(mailbox(email)[-1])).headers["Location"]

    return request_reset


def test_reset_sets_the_password_logs_in_and_notifies_the_owner(reader, stranger, reset_link, mailbox):
    response = stranger.post(reset_link(reader.email), {"password1": NEW, "password2": NEW})

    assert response.headers["Location"] == "/"
    reader.refresh_from_db()
    assert reader.check_password(NEW)
    assert stranger.session["_auth_user_id"] == str(reader.pk)
    assert "The password of your account was reset" in mailbox(reader.email)[-1].body


def test_reset_link_works_once(reader, stranger, reset_link, mailbox, link_in):
    page = reset_link(reader.email)
    link = link_in(mailbox(reader.email)[0])
    stranger.post(page, {"password1": NEW, "password2": NEW})

    assert Mail.objects.filter(purpose="accounts/password_reset").count() == 1
    # Composed again, the mail has a new link; the old one must be invalid for a thief who has stored it.
    used = stranger.get(link)
    assert link != link_in(mailbox(reader.email)[0])
    assert "This link no longer works" in used.content.decode()


def test_reset_is_open_to_an_unverified_address_and_verifies_it(unverified, stranger, reset_link):
    stranger.post(reset_link(unverified.email), {"password1": NEW, "password2": NEW})

    assert unverified.is_verified


def test_unfinished_reset_verifies_nothing(unverified, stranger, reset_link):
    stranger.get(reset_link(unverified.email))

    assert not unverified.is_verified


def test_reset_of_several_unverified_accounts_sends_one_mail(stranger):
    make_user("anna@example.org", verified=False)
    newest = make_user("anna@example.org", verified=False)

    stranger.post(RESET, {"email": "anna@example.org"})

    assert Mail.objects.get().context == {"user": newest.pk}


def test_reset_is_not_sent_to_the_pending_address_of_a_verified_account(reader, stranger):
    reader.emailaddress_set.create(email="typo@example.org", verified=False, primary=False)

    stranger.post(RESET, {"email": "typo@example.org"})

    assert purposes() == ["accounts/unknown_account"]


def test_reset_page_is_the_same_whether_or_not_the_account_exists(reader, stranger):
    existing = stranger.post(RESET, {"email": reader.email}, follow=True)
    missing = stranger.post(RESET, {"email": "nobody@example.org"}, follow=True)

    assert existing.content == missing.content
    assert "If the address belongs to an account" in existing.content.decode()


def test_reset_mail_is_cancelled_when_the_address_was_deleted(unverified, stranger, mailbox):
    stranger.post(RESET, {"email": unverified.email})
    unverified.emailaddress_set.all().delete()

    assert mailbox(unverified.email) == []


def test_reset_link_is_invalid_after_a_change_of_address(unverified, stranger, mailbox, link_in, client_of):
    stranger.post(RESET, {"email": unverified.email})
    link = link_in(mailbox(unverified.email)[0])
    client_of(unverified).post("/accounts/verification/", {"action": "change", "email": "other@example.org"})

    assert "This link no longer works" in stranger.get(link).content.decode()


def test_reset_link_is_in_the_owners_language(stranger, mailbox, link_in):
    owner = make_user("owner@example.org", language="zh-hans")

    stranger.post(RESET, {"email": owner.email})

    assert link_in(mailbox(owner.email)[0]).startswith("/zh-hans/accounts/password/reset/key/")


@pytest.mark.parametrize("key", ["x", "1-abc", "zzzzzzzzzzzzzzzzzzzz-set-password", "1-读者"])
def test_altered_reset_link_shows_an_error(stranger, key):
    if "-" not in key:
        assert stranger.get(f"{RESET}key/{key}/").status_code == 404
        return
    assert "This link no longer works" in stranger.get(f"{RESET}key/{key}/").content.decode()


@pytest.mark.parametrize("email", ["", "nobody", "x\x00@example.org"])
def test_reset_refuses_an_invalid_address(stranger, email):
    response = stranger.post(RESET, {"email": email})

    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()
    assert purposes() == []


def test_too_many_resets_are_429(reader, stranger):
    statuses = [stranger.post(RESET, {"email": reader.email}).status_code for _ in range(6)]

    assert statuses == [302] * 5 + [429]


@pytest.mark.parametrize(
    ("path", "limit"), [(RESET, 60), ("/accounts/login/code/", 60), ("/accounts/signup/", 100)]
)
def test_mails_to_unknown_addresses_are_limited_per_network_address(time_machine, path, limit):
    """The limit of 20 a minute alone would allow 1,200 an hour."""
    time_machine.move_to(timezone.now(), tick=False)
    for number in range(limit + 1):
        if number % 20 == 0:
            time_machine.shift(timedelta(seconds=61))
        Client().post(path, {"email": f"stranger-{number}@example.org", "password1": PASSWORD})

    assert Mail.objects.count() == limit


def test_change_notifies_the_owner_by_mail_in_their_language(client_of, mailbox):
    owner = make_user("owner@example.org", language="zh-hans")

    client_of(owner).post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    )

    assert User.objects.get().check_password(NEW)
    assert purposes() == ["accounts/security_notice"]
    assert "/zh-hans/accounts/password/reset/" in mailbox(owner.email)[0].body


def test_change_refuses_a_wrong_old_password(reader, client_of):
    response = client_of(reader).post(
        "/accounts/password/change/", {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    )

    assert "This is not your current password." in response.content.decode()
    assert not User.objects.get().check_password(NEW)
