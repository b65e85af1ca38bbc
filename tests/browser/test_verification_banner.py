"""The verification banner in a browser: it updates itself, its forms work in place, and it goes away in every
tab once the address is verified."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.utils import timezone

from accounts.verification.addresses import link_key
from ictiger.mail.models import Mail, MailState

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ADDRESS = "bea@example.org"
PASSWORD = "paper tigers do not crouch"
POLL_TIMEOUT = 10_000  # milliseconds; the script polls every five seconds


def banner_on(page: "Page") -> "Locator":
    return page.locator("[data-banner=verification]")


@pytest.fixture
def newcomer(browse: Callable[..., "Page"], live_site: str) -> Callable[..., "Page"]:
    """`newcomer(email)` signs up with that address and returns the page."""
    cache.clear()

    def sign_up(email: str = ADDRESS, **browser) -> "Page":
        page = browse(**browser)
        page.goto(f"{live_site}/accounts/signup/")
        page.locator("input[name=email]").fill(email)
        page.locator("input[name=password1]").fill(PASSWORD)
        page.locator("main form button").first.click()
        page.goto(f"{live_site}/accounts/me/")
        return page

    return sign_up


def mark_mails_sent() -> None:
    """Mark the mails as a worker does, two minutes after they were requested."""
    now = timezone.now()
    Mail.objects.update(state=MailState.SENT, sent_at=now, created_at=now - timedelta(minutes=2))


def open_second_tab(page: "Page", site: str) -> "Page":
    """A second tab of the same browser, on a public page, where the banner arrives with the personal
    fragment."""
    second_tab = page.context.new_page()
    second_tab.goto(f"{site}/")
    expect(banner_on(second_tab)).to_contain_text(ADDRESS)
    return second_tab


def confirm(page: "Page", site: str) -> None:
    page.goto(f"{site}/accounts/confirm-email/{link_key(EmailAddress.objects.get())}/")
    page.locator("main form button").click()


def test_verifying_removes_banner_in_every_tab(newcomer, live_site):
    page = newcomer()
    second_tab = open_second_tab(page, live_site)

    mail = page.context.new_page()
    confirm(mail, live_site)
    expect(mail.locator("h1")).to_have_text("This address is confirmed")

    page.bring_to_front()
    expect(banner_on(page)).to_have_count(0, timeout=POLL_TIMEOUT)
    second_tab.bring_to_front()
    expect(banner_on(second_tab)).to_have_count(0, timeout=POLL_TIMEOUT)


def test_verifying_elsewhere_removes_banner_in_every_logged_out_tab(newcomer, browse, live_site):
    page = newcomer()
    second_tab = open_second_tab(page, live_site)

    phone = browse(width=390)
    confirm(phone, live_site)
    expect(phone.locator("h1")).to_have_text("Set a new password")

    for tab in (page, second_tab):
        tab.bring_to_front()
        expect(tab.get_by_text("You have been logged out here")).to_be_visible(timeout=POLL_TIMEOUT)
        expect(banner_on(tab)).to_have_count(0)


def test_banner_shows_that_mail_was_sent(newcomer):
    page = newcomer()
    expect(banner_on(page)).to_have_attribute("data-state", "queued")

    mark_mails_sent()

    expect(banner_on(page)).to_have_attribute("data-state", "sent", timeout=POLL_TIMEOUT)
    expect(banner_on(page)).to_contain_text("Handed to the mail server at")


def test_send_again_counts_down_and_keeps_focus(newcomer):
    page = newcomer()
    mark_mails_sent()
    page.reload()

    page.get_by_role("button", name="Send again").click()

    expect(banner_on(page)).to_have_attribute("data-state", "queued")
    expect(page.get_by_role("button", name="Send again")).to_be_disabled()
    expect(page.locator("[data-wait-note]")).to_have_text(re.compile(r"possible in 5\d s"))
    expect(page.locator("[data-banner] [role=status]")).to_be_focused()
    assert Mail.objects.count() == 2


def test_address_is_changed_in_place(newcomer):
    page = newcomer()
    url = page.url

    page.get_by_text("This address is wrong").click()
    expect(page.get_by_label("New address")).to_be_focused()
    page.keyboard.type("no address")
    page.keyboard.press("Enter")
    expect(page.locator("#banner-email-error")).to_have_text("Enter a valid email address.")
    expect(page.get_by_label("New address")).to_be_focused()
    page.get_by_label("New address").fill("ben@example.org")
    page.keyboard.press("Enter")

    expect(page.locator(".banner-address")).to_have_text("ben@example.org")
    assert page.url == url
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["ben@example.org"]


def test_suggested_address_is_accepted_with_one_click(newcomer):
    page = newcomer("bea@gmial.com")

    page.get_by_role("button", name="Yes, change it").click()

    expect(page.locator(".banner-address")).to_have_text("bea@gmail.com")


def test_poll_keeps_the_address_being_typed(newcomer):
    page = newcomer()
    page.get_by_text("This address is wrong").click()
    page.keyboard.type("ben@exam")

    with page.expect_response("**/accounts/verification/", timeout=POLL_TIMEOUT):
        mark_mails_sent()
    page.keyboard.type("ple.org")

    expect(page.get_by_label("New address")).to_have_value("ben@example.org")


def test_buttons_work_without_javascript(newcomer):
    page = newcomer(javascript=False)

    page.get_by_role("button", name="Send again").click()
    expect(page.locator("main [role=alert]")).to_contain_text("You can ask for another in")
    page.get_by_label("New address").fill("ben@example.org")
    page.get_by_role("button", name="Change the address").click()

    expect(page.locator(".banner-address")).to_have_text("ben@example.org")
