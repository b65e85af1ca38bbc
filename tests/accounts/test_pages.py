"""Pages of accounts and allauth have our layout and fit the Content Security Policy, in both languages."""

import re

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import get_resolver

from accounts.models import User
from tests.factories import make_user

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db

ANONYMOUS_PAGES = [
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
MEMBER_PAGES = [
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
    """Our layout, and nothing that `default-src 'self'` refuses. A script of JSON is data: not run."""
    assert "<style" not in text
    assert not re.search(r"<[^>]+\sstyle=", text)
    assert not re.search(r"<[^>]+\son\w+=", text)
    assert "javascript:" not in text
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or DATA_BLOCK.match(script) or 'type="application/json"' in script
    assert '<main id="main"' in text
    assert text.count("<h1") == 1


@pytest.mark.parametrize("prefix", ["/", "/zh-hans/"])
@pytest.mark.parametrize("path", ANONYMOUS_PAGES)
def test_anonymous_pages(stranger, prefix, path):
    response = stranger.get(prefix + path)

    assert response.status_code == (404 if path.endswith("/x/") else 200)
    assert_clean(response.content.decode())


@pytest.fixture
def reauthenticated_client(reader, stranger):
    """The browser of a reader who has just given the password again."""
    stranger.force_login(reader)
    response = stranger.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert response.status_code == 302
    return stranger


@pytest.mark.parametrize("prefix", ["/", "/zh-hans/"])
@pytest.mark.parametrize("path", MEMBER_PAGES)
def test_member_pages(reauthenticated_client, prefix, path):
    response = reauthenticated_client.get(prefix + path, follow=True)

    assert response.status_code == 200
    assert_clean(response.content.decode())


@pytest.mark.parametrize("path", ["accounts/email/", "accounts/verification/"])
def test_pages_of_an_unverified_reader(unverified, client_of, path):
    assert_clean(client_of(unverified).get(f"/{path}", follow=True).content.decode())


def test_pages_with_a_second_factor(reauthenticated_client, reader, stranger):
    """The pages that exist only with an authenticator app, and the second step of the log-in."""
    TOTP.activate(reader, generate_totp_secret())
    RecoveryCodes.activate(reader)
    for path in (
        "accounts/2fa/",
        "accounts/2fa/totp/deactivate/",
        "accounts/2fa/recovery-codes/",
        "accounts/2fa/reauthenticate/",
    ):
        assert_clean(reauthenticated_client.get(f"/{path}", follow=True).content.decode())

    reauthenticated_client.post("/accounts/logout/")
    step = stranger.post("/accounts/login/", {"login": reader.email, "password": PASSWORD}, follow=True)
    assert step.redirect_chain[-1][0] == "/accounts/2fa/authenticate/"
    assert_clean(step.content.decode())


def test_content_security_policy_has_nothing_unsafe(stranger):
    policy = stranger.get("/accounts/login/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_pages_have_noindex(stranger):
    assert '<meta name="robots" content="noindex">' in stranger.get("/accounts/login/").content.decode()


def test_member_pages_redirect_anonymous_visitors_to_the_login(stranger):
    for path in (
        "accounts/me/",
        "accounts/me/data/",
        "accounts/me/delete/",
        "accounts/email/",
        "accounts/2fa/",
        "accounts/sessions/",
    ):
        assert stranger.get(f"/{path}").headers["Location"].startswith("/accounts/login/?next=/accounts/")


def test_confirmation_url_resolves_to_our_view():
    assert get_resolver().resolve("/accounts/confirm-email/x/").view_name == "accounts:confirm"


def test_email_page_lets_an_unverified_reader_change_the_address(unverified, client_of):
    client = client_of(unverified)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    response = client.post("/accounts/email/", {"email": "other@example.org", "action_add": "1"})

    assert response.status_code == 302
    unverified.refresh_from_db()
    assert unverified.email == "other@example.org"
    assert list(unverified.emailaddress_set.values_list("email", "primary")) == [("other@example.org", True)]


def test_email_page_asks_for_the_password_before_changing_a_verified_address(reader, client_of):
    response = client_of(reader).post("/accounts/email/", {"email": "other@example.org", "action_add": "1"})

    assert response.headers["Location"].startswith("/accounts/reauthenticate/")
    assert reader.emailaddress_set.count() == 1


def test_email_page_shows_both_addresses_until_the_new_one_is_verified(reauthenticated_client, reader):
    reauthenticated_client.post("/accounts/email/", {"email": "new@example.org", "action_add": "1"})

    text = reauthenticated_client.get("/accounts/email/").content.decode()
    assert "reader@example.org" in text
    assert "new@example.org" in text
    assert User.objects.get().email == "reader@example.org"


def test_email_page_can_cancel_a_change(reauthenticated_client, reader):
    reauthenticated_client.post("/accounts/email/", {"email": "new@example.org", "action_add": "1"})

    reauthenticated_client.post("/accounts/email/", {"email": "new@example.org", "action_remove": ""})

    assert list(reader.emailaddress_set.values_list("email", flat=True)) == ["reader@example.org"]
    assert User.objects.get().email == "reader@example.org"


def test_email_page_never_leaves_an_account_without_an_address(unverified, client_of):
    client = client_of(unverified)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    client.post("/accounts/email/", {"email": unverified.email, "action_remove": ""})

    unverified.refresh_from_db()
    assert unverified.email == "newcomer@example.org"
    assert unverified.emailaddress_set.count() == 1


def test_email_page_accepts_a_taken_address(reauthenticated_client):
    taken = make_user("taken@example.org")

    response = reauthenticated_client.post("/accounts/email/", {"email": taken.email, "action_add": "1"})

    assert response.status_code == 302
    assert taken.is_verified
