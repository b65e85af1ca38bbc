"""A squatter and the owner of the address, each in a browser of their own, with real mail: nobody inherits the account."""

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

SQUATTERS = "known to the squatter only"
OWNERS = "known to the owner only"


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
    submit(page, password1=OWNERS, password2=OWNERS)


def prove_by_link(owner: "Page", site: Site, address: str, verification_mail: str) -> None:
    owner.goto(link_in(verification_mail))
    submit(owner)
    set_password(owner)


def prove_by_reset(owner: "Page", site: Site, address: str, verification_mail: str) -> None:
    owner.goto(f"{site.url}/accounts/password/reset/")
    submit(owner, email=address)
    owner.goto(link_in(text_of_mail(site, address)))
    set_password(owner)


def prove_by_code(owner: "Page", site: Site, address: str, verification_mail: str) -> None:
    owner.goto(f"{site.url}/accounts/login/code/")
    submit(owner, email=address)
    code = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", text_of_mail(site, address), re.MULTILINE)[1]
    submit(owner, code=code)


@pytest.mark.parametrize("prove", [prove_by_link, prove_by_reset, prove_by_code])
def test_owner_gets_the_account_and_the_squatter_is_out(site: Site, browse: Callable[..., "Page"], prove):
    address = f"{prove.__name__}@example.org"
    squatter, owner = browse(), browse()
    squatter.goto(f"{site.url}/accounts/signup/")
    submit(squatter, email=address, password1=SQUATTERS)
    squatter.goto(f"{site.url}/accounts/me/")
    expect(squatter.locator("[data-banner=verification]")).to_contain_text(address)

    prove(owner, site, address, text_of_mail(site, address))

    expect(owner.get_by_role("button", name="Log out")).to_be_visible()
    owner.goto(f"{site.url}/accounts/me/")
    expect(owner.locator("[data-banner=verification]")).to_have_count(0)

    squatter.goto(f"{site.url}/accounts/me/")
    expect(squatter).to_have_url(re.compile(r"/accounts/login/"))
    submit(squatter, login=address, password=SQUATTERS)
    expect(squatter.locator("main")).to_contain_text("This address and this password do not match.")
