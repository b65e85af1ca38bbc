"""The banner in a browser: it tells the truth by itself, is mended in place, and goes in every tab once the address is confirmed."""

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
SECRET = "paper tigers do not crouch"
SOON = 10_000  # ms; the script asks every five seconds


def banner_of(page: "Page") -> "Locator":
    return page.locator("[data-banner=verification]")


@pytest.fixture
def newcomer(browse: Callable[..., "Page"], live_site: str) -> Callable[..., "Page"]:
    """`newcomer(email)`: a page on which somebody has just signed up."""
    cache.clear()

    def sign_up(email: str = ADDRESS, **browser) -> "Page":
        page = browse(**browser)
        page.goto(f"{live_site}/accounts/signup/")
        page.locator("input[name=email]").fill(email)
        page.locator("input[name=password1]").fill(SECRET)
        page.locator("main form button").first.click()
        page.goto(f"{live_site}/accounts/me/")
        return page

    return sign_up


def hand_over() -> None:
    """What a worker does, two minutes after the mail was asked for."""
    now = timezone.now()
    Mail.objects.update(state=MailState.SENT, sent_at=now, created_at=now - timedelta(minutes=2))


def two_tabs(page: "Page", site: str) -> "Page":
    """A second tab of the same browser, on a public page, where the banner comes with the fragment."""
    second = page.context.new_page()
    second.goto(f"{site}/")
    expect(banner_of(second)).to_contain_text(ADDRESS)
    return second


def confirm(page: "Page", site: str) -> None:
    page.goto(f"{site}/accounts/confirm-email/{link_key(EmailAddress.objects.get())}/")
    page.locator("main form button").click()


def test_banner_goes_in_every_tab_after_a_confirmation(newcomer, live_site):
    page = newcomer()
    second_tab = two_tabs(page, live_site)

    mail = page.context.new_page()
    confirm(mail, live_site)
    expect(mail.locator("h1")).to_have_text("This address is confirmed")

    page.bring_to_front()
    expect(banner_of(page)).to_have_count(0, timeout=SOON)
    second_tab.bring_to_front()
    expect(banner_of(second_tab)).to_have_count(0, timeout=SOON)


def test_banner_goes_in_every_tab_of_a_browser_that_a_confirmation_elsewhere_logged_out(
    newcomer, browse, live_site
):
    page = newcomer()
    second_tab = two_tabs(page, live_site)

    telephone = browse(width=390)
    confirm(telephone, live_site)
    expect(telephone.locator("h1")).to_have_text("Set a new password")

    for tab in (page, second_tab):
        tab.bring_to_front()
        expect(tab.get_by_text("You have been logged out here")).to_be_visible(timeout=SOON)
        expect(banner_of(tab)).to_have_count(0)


def test_banner_tells_by_itself_that_the_mail_was_handed_over(newcomer):
    page = newcomer()
    expect(banner_of(page)).to_have_attribute("data-state", "queued")

    hand_over()

    expect(banner_of(page)).to_have_attribute("data-state", "sent", timeout=SOON)
    expect(banner_of(page)).to_contain_text("Handed to the mail server at")


def test_send_again_counts_the_seconds_down_and_keeps_the_focus(newcomer):
    page = newcomer()
    hand_over()
    page.reload()

    page.get_by_role("button", name="Send again").click()

    expect(banner_of(page)).to_have_attribute("data-state", "queued")
    expect(page.get_by_role("button", name="Send again")).to_be_disabled()
    expect(page.locator("[data-wait-note]")).to_have_text(re.compile(r"possible in 5\d s"))  # it counts
    expect(page.locator("[data-banner] [role=status]")).to_be_focused()
    assert Mail.objects.count() == 2


def test_address_is_changed_in_place(newcomer):
    page = newcomer()
    where = page.url

    page.get_by_text("This address is wrong").click()
    expect(page.get_by_label("New address")).to_be_focused()
    page.keyboard.type("no address")
    page.keyboard.press("Enter")
    expect(page.locator("#banner-email-error")).to_have_text("Enter a valid email address.")
    expect(page.get_by_label("New address")).to_be_focused()
    page.get_by_label("New address").fill("ben@example.org")
    page.keyboard.press("Enter")

    expect(page.locator(".banner-address")).to_have_text("ben@example.org")
    assert page.url == where
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["ben@example.org"]


def test_suggested_address_is_one_click_away(newcomer):
    page = newcomer("bea@gmial.com")

    page.get_by_role("button", name="Yes, change it").click()

    expect(page.locator(".banner-address")).to_have_text("bea@gmail.com")


def test_what_is_being_typed_is_not_swept_away(newcomer):
    page = newcomer()
    page.get_by_text("This address is wrong").click()
    page.keyboard.type("ben@exam")

    with page.expect_response("**/accounts/verification/", timeout=SOON):
        hand_over()
    page.keyboard.type("ple.org")

    expect(page.get_by_label("New address")).to_have_value("ben@example.org")


def test_without_javascript_the_same_buttons_lead_to_the_page(newcomer):
    page = newcomer(javascript=False)

    page.get_by_role("button", name="Send again").click()
    expect(page.locator("main [role=alert]")).to_contain_text("You can ask for another in")
    page.get_by_label("New address").fill("ben@example.org")
    page.get_by_role("button", name="Change the address").click()

    expect(page.locator(".banner-address")).to_have_text("ben@example.org")
