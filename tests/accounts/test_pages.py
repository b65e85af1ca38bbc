"""Every page of accounts and allauth: ours in look, clean under the Content Security Policy, in both languages."""

import re

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import get_resolver

from accounts.models import User
from tests.factories import make_user

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db

STRANGERS_PAGES = [
    "accounts/login/",
    "accounts/signup/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    "accounts/password/reset/key/done/",
    "accounts/password/reset/key/1-x/",
    "accounts/login/code/",
    "accounts/confirm-email/",
    "accounts/confirm-email/x/",
    "accounts/not-me/x/",
    "accounts/inactive/",
]
READERS_PAGES = [
    "accounts/me/",
    "accounts/me/delete/",
    "accounts/verification/",
    "accounts/waiting/",
    "accounts/logout/",
    "accounts/email/",
    "accounts/password/change/",
    "accounts/reauthenticate/",
    "accounts/sessions/",
    "accounts/2fa/",
    "accounts/2fa/totp/activate/",
    "accounts/2fa/recovery-codes/generate/",
    "accounts/2fa/webauthn/",
    "accounts/2fa/webauthn/add/",
    "accounts/2fa/webauthn/reauthenticate/",
]
DATA_BLOCK = re.compile(r'<script[^>]*type="application/json"[^>]*>')


def assert_clean(text: str) -> None:
    """Nothing that `default-src 'self'` would refuse, and our frame around it. A script of JSON is data: nothing runs."""
    assert "<style" not in text
    assert not re.search(r"<[^>]+\sstyle=", text)
    assert not re.search(r"<[^>]+\son\w+=", text)
    assert "javascript:" not in text
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or DATA_BLOCK.match(script) or 'type="application/json"' in script
    assert '<main id="main"' in text
    assert text.count("<h1") == 1


@pytest.mark.parametrize("prefix", ["/", "/zh-hans/"])
@pytest.mark.parametrize("path", STRANGERS_PAGES)
def test_strangers_pages(stranger, prefix, path):
    response = stranger.get(prefix + path)

    assert response.status_code == (404 if path.endswith("/x/") else 200)
    assert_clean(response.content.decode())


@pytest.fixture
def sure_reader(reader, stranger):
    """A reader who has just given the password again."""
    stranger.force_login(reader)
    response = stranger.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert response.status_code == 302
    return stranger


@pytest.mark.parametrize("prefix", ["/", "/zh-hans/"])
@pytest.mark.parametrize("path", READERS_PAGES)
def test_readers_pages(sure_reader, prefix, path):
    response = sure_reader.get(prefix + path, follow=True)

    assert response.status_code == 200
    assert_clean(response.content.decode())


@pytest.mark.parametrize("path", ["accounts/email/", "accounts/verification/"])
def test_pages_of_an_unverified_reader(unverified, client_of, path):
    assert_clean(client_of(unverified).get(f"/{path}", follow=True).content.decode())


def test_pages_with_a_second_factor(sure_reader, reader, stranger):
    """The pages that only exist once an authenticator app was added, and the log-in's second step."""
    TOTP.activate(reader, generate_totp_secret())
    RecoveryCodes.activate(reader)
    for path in (
        "accounts/2fa/",
        "accounts/2fa/totp/deactivate/",
        "accounts/2fa/recovery-codes/",
        "accounts/2fa/reauthenticate/",
    ):
        assert_clean(sure_reader.get(f"/{path}", follow=True).content.decode())

    sure_reader.post("/accounts/logout/")
    step = stranger.post("/accounts/login/", {"login": reader.email, "password": PASSWORD}, follow=True)
    assert step.redirect_chain[-1][0] == "/accounts/2fa/authenticate/"
    assert_clean(step.content.decode())


def test_policy_is_sent_and_names_nothing_unsafe(stranger):
    policy = stranger.get("/accounts/login/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_pages_of_accounts_are_not_for_search_engines(stranger):
    assert '<meta name="robots" content="noindex">' in stranger.get("/accounts/login/").content.decode()


def test_every_reader_page_is_closed_to_strangers(stranger):
    for path in (
        "accounts/me/",
        "accounts/me/data/",
        "accounts/me/delete/",
        "accounts/email/",
        "accounts/2fa/",
        "accounts/sessions/",
    ):
        assert stranger.get(f"/{path}").headers["Location"].startswith("/accounts/login/?next=/accounts/")


def test_confirmation_page_is_ours_and_not_allauths():
    assert get_resolver().resolve("/accounts/confirm-email/x/").view_name == "accounts:confirm"


# --- allauth's e-mail page, which would otherwise break our rule that an account has an address -------------------------------------------


def test_email_page_lets_an_unverified_reader_change_the_address(unverified, client_of):
    client = client_of(unverified)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    response = client.post("/accounts/email/", {"email": "other@example.org", "action_add": "1"})

    assert response.status_code == 302
    unverified.refresh_from_db()
    assert unverified.email == "other@example.org"
    assert list(unverified.emailaddress_set.values_list("email", "primary")) == [("other@example.org", True)]


def test_email_page_asks_for_the_password_before_a_proven_address_changes(reader, client_of):
    response = client_of(reader).post("/accounts/email/", {"email": "other@example.org", "action_add": "1"})

    assert response.headers["Location"].startswith("/accounts/reauthenticate/")
    assert reader.emailaddress_set.count() == 1


def test_email_page_keeps_the_proven_address_until_the_new_one_is_proven(sure_reader, reader):
    sure_reader.post("/accounts/email/", {"email": "new@example.org", "action_add": "1"})

    text = sure_reader.get("/accounts/email/").content.decode()
    assert "reader@example.org" in text
    assert "new@example.org" in text
    assert User.objects.get().email == "reader@example.org"


def test_email_page_can_give_up_a_change(sure_reader, reader):
    sure_reader.post("/accounts/email/", {"email": "new@example.org", "action_add": "1"})

    sure_reader.post("/accounts/email/", {"email": "new@example.org", "action_remove": ""})

    assert list(reader.emailaddress_set.values_list("email", flat=True)) == ["reader@example.org"]
    assert User.objects.get().email == "reader@example.org"


def test_email_page_never_leaves_an_account_without_an_address(unverified, client_of):
    client = client_of(unverified)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    client.post("/accounts/email/", {"email": unverified.email, "action_remove": ""})

    unverified.refresh_from_db()
    assert unverified.email == "newcomer@example.org"
    assert unverified.emailaddress_set.count() == 1


def test_email_page_takes_a_taken_address_without_a_word(sure_reader):
    taken = make_user("taken@example.org")

    response = sure_reader.post("/accounts/email/", {"email": taken.email, "action_add": "1"})

    assert response.status_code == 302
    assert taken.is_verified
