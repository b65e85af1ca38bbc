"""Accounts' pages in a browser, in both languages: nothing that the Content Security Policy refuses, nothing in somebody else's voice."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache

from accounts import login_codes
from accounts.models import User
from ictiger.mail.models import Mail
from tests.factories import PASSWORD, make_article

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ENTRANCES = ["login/", "signup/", "password/reset/", "login/code/"]
ROOMS = ["me/", "email/", "verification/", "password/change/", "sessions/"]
ROOMS += ["2fa/", "2fa/totp/activate/", "2fa/webauthn/", "2fa/webauthn/add/"]
FACTOR_ROOMS = ["2fa/", "2fa/recovery-codes/", "2fa/recovery-codes/generate/", "2fa/totp/deactivate/"]
NOT_OUR_VOICE = re.compile(
    "sign in|sign out|sign-in|two-factor|are you sure|successfully|reauthenticate", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def _no_limits_left_over():
    cache.clear()


@pytest.fixture
def complaints() -> Callable[["Page"], list[str]]:
    """`complaints(page)`: what the page's console says from now on, as errors and as refusals of the policy."""

    def listen(page: "Page") -> list[str]:
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: heard.append(str(error)))
        return heard

    return listen


def log_in(page: "Page", site: str, user: User) -> None:
    page.goto(f"{site}/accounts/login/")
    page.locator("input[name=login]").fill(user.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form.form button").first.click()
    page.wait_for_url(lambda url: "/login/" not in url)


def be_sure(page: "Page", site: str) -> None:
    """Give the password once more, as pages that change what protects the account ask for."""
    page.goto(f"{site}/accounts/reauthenticate/?next=/accounts/me/")
    expect(page.locator("h1")).to_have_text("Is it you?")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("h1")).to_have_text("Profile")


def look_at(page: "Page", site: str, rooms: list[str]) -> None:
    for prefix in ("", "/zh-hans"):
        for room in rooms:
            page.goto(f"{site}{prefix}/accounts/{room}")
            assert page.url == f"{site}{prefix}/accounts/{room}"
            expect(page.locator("h1")).to_have_count(1)
            text = page.locator("main").inner_text()
            assert not NOT_OUR_VOICE.search(text), (room, NOT_OUR_VOICE.search(text)[0])
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), room


def test_entrances(browse, live_site, complaints):
    page = browse(width=390)
    heard = complaints(page)

    look_at(page, live_site, ENTRANCES)

    assert heard == []


def test_rooms_of_a_reader(browse, live_site, complaints, reader):
    page = browse(width=390)
    heard = complaints(page)
    log_in(page, live_site, reader)
    be_sure(page, live_site)

    look_at(page, live_site, ROOMS)

    assert heard == []


def test_rooms_of_a_reader_with_a_second_factor(browse, live_site, complaints, reader):
    """Through the log-in's second step, which asks for the app's code."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(reader, secret)
    RecoveryCodes.activate(reader)
    page = browse(width=390)
    heard = complaints(page)
    log_in(page, live_site, reader)
    expect(page.locator("h1")).to_have_text("One more step")
    counter = next(totp.yield_hotp_counters_from_time())
    page.locator("input[name=code]").fill(totp.format_hotp_value(totp.hotp_value(secret, counter)))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="My comments")).to_be_visible()
    be_sure(page, live_site)

    look_at(page, live_site, FACTOR_ROOMS)

    assert heard == []


def test_login_by_code(browse, live_site, complaints, reader):
    page = browse()
    heard = complaints(page)
    page.goto(f"{live_site}/accounts/login/code/")
    page.locator("input[name=email]").fill(reader.email)
    page.get_by_role("button", name="Send the code").click()
    expect(page.locator("h1")).to_have_text("Enter the code")

    code = login_codes.login_code(Mail.objects.get(purpose="accounts/login_code").context["nonce"])
    page.locator("input[name=code]").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("link", name="My comments")).to_be_visible()
    assert heard == []


def test_passkey_is_added_and_opens_the_account(browse, live_site, complaints, reader):
    """With an authenticator that Chromium plays; and what was written before the log-in is there after it."""
    make_article("a-patent")
    page = browse()
    heard = complaints(page)
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": kind})
    log_in(page, live_site, reader)
    be_sure(page, live_site)
    page.goto(f"{live_site}/accounts/2fa/webauthn/add/")
    page.locator("input[name=passwordless]").check()
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_text("The key is added.")).to_be_visible()
    page.goto(f"{live_site}/accounts/logout/")
    page.locator("main form.form button").click()

    page.goto(f"{live_site}/articles/a-patent/comments/new/")
    page.locator("textarea[name=body]").fill("Before I logged in.")
    page.get_by_role("button", name="Post").click()
    page.locator("main").get_by_role("link", name="Log in").click()
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("link", name="My comments")).to_be_visible()
    expect(page.get_by_label("Post this?")).to_have_value("Before I logged in.")
    assert heard == []
