import re

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from accounts import login_codes
from accounts.models import User
from ictiger.mail.models import Mail
from tests.factories import make_user

from .conftest import PASSWORD, purposes

pytestmark = pytest.mark.django_db


def log_in(client: Client, email: str, password: str = PASSWORD, **fields):
    return client.post("/accounts/login/", {"login": email, "password": password, **fields})


def is_signed_in(client: Client) -> bool:
    return "Log out" in client.get("/me/bar/").content.decode()


def test_login_redirects_to_next(reader, stranger):
    response = log_in(stranger, reader.email, next="/articles/a/?x=1")

    assert response.headers["Location"] == "/articles/a/?x=1"
    assert is_signed_in(stranger)


@pytest.mark.parametrize("path", ["/", "/zh-hans/"])
def test_login_without_next_redirects_to_the_home_page_of_its_language(reader, stranger, path):
    response = stranger.post(f"{path}accounts/login/", {"login": reader.email, "password": PASSWORD})

    assert response.headers["Location"] == path


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "\x00/evil",
    ],
)
def test_login_never_redirects_to_another_site(reader, stranger, evil):
    response = log_in(stranger, reader.email, next=evil)

    assert response.headers["Location"] == "/"


def test_login_with_newlines_in_next_adds_no_header(reader, stranger):
    response = log_in(stranger, reader.email, next="/a/\r\nSet-Cookie: x=y")

    assert response.status_code == 302
    assert "x" not in response.cookies


def test_login_works_for_an_unverified_reader(unverified, stranger):
    log_in(stranger, unverified.email)

    assert is_signed_in(stranger)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("reader@example.org", "wrong password"),
        ("nobody@example.org", PASSWORD),
        ("reader@example.org", "x\x00y"),
    ],
)
def test_login_error_does_not_reveal_whether_the_account_exists(reader, stranger, email, password):
    text = log_in(stranger, email, password).content.decode()

    assert ("This address and this password do not match." in text) or (
        "Null characters are not allowed." in text
    )
    assert not is_signed_in(stranger)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"login": "reader@example.org"},
        {"password": PASSWORD},
        {"login": "a" * 5000, "password": "b" * 5000},
    ],
)
def test_login_with_missing_or_huge_fields_is_a_form_error(reader, stranger, fields):
    response = stranger.post("/accounts/login/", fields)

    assert response.status_code == 200
    assert 'class="field-error"' in response.content.decode()


def test_login_refuses_an_inactive_account(reader, stranger):
    User.objects.update(is_active=False)

    assert log_in(stranger, reader.email).headers["Location"] == "/accounts/inactive/"
    assert not is_signed_in(stranger)


@pytest.fixture
def hashed_passwords(monkeypatch) -> list[str]:
    """Every password that is hashed, which decides how long a log-in takes."""
    passwords: list[str] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, password, salt: passwords.append(password) or encode(self, password, salt),
    )
    return passwords


@pytest.mark.parametrize("others", [[], [True], [False], [True, False], [False] * 20, [True] + [False] * 20])
def test_login_hashes_two_passwords_however_many_accounts_an_address_has(stranger, hashed_passwords, others):
    for verified in others:
        make_user("crowd@example.org", verified=verified)
    hashed_passwords.clear()

    log_in(stranger, "crowd@example.org", "wrong password")

    assert hashed_passwords == ["wrong password"] * 2


def test_login_tries_the_verified_account_and_the_newest_unverified_one(hashed_passwords):
    for name, verified in {"older": False, "owner": True, "newer": False}.items():
        make_user("crowd@example.org", verified=verified, display_name=name)
        user = User.objects.latest("pk")
        user.set_password(f"password of {name}")
        user.save()

    users = [
        authenticate(email="Crowd@example.org", password=f"password of {name}")
        for name in ("older", "owner", "newer")
    ]

    assert [user and user.display_name for user in users] == [None, "owner", "newer"]


def test_thirty_wrong_passwords_lock_the_admin_login_too(editor, stranger):
    login_url = stranger.get("/admin/", follow=True).redirect_chain[-1][0]
    for _ in range(30):
        stranger.post(login_url, {"login": editor.email, "password": "wrong password"})

    response = stranger.post(login_url, {"login": editor.email, "password": PASSWORD})

    assert response.status_code == 429 or "Too many attempts." in response.content.decode()
    assert not is_signed_in(stranger)


def test_logout_needs_a_post_and_redirects_to_next(reader, client_of):
    client = client_of(reader)
    client.get("/accounts/logout/")
    assert is_signed_in(client)

    response = client.post("/accounts/logout/", {"next": "/articles/a/"})

    assert response.headers["Location"] == "/articles/a/"
    assert not is_signed_in(client)


def request_code(client: Client, email: str) -> str:
    client.post("/accounts/login/code/", {"email": email})
    return login_codes.login_code(Mail.objects.get(purpose="accounts/login_code").context["nonce"])


def test_login_by_code_works_with_the_code_of_the_mail(reader, stranger, mailbox):
    code = request_code(stranger, reader.email)
    assert code in mailbox(reader.email)[0].body

    stranger.post("/accounts/login/code/confirm/", {"code": code.lower().replace("-", " ")})

    assert is_signed_in(stranger)


def test_login_code_is_not_in_the_mail_queue(reader, stranger):
    code = request_code(stranger, reader.email)

    row = str(Mail.objects.values().get())
    assert code not in row
    assert code.replace("-", "") not in row


def test_login_code_mail_expires_with_the_code(reader, stranger, settings):
    request_code(stranger, reader.email)

    mail = Mail.objects.get()
    assert (
        round((mail.expires_at - mail.created_at).total_seconds()) == settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT
    )


def test_new_code_replaces_the_old_one(reader, stranger):
    stranger.post("/accounts/login/code/", {"email": reader.email})
    stranger.post("/accounts/login/code/confirm/", {"action": "resend"})
    first, second = (login_codes.login_code(mail.context["nonce"]) for mail in Mail.objects.order_by("pk"))

    stranger.post("/accounts/login/code/confirm/", {"code": first})
    assert not is_signed_in(stranger)
    stranger.post("/accounts/login/code/confirm/", {"code": second})
    assert is_signed_in(stranger)


def test_wrong_code_shows_an_error(reader, stranger):
    request_code(stranger, reader.email)

    response = stranger.post("/accounts/login/code/confirm/", {"code": "BBBB-BBBB"})

    assert "This is not the code we sent." in response.content.decode()


def test_code_for_an_unknown_address_looks_the_same_and_mails_a_notice(stranger, mailbox):
    response = stranger.post("/accounts/login/code/", {"email": "nobody@example.org"})

    assert response.headers["Location"] == "/accounts/login/code/confirm/"
    assert purposes() == ["accounts/unknown_account"]
    assert "no account has this address" in mailbox("nobody@example.org")[0].body


def test_code_is_not_sent_to_the_pending_address_of_a_verified_account(reader, stranger):
    reader.emailaddress_set.create(email="typo@example.org", verified=False, primary=False)

    stranger.post("/accounts/login/code/", {"email": "typo@example.org"})

    assert purposes() == ["accounts/unknown_account"]


def test_codes_have_the_format_and_differ():
    drawn = {login_codes.login_code(login_codes.new_nonce()) for _ in range(200)}

    assert len(drawn) == 200
    assert all(
        re.fullmatch(rf"[{login_codes.ALPHABET}]{{4}}-[{login_codes.ALPHABET}]{{4}}", code) for code in drawn
    )


def test_reachable_at_prefers_the_verified_account(db):
    make_user("anna@example.org", verified=False)
    owner = make_user("anna@example.org")
    make_user("anna@example.org", verified=False)

    assert User.objects.reachable_at("Anna@example.org") == owner


def test_reachable_at_takes_the_newest_of_unverified_accounts(db):
    make_user("anna@example.org", verified=False)
    newest = make_user("anna@example.org", verified=False)

    assert User.objects.reachable_at("anna@example.org") == newest


def test_reachable_at_ignores_an_inactive_account(db):
    make_user("anna@example.org", is_active=False)

    assert User.objects.reachable_at("anna@example.org") is None
