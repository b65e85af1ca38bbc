from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail as outbox
from django.test import Client

from accounts.models import User
from ictiger.mail.models import Mail
from tests.factories import make_user

from .conftest import PASSWORD, purposes

pytestmark = pytest.mark.django_db


def test_signup_logs_in_and_shows_the_unverified_address(sign_up):
    client = sign_up("anna@example.org")

    bar = client.get("/me/bar/").content.decode()

    assert 'data-banner="verification"' in bar
    assert '<strong class="banner-address">anna@example.org</strong>' in bar
    assert "Log out" in bar


def test_signup_queues_one_mail_and_sends_none(sign_up):
    sign_up("anna@example.org")

    assert purposes(recipient="anna@example.org") == ["accounts/verification"]
    assert Mail.objects.get().state == "queued"
    assert outbox.outbox == []


def test_signup_creates_one_primary_unverified_address(sign_up):
    sign_up("Anna@Example.ORG")

    user = User.objects.get()
    assert user.email == "anna@example.org"
    assert list(user.emailaddress_set.values_list("email", "verified", "primary")) == [
        ("anna@example.org", False, True)
    ]


@pytest.mark.parametrize(
    ("path", "language"), [("/accounts/signup/", "en"), ("/zh-hans/accounts/signup/", "zh-hans")]
)
def test_signup_saves_the_language_of_its_page(sign_up, path, language):
    sign_up("anna@example.org", path=path)

    assert User.objects.get().language == language
    assert Mail.objects.get().language == language


def test_signup_redirects_to_next(stranger):
    response = stranger.post(
        "/accounts/signup/", {"email": "anna@example.org", "password1": PASSWORD, "next": "/articles/a/"}
    )

    assert response.headers["Location"] == "/articles/a/"


def test_signup_stores_no_link_key_in_the_mail_queue(sign_up, mailbox, link_in):
    sign_up("anna@example.org")

    key = link_in(mailbox("anna@example.org")[0]).split("/")[-2]
    row = Mail.objects.values().get()
    assert len(key) > 40
    assert key not in str(row)


def test_signup_with_a_taken_address_looks_the_same(reader, sign_up):
    taken, free = sign_up(reader.email), sign_up("free@example.org")

    def banner(client, address):
        text = client.get("/accounts/verification/").content.decode()
        return text[text.index("<aside") : text.index("</aside>")].replace(address, "ADDRESS")

    def shape(text):
        return [
            line
            for line in text.splitlines()
            if "csrf" not in line and "<time" not in line and "wait" not in line
        ]

    assert shape(banner(taken, reader.email)) == shape(banner(free, "free@example.org"))


def test_signup_with_a_taken_address_mails_its_owner_instead(sign_up, mailbox):
    owner = make_user("owner@example.org", language="zh-hans")

    sign_up(owner.email)

    (message,) = mailbox(owner.email)
    assert purposes() == ["accounts/account_exists"]
    assert Mail.objects.get().language == "zh-hans"
    assert "/zh-hans/accounts/login/" in message.body
    assert "confirm-email" not in message.body


@pytest.mark.parametrize(
    ("path", "fields"), [("signup/", {"password1": PASSWORD}), ("password/reset/", {}), ("login/code/", {})]
)
def test_forms_do_the_same_work_for_a_taken_and_a_free_address(reader, monkeypatch, path, fields):
    """One hash at sign-up, none elsewhere, one mail each: neither response nor time differs."""
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, password, salt: hashed.append(password) or encode(self, password, salt),
    )
    outcomes = []
    for email in (reader.email, "nobody@example.org"):
        hashed.clear()
        response = Client().post(f"/accounts/{path}", {"email": email, **fields})
        outcomes.append(
            (
                response.status_code,
                response.headers["Location"],
                len(hashed),
                Mail.objects.filter(recipient=email).count(),
            )
        )

    assert outcomes[0] == outcomes[1]
    assert outcomes[0][3] == 1


def test_login_works_with_two_unverified_accounts_of_one_address(sign_up, stranger):
    """The newest account opens; the older one is refused until its own link has verified the address."""
    sign_up("anna@example.org")
    stranger.post("/accounts/signup/", {"email": "anna@example.org", "password1": "another long password"})
    stranger.post("/accounts/logout/")

    older = stranger.post("/accounts/login/", {"login": "anna@example.org", "password": PASSWORD})
    newest = stranger.post(
        "/accounts/login/", {"login": "anna@example.org", "password": "another long password"}
    )

    assert "This address and this password do not match." in older.content.decode()
    assert newest.status_code == 302
    stranger.post("/accounts/logout/")
    User.objects.earliest("pk").emailaddress_set.update(verified=True)
    assert (
        stranger.post("/accounts/login/", {"login": "anna@example.org", "password": PASSWORD}).status_code
        == 302
    )


def test_signup_within_a_minute_of_another_sends_no_second_mail(sign_up):
    sign_up("anna@example.org")

    second = sign_up("anna@example.org")

    assert len(purposes(recipient="anna@example.org")) == 1
    banner = second.get("/accounts/verification/").content.decode()
    assert 'data-state="none"' in banner
    assert "is not confirmed yet, and no mail is on its way." in banner


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "This field is required."),
        ({"email": "anna@example.org"}, "This field is required."),
        ({"email": "anna", "password1": PASSWORD}, "Enter a valid email address."),
        ({"email": "an\x00na@example.org", "password1": PASSWORD}, "Enter a valid email address."),
        (
            {"email": "anna@example.org", "password1": "nul\x00 in a long password"},
            "Null characters are not allowed.",
        ),
        (
            {"email": "anna@example.org", "password1": "short"},
            "This password is too short. It must contain at least 10 characters.",
        ),
        ({"email": "anna@example.org", "password1": "1234567890"}, "This password is entirely numeric."),
        (
            {"email": "anna.larsen@example.org", "password1": "anna.larsen@example.org"},
            "too similar to the e-mail address",
        ),
        (
            {"email": f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.org", "password1": PASSWORD},
            "at most 254 characters",
        ),
        (
            {"email": "anna@exa\ud800mple.org", "password1": PASSWORD},
            "The part after @ is not the name of a mail server.",
        ),
    ],
)
def test_signup_with_invalid_fields_shows_errors_and_creates_nothing(stranger, fields, error):
    body = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()})

    response = stranger.post("/accounts/signup/", body, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 200
    assert error in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert User.objects.count() == 0


def test_signup_form_repeats_the_address_after_an_invalid_password(stranger):
    response = stranger.post("/accounts/signup/", {"email": "anna@example.org", "password1": "short"})

    assert 'value="anna@example.org"' in response.content.decode()


@pytest.mark.parametrize("typed", ["anna@例子.中国", "anna@xn--fsqu00a.xn--fiqs8s", "ANNA@例子.中国"])
def test_signup_normalizes_a_chinese_domain(sign_up, typed):
    sign_up(typed)

    assert User.objects.get().email == "anna@例子.中国"


def test_signup_over_the_rate_limit_is_429_in_the_language_of_the_page(stranger, settings):
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
    stranger.post("/zh-hans/accounts/signup/", {})

    response = stranger.post("/zh-hans/accounts/signup/", {})

    assert response.status_code == 429
    assert 'lang="zh-hans"' in response.content.decode()


def test_signup_takes_at_most_25_queries(sign_up, stranger, django_assert_max_num_queries):
    """From the POST to the redirect, with the savepoints inside the test's transaction."""
    sign_up("first@example.org")
    stranger.get("/accounts/signup/")

    with django_assert_max_num_queries(25):
        response = stranger.post("/accounts/signup/", {"email": "anna@example.org", "password1": PASSWORD})

    assert response.status_code == 302
    assert purposes(recipient="anna@example.org") == ["accounts/verification"]
