"""The whole journey, with real parts: a browser, a site with its worker, a mail server."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from .conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

ADDRESS = "li.wei@example.org"
SECRET = "paper tigers do not crouch"
COMMENT = "The claim tree should hang beside every examiner's desk."
REPLY = "Agreed, and the fee receipt beside it."


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def link_in(mail: EmailMessage) -> str:
    return re.search(r"http://127\.0\.0\.1:\d+/\S*confirm-email/\S+", text_of(mail))[0]


def log_in(page: "Page", address: str, password: str) -> None:
    page.get_by_label("E-mail", exact=False).first.fill(address)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def sign_up(page: "Page") -> None:
    page.get_by_role("link", name="Sign up").first.click()
    page.locator("input[name=email]").fill(ADDRESS)
    page.locator("input[name=password1]").fill(SECRET)
    page.locator("main form button").first.click()


def approve(page: "Page", text: str) -> None:
    """In the desk's queue: the button of the comment that has this text."""
    page.locator("[data-row]", has_text=text).get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.locator("[data-desk-said]")).to_contain_text("Approved")


def test_from_reading_to_being_heard(site: Site, browse: Callable[..., "Page"], password: str):
    reader, stranger, moderator = browse(), browse(), browse()

    # read
    reader.goto(site.url)
    reader.get_by_role("link", name="How to read a claim in a Chinese patent").first.click()
    expect(reader.locator("article[lang=en] h1").first).to_have_text(
        "How to read a claim in a Chinese patent"
    )
    article = reader.url

    # sign up: signed in at once, and told of the mail
    sign_up(reader)
    banner = reader.locator("[data-banner=verification]")
    expect(banner).to_contain_text(ADDRESS)

    # the mail arrives; its link asks, the button confirms
    mail = site.mail_to(ADDRESS)
    reader.goto(link_in(mail))
    expect(reader.locator("main")).to_contain_text(ADDRESS)
    reader.locator("main form button").first.click()
    reader.goto(article)
    expect(reader.get_by_role("link", name="My comments")).to_be_visible()
    expect(banner).to_have_count(0)

    # comment, counted while typing; held, as everyone's first
    reader.locator("#discussion [data-comment-form]").first.click()
    box = reader.locator("#discussion textarea[name=body]")
    box.fill(COMMENT)
    expect(reader.locator("[data-words-left]").first).to_have_text("131")
    box.press("Control+Enter")
    expect(reader.locator("[data-state=pending]")).to_contain_text(COMMENT)

    # reply to somebody else's
    first = reader.locator("#discussion article.comment", has_text="deserves a frame")
    first.get_by_role("link", name="Reply").click()
    reader.locator("#discussion textarea[name=body]").last.fill(REPLY)
    reader.locator("#discussion textarea[name=body]").last.press("Control+Enter")
    expect(reader.locator("[data-state=pending]", has_text=REPLY)).to_be_visible()

    # nobody else sees either yet
    stranger.goto(article)
    expect(stranger.locator("#discussion article.comment").first).to_be_visible()
    assert COMMENT not in stranger.content()
    assert REPLY not in stranger.content()

    # a moderator approves in the desk
    moderator.goto(f"{site.url}/admin/comments/comment/?state__exact=pending")
    log_in(moderator, "moderator@ictiger.example", password)
    for text in (COMMENT, REPLY):
        moderator.goto(f"{site.url}/admin/comments/comment/?state__exact=pending")
        approve(moderator, text)

    # and a stranger sees both, the reply below what it answers
    stranger.reload()
    expect(stranger.locator("#discussion article.comment", has_text=COMMENT)).to_have_attribute(
        "id", re.compile(r"^comment-\d+$")
    )
    thread = stranger.locator("#discussion .thread", has_text="deserves a frame")
    expect(thread.locator(".replies")).to_contain_text(REPLY)
