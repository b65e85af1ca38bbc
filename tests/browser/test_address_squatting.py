"""Somebody signs up with another person's address; the owner of the mailbox takes the account over. With real
mail."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

SQUATTER_PASSWORD = "known to the squatter only"
OWNER_PASSWORD = "known to the owner only"


def submit(page: "Page", **fields: str) -> None:
    """Fill in the form of the page and press its first button."""
    for name, value in fields.items():
        page.locator(f"main input[name={name}]").fill(value)
    page.locator("main form button").first.click()


def text_of_mail(site: Site, address: str) -> str:
    return site.mail_to(address).get_body(("plain",)).get_content()


def link_in(text: str) -> str:
    return re.search(r"http://127\.0\.0\.1:\d+/\S+", text)[0]


def set_password(page: "Page") -> None:
    expect(page.locator("main input[name=password2]")).to_be_visible()
    submit(page, password1=OWNER_PASSWORD, password2=OWNER_PASSWORD)


def verify_by_link(owner: "Page", site: Site, address: str, verification_mail: str) -> None:
    owner.goto(link_in(verification_mail))
    submit(owner)
    set_password(owner)


def verify_by_reset(owner: "Page", site: Site, address: str, verification_mail: str) -> None:
    owner.goto(f"{site.url}/accounts/password/reset/")
    submit(owner, email=address)
    owner.goto(link_in(text_of_mail(site, address)))
    set_password(owner)


def verify_by_code(owner: "Page", site: Site, address: str, verification_mail: str) -> None:
    owner.goto(f"{site.url}/accounts/login/code/")
    submit(owner, email=address)
    code = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", text_of_mail(site, address), re.MULTILINE)[1]
    submit(owner, code=code)


@pytest.mark.parametrize("verify", [verify_by_link, verify_by_reset, verify_by_code])
def test_owner_takes_over_the_account_and_squatter_is_logged_out(
    site: Site, browse: Callable[..., "Page"], verify
):
    address = f"{verify.__name__}@example.org"
    squatter, owner = browse(), browse()
    squatter.goto(f"{site.url}/accounts/signup/")
    submit(squatter, email=address, password1=SQUATTER_PASSWORD)
    squatter.goto(f"{site.url}/accounts/me/")
    expect(squatter.locator("[data-banner=verification]")).to_contain_text(address)

    verify(owner, site, address, text_of_mail(site, address))

    expect(owner.get_by_role("button", name="Log out")).to_be_visible()
    owner.goto(f"{site.url}/accounts/me/")
    expect(owner.locator("[data-banner=verification]")).to_have_count(0)

    squatter.goto(f"{site.url}/accounts/me/")
    expect(squatter).to_have_url(re.compile(r"/accounts/login/"))
    submit(squatter, login=address, password=SQUATTER_PASSWORD)
    expect(squatter.locator("main")).to_contain_text("This address and this password do not match.")
