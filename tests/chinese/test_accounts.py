"""Account pages, the banner and mails contain no English text for Chinese users."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from accounts.verification import addresses
from comments.policy import State
from ictiger.mail.composers import compose_message
from ictiger.mail.models import Mail, MailState
from tests.accounts.test_emails import queue_all
from tests.factories import PASSWORD, make_comment, make_user

from .english_text import assert_chinese, english_in

pytestmark = pytest.mark.django_db


ANONYMOUS_PAGES = [
    "login/",
    "signup/",
    "password/reset/",
    "password/reset/done/",
    "password/reset/key/done/",
    "login/code/",
    "inactive/",
]
INVALID_LINKS = ["password/reset/key/1-x/", "confirm-email/x/"]
MEMBER_PAGES = [
    "me/",
    "me/delete/",
    "verification/",
    "logout/",
    "email/",
    "password/change/",
    "reauthenticate/",
    "sessions/",
    "2fa/",
    "2fa/totp/activate/",
    "2fa/webauthn/",
    "2fa/webauthn/add/",
    "2fa/webauthn/reauthenticate/",
]


@pytest.fixture
def reauthenticated_client(client_of) -> Callable[[User], Client]:
    """`reauthenticated_client(user)`: a client that has just entered the user's password again."""

    def sign_in(user: User) -> Client:
        client = client_of(user)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        return client

    return sign_in


@pytest.mark.parametrize("path", ANONYMOUS_PAGES)
def test_anonymous_pages(stranger, path):
    assert_chinese(stranger.get(f"/zh-hans/accounts/{path}"))


@pytest.mark.parametrize("path", INVALID_LINKS)
def test_invalid_links(stranger, path):
    assert_chinese(stranger.get(f"/zh-hans/accounts/{path}"), status=None)


@pytest.mark.parametrize("path", MEMBER_PAGES)
@pytest.mark.parametrize("user_fixture", ["reader", "unverified", "editor"])
def test_member_pages(request, reauthenticated_client, user_fixture, path):
    response = reauthenticated_client(request.getfixturevalue(user_fixture)).get(
        f"/zh-hans/accounts/{path}", follow=True
    )
    assert_chinese(response)


def test_second_factor_pages(reauthenticated_client, reader):
    client = reauthenticated_client(reader)
    TOTP.activate(reader, generate_totp_secret())
    RecoveryCodes.activate(reader)
    for path in (
        "2fa/",
        "2fa/totp/deactivate/",
        "2fa/recovery-codes/",
        "2fa/recovery-codes/generate/",
        "2fa/reauthenticate/",
    ):
        assert_chinese(client.get(f"/zh-hans/accounts/{path}"))
    stranger = Client()
    assert_chinese(
        stranger.post("/zh-hans/accounts/login/", {"login": reader.email, "password": PASSWORD}, follow=True)
    )
    assert_chinese(stranger.post("/zh-hans/accounts/2fa/authenticate/", {"code": "000000"}))


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("login/", {}),
        ("login/", {"login": "nobody@example.org", "password": "wrong"}),
        ("signup/", {}),
        ("signup/", {"email": "not an address", "password1": "12345"}),
        ("signup/", {"email": "somebody@example", "password1": "somebody@example"}),
        ("signup/", {"email": f"{'x' * 250}@example.org", "password1": "password1234567890"}),
        ("password/reset/", {"email": ""}),
        ("login/code/", {"email": "?"}),
    ],
)
def test_errors_of_anonymous_forms(stranger, path, fields):
    assert_chinese(stranger.post(f"/zh-hans/accounts/{path}", fields))


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("password/change/", {"oldpassword": "wrong", "password1": "short", "password2": "other"}),
        ("email/", {"action_add": "", "email": "reader@example.org"}),
        ("2fa/totp/activate/", {"code": "000000"}),
        ("2fa/webauthn/add/", {}),
        *(
            ("me/", {"display_name": name, "language": "xx"})
            for name in ("a\u200bb", "...", "a@b", "Аdam", "admin", "x" * 50)
        ),
    ],
)
def test_errors_of_member_forms(reauthenticated_client, reader, path, fields):
    assert_chinese(reauthenticated_client(reader).post(f"/zh-hans/accounts/{path}", fields))


def test_too_many_attempts(stranger):
    fields = {"login": "nobody@example.org", "password": "wrong"}
    responses = [stranger.post("/zh-hans/accounts/login/", fields) for _time in range(31)]
    for response in responses[:1] + responses[-1:]:
        assert_chinese(response, status=None)


def test_messages(stranger, client_of, reader):
    """Messages shown on the page after an action."""
    newcomer = {"email": "new@example.org", "password1": PASSWORD}
    assert_chinese(stranger.post("/zh-hans/accounts/signup/", newcomer, follow=True))
    assert_chinese(stranger.post("/zh-hans/accounts/logout/", follow=True))
    assert_chinese(stranger.get("/zh-hans/me/bar/"))
    assert_chinese(stranger.post("/zh-hans/accounts/login/code/", {"email": reader.email}, follow=True))
    client = client_of(reader)
    fields = {"oldpassword": PASSWORD, "password1": PASSWORD * 2, "password2": PASSWORD * 2}
    assert_chinese(client.post("/zh-hans/accounts/password/change/", fields, follow=True))
    assert_chinese(
        client.post("/zh-hans/accounts/me/", {"display_name": "李读者", "language": "zh-hans"}, follow=True)
    )
    client.post("/zh-hans/accounts/me/delete/")
    assert_chinese(client.get("/zh-hans/me/bar/"))


# --- the banner and the links of mails ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "fields"),
    [
        (MailState.QUEUED, {}),
        (MailState.QUEUED, {"attempts": 2, "reply": "451 4.7.1 greylisted"}),
        (MailState.SENT, {"sent_at": timezone.now(), "reply": "250 ok"}),
        *((MailState.REFUSED, {"reply": f"550 {code} no"}) for code in ("5.1.1", "5.2.2", "5.7.1", "5.9.9")),
        (MailState.REFUSED, {"reply": "not an address"}),
        (MailState.REFUSED, {"reply": "the mail server does not know SMTPUTF8"}),
        (MailState.EXPIRED, {"attempts": 9}),
        (MailState.CANCELLED, {}),
    ],
)
def test_verification_banner(stranger, state, fields):
    stranger.post("/zh-hans/accounts/signup/", {"email": "anna@gmial.com", "password1": PASSWORD})
    Mail.objects.update(state=state, **fields)
    assert_chinese(stranger.get("/zh-hans/me/bar/"))
    assert_chinese(stranger.get("/zh-hans/accounts/verification/"))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "resend"},
        {"action": "change", "email": "?"},
        {"action": "change", "email": "o@example.org"},
    ],
)
def test_verification_forms(stranger, fields):
    stranger.post("/zh-hans/accounts/signup/", {"email": "anna@example.org", "password1": PASSWORD})
    for _time in range(2):
        assert_chinese(stranger.post("/zh-hans/accounts/verification/", fields, follow=True), status=None)


@pytest.mark.parametrize("days", [0, 20])
def test_links_in_verification_mail(article, unverified, client_of, stranger, days):
    """Valid, used and expired links, opened by an anonymous visitor, by the address's user and by another
    user."""
    make_comment(article, author=unverified, state=State.UNVERIFIED, body="请先看这一条。")
    address = unverified.emailaddress_set.get()
    with (
        time_machine.travel(timezone.now() - timedelta(days=days), tick=False),
        translation.override("zh-hans"),
    ):
        confirm = reverse("accounts:confirm", args=[addresses.link_key(address)])
        not_me = reverse("accounts:not_me", args=[addresses.not_me_key(address)])
    own_client = client_of(unverified)
    for path in (confirm, not_me):
        for client in (stranger, client_of(make_user()), own_client):
            assert_chinese(client.get(path), status=None)
    for path in (confirm, not_me):
        assert_chinese(own_client.post(path, follow=True), status=None)
        assert_chinese(stranger.get(path), status=None)


def test_content_written_before_verification(article, client_of, unverified):
    make_comment(article, author=unverified, state=State.UNVERIFIED, body="请先看这一条。")
    User.objects.filter(pk=unverified.pk).update(pending_content_unconfirmed=True)
    for path in ("me/bar/", "accounts/waiting/"):
        assert_chinese(client_of(unverified).get(f"/zh-hans/{path}"))


def test_mails():
    for mail in queue_all("zh-hans"):
        message = compose_message(mail)
        for html in (message.subject, message.body, message.alternatives[0][0]):
            assert (mail.purpose, english_in(html)) == (mail.purpose, [])
