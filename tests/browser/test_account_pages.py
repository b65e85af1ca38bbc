"""Account pages in a browser, in both languages: nothing violates the Content Security Policy, and no page
uses allauth's own wording."""

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

ANONYMOUS_PAGES = ["login/", "signup/", "password/reset/", "login/code/"]
MEMBER_PAGES = ["me/", "email/", "verification/", "password/change/", "sessions/"]
MEMBER_PAGES += ["2fa/", "2fa/totp/activate/", "2fa/webauthn/", "2fa/webauthn/add/"]
SECOND_FACTOR_PAGES = ["2fa/", "2fa/recovery-codes/", "2fa/recovery-codes/generate/", "2fa/totp/deactivate/"]
LIBRARY_WORDING = re.compile(
    "sign in|sign out|sign-in|two-factor|are you sure|successfully|reauthenticate", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def _reset_rate_limits():
    cache.clear()


@pytest.fixture
def console_errors() -> Callable[["Page"], list[str]]:
    """`console_errors(page)` returns a list that collects the page's errors and policy violations from then
    on."""

    def listen(page: "Page") -> list[str]:
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return errors

    return listen


def log_in(page: "Page", site: str, user: User) -> None:
    page.goto(f"{site}/accounts/login/")
    page.locator("input[name=login]").fill(user.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form.form button").first.click()
    page.wait_for_url(lambda url: "/login/" not in url)


def reauthenticate(page: "Page", site: str) -> None:
    """Enter the password again, as pages that change security settings require."""
    page.goto(f"{site}/accounts/reauthenticate/?next=/accounts/me/")
    expect(page.locator("h1")).to_have_text("Is it you?")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("h1")).to_have_text("Profile")


def check_pages(page: "Page", site: str, paths: list[str]) -> None:
    for prefix in ("", "/zh-hans"):
        for path in paths:
            page.goto(f"{site}{prefix}/accounts/{path}")
            assert page.url == f"{site}{prefix}/accounts/{path}"
            expect(page.locator("h1")).to_have_count(1)
            text = page.locator("main").inner_text()
            assert not LIBRARY_WORDING.search(text), (path, LIBRARY_WORDING.search(text)[0])
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_anonymous_pages_are_clean(browse, live_site, console_errors):
    page = browse(width=390)
    errors = console_errors(page)

    check_pages(page, live_site, ANONYMOUS_PAGES)

    assert errors == []


def test_member_pages_are_clean(browse, live_site, console_errors, reader):
    page = browse(width=390)
    errors = console_errors(page)
    log_in(page, live_site, reader)
    reauthenticate(page, live_site)

    check_pages(page, live_site, MEMBER_PAGES)

    assert errors == []


def test_second_factor_pages_are_clean(browse, live_site, console_errors, reader):
    """With a log-in through the second step, which requires a code of the authenticator app."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(reader, secret)
    RecoveryCodes.activate(reader)
    page = browse(width=390)
    errors = console_errors(page)
    log_in(page, live_site, reader)
    expect(page.locator("h1")).to_have_text("One more step")
    counter = next(totp.yield_hotp_counters_from_time())
    page.locator("input[name=code]").fill(totp.format_hotp_value(totp.hotp_value(secret, counter)))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="My comments")).to_be_visible()
    reauthenticate(page, live_site)

    check_pages(page, live_site, SECOND_FACTOR_PAGES)

    assert errors == []


def test_login_by_code_is_clean(browse, live_site, console_errors, reader):
    page = browse()
    errors = console_errors(page)
    page.goto(f"{live_site}/accounts/login/code/")
    page.locator("input[name=email]").fill(reader.email)
    page.get_by_role("button", name="Send the code").click()
    expect(page.locator("h1")).to_have_text("Enter the code")

    code = login_codes.login_code(Mail.objects.get(purpose="accounts/login_code").context["nonce"])
    page.locator("input[name=code]").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("link", name="My comments")).to_be_visible()
    assert errors == []


def test_passkey_is_added_and_logs_in(browse, live_site, console_errors, reader):
    """With Chromium's virtual authenticator. A comment written before the log-in is still there after it."""
    make_article("a-patent")
    page = browse()
    errors = console_errors(page)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    log_in(page, live_site, reader)
    reauthenticate(page, live_site)
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
    assert errors == []
