"""Valid addresses of every script work from sign-up to the mail server; invalid ones show an error."""

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.test import Client

from accounts.models import User
from accounts.verification import blocks
from ictiger.mail.models import Mail, MailState
from tests.accounts.conftest import PASSWORD, purposes

pytestmark = pytest.mark.django_db

LONGEST = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.eu"


@pytest.mark.parametrize(
    ("typed", "normalized"),
    [
        ("用户@例子.公司", "用户@例子.公司"),
        ("用户@xn--fsqu00a.xn--55qx5d", "用户@例子.公司"),
        ("संपर्क@डाटामेल.भारत", "संपर्क@डाटामेल.भारत"),
        ("jose\u0301@example.org", "josé@example.org"),
        ("ДМИТРИЙ@example.org", "дмитрий@example.org"),
        ('"a,b@c"@example.org', '"a,b@c"@example.org'),
        ("o'brien+x@example.org", "o'brien+x@example.org"),
        (LONGEST.ljust(254, "u")[:254], None),
    ],
)
def test_address_works_from_signup_to_reset(sign_up, stranger, mailbox, typed, normalized):
    """Sign up, send a mail, log in with the address as it was typed, and reset the password."""
    normalized = normalized or typed
    sign_up(typed)

    assert User.objects.get().email == User.objects.get().emailaddress_set.get().email == normalized
    assert (Mail.objects.get().recipient, Mail.objects.get().state) == (normalized, MailState.QUEUED)
    assert normalized in mailbox(normalized)[0].body
    assert Client().post("/accounts/login/", {"login": typed, "password": PASSWORD}).status_code == 302
    stranger.post("/accounts/password/reset/", {"email": typed})
    assert purposes(recipient=normalized) == ["accounts/verification", "accounts/password_reset"]


@pytest.mark.parametrize(
    "typed",
    [
        "anna\r\nBcc: x@example.org",
        "an\r\nna@example.org",
        '"an\r\nna"@example.org',
        '"an\x07na"@example.org',
        "a,b@example.org",
        "a b@example.org",
        "a\u3000b@example.org",
        "an\u200bna@example.org",
        "anna\u202e@example.org",
        "\ud83d@example.org",
        ".anna@example.org",
        "an..na@example.org",
        "anna@",
        "@example.org",
        "anna@example",
        "anna@-example.org",
        "<anna@example.org>",
        "anna@example.org,boris@example.org",
        "anna@[192.0.2.1]",
        "anna@[IPv6:2001:db8::1]",
        "anna@localhost",
        "=?utf-8?b?yq==?=用@example.org",
        '"=?utf-8?q?a?="@example.org',
    ],
)
def test_invalid_address_is_refused(typed):
    with pytest.raises(ValidationError):
        validate_email(typed)


@pytest.mark.parametrize(
    "path", ["/accounts/signup/", "/accounts/login/", "/accounts/password/reset/", "/accounts/login/code/"]
)
@pytest.mark.parametrize(
    "typed", ["an\r\nna@example.org", "a,b@example.org", "x" * 300 + "@example.org", "@", '"@example.org']
)
def test_every_form_shows_an_error_for_an_invalid_address(stranger, path, typed):
    field = "login" if path.endswith("/login/") else "email"

    response = stranger.post(path, {field: typed, "password": PASSWORD, "password1": PASSWORD})

    assert response.status_code == 200
    assert 'class="field-error"' in response.content.decode()
    assert purposes() == []


def test_banner_explains_that_the_mail_server_takes_no_international_addresses(sign_up):
    client = sign_up("用户@example.org")
    Mail.objects.update(
        state=MailState.REFUSED, reply="this mail server takes no international addresses (SMTPUTF8)"
    )

    assert (
        "Our mail server can only deliver to addresses whose part before the @"
        in client.get("/accounts/verification/").content.decode()
    )


@pytest.mark.parametrize(
    ("typed", "address"), [("s＠qq.com", "s@qq.com"), ("s@qq。com", "s@qq.com"), ("s@qq.com。", "s@qq.com")]
)
def test_full_width_signs_are_read_as_ordinary_ones_and_that_is_told(sign_up, typed, address):
    client = sign_up(typed)

    user = User.objects.get()
    assert (user.email, user.emailaddress_set.get().email, user.emailaddress_set.get().primary) == (
        address,
        address,
        True,
    )
    assert Mail.objects.get().recipient == address
    page = client.get("/accounts/verification/").content.decode()
    assert f"We have read it as {address}." in page


@pytest.mark.parametrize("typed", ["s@qq.com，", "s@qq.com！", "s@qq.com）", "s@qq.com…", "s@qq.com："])
def test_punctuation_after_an_address_is_refused_on_every_form(stranger, unverified, client_of, typed):
    for path in ("/accounts/signup/", "/accounts/password/reset/", "/accounts/login/code/"):
        response = stranger.post(path, {"email": typed, "password1": PASSWORD})
        assert "not the name of a mail server" in response.content.decode(), path
    response = client_of(unverified).post("/accounts/verification/", {"action": "change", "email": typed})
    assert "not the name of a mail server" in response.content.decode()
    assert User.objects.get() == unverified
    assert purposes() == []


def test_mail_goes_to_the_domain_that_was_typed_and_both_spellings_are_one_account(sign_up, mailbox):
    """faß.example and fass.example belong to different people."""
    sign_up("anna@faß.example")

    message = mailbox("anna@faß.example")[0]
    assert message.recipient == "anna@xn--fa-hia.example"
    data = {"login": "Anna@xn--fa-hia.example", "password": PASSWORD}
    assert Client().post("/accounts/login/", data).status_code == 302
    data = {"login": "anna@fass.example", "password": PASSWORD}
    assert Client().post("/accounts/login/", data).status_code == 200


def test_a_block_of_a_mailbox_holds_however_its_address_is_spelt(stranger):
    blocks.block_mailbox("anna@xn--fa-hia.example")

    for typed in ("anna@faß.example", "ANNA＠faß.example", "anna@xn--fa-hia.example"):
        response = stranger.post("/accounts/signup/", {"email": typed, "password1": PASSWORD})
        assert "has asked us not to send mail there" in response.content.decode(), typed


@pytest.mark.parametrize("typed", ["s@gmаil.com", "s@ԛԛ.com"])
def test_domain_that_passes_for_another_is_refused_for_new_addresses(stranger, unverified, client_of, typed):
    response = stranger.post("/accounts/signup/", {"email": typed, "password1": PASSWORD})
    assert "imitates another domain" in response.content.decode()
    response = client_of(unverified).post("/accounts/verification/", {"action": "change", "email": typed})
    assert "imitates another domain" in response.content.decode()


def test_the_box_leaves_the_domain_as_it_was_typed(stranger, unverified, client_of):
    """Browsers rewrite what is in a box of the type email by the rules of 2003."""
    pages = [
        stranger.get(f"/accounts/{name}/") for name in ("signup", "login", "password/reset", "login/code")
    ]
    pages.append(client_of(unverified).get("/accounts/verification/"))
    for page in pages:
        assert 'type="email"' not in page.content.decode()
        assert 'inputmode="email"' in page.content.decode()
