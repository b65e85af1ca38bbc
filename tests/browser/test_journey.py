"""A new reader's way from reading to a published comment, with a real browser, site, worker and mail
server."""

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
PASSWORD = "paper tigers do not crouch"
COMMENT = "The claim tree should hang beside every examiner's desk."
REPLY = "Agreed, and the fee receipt beside it."


def plain_text(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def confirmation_link(mail: EmailMessage) -> str:
    return re.search(r"http://127\.0\.0\.1:\d+/\S*confirm-email/\S+", plain_text(mail))[0]


def log_in(page: "Page", address: str, password: str) -> None:
    page.get_by_label("E-mail", exact=False).first.fill(address)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def sign_up(page: "Page") -> None:
    page.get_by_role("link", name="Sign up").first.click()
    page.locator("input[name=email]").fill(ADDRESS)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.locator("main form button").first.click()


def approve(page: "Page", text: str) -> None:
    """Approve the comment with this text in the moderation queue."""
    page.locator("[data-row]", has_text=text).get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.locator("[data-desk-said]")).to_contain_text("Approved")


def test_reader_signs_up_and_is_published(site: Site, browse: Callable[..., "Page"], password: str):
    reader, visitor, moderator = browse(), browse(), browse()

    # read
    reader.goto(site.url)
    reader.get_by_role("link", name="How to read a claim in a Chinese patent").first.click()
    expect(reader.locator("article[lang=en] h1").first).to_have_text(
        "How to read a claim in a Chinese patent"
    )
    article_url = reader.url

    # sign up: logged in at once, with the banner
    sign_up(reader)
    banner = reader.locator("[data-banner=verification]")
    expect(banner).to_contain_text(ADDRESS)

    # the mail arrives; its link leads to a page whose button confirms
    mail = site.mail_to(ADDRESS)
    reader.goto(confirmation_link(mail))
    expect(reader.locator("main")).to_contain_text(ADDRESS)
    reader.locator("main form button").first.click()
    reader.goto(article_url)
    expect(reader.get_by_role("link", name="My comments")).to_be_visible()
    expect(banner).to_have_count(0)

    # comment, with the words counted; a first comment is held
    reader.locator("#discussion [data-comment-form]").first.click()
    textarea = reader.locator("#discussion textarea[name=body]")
    textarea.fill(COMMENT)
    expect(reader.locator("[data-words-left]").first).to_have_text("131")
    textarea.press("Control+Enter")
    expect(reader.locator("[data-state=pending]")).to_contain_text(COMMENT)

    # reply to another comment
    demo_comment = reader.locator("#discussion article.comment", has_text="deserves a frame")
    demo_comment.get_by_role("link", name="Reply").click()
    reader.locator("#discussion textarea[name=body]").last.fill(REPLY)
    reader.locator("#discussion textarea[name=body]").last.press("Control+Enter")
    expect(reader.locator("[data-state=pending]", has_text=REPLY)).to_be_visible()

    # nobody else sees either comment yet
    visitor.goto(article_url)
    expect(visitor.locator("#discussion article.comment").first).to_be_visible()
    assert COMMENT not in visitor.content()
    assert REPLY not in visitor.content()

    # a moderator approves both in the admin
    moderator.goto(f"{site.url}/admin/comments/comment/?state__exact=pending")
    log_in(moderator, "moderator@ictiger.example", password)
    for text in (COMMENT, REPLY):
        moderator.goto(f"{site.url}/admin/comments/comment/?state__exact=pending")
        approve(moderator, text)

    # a visitor sees both, the reply below its parent
    visitor.reload()
    expect(visitor.locator("#discussion article.comment", has_text=COMMENT)).to_have_attribute(
        "id", re.compile(r"^comment-\d+$")
    )
    thread = visitor.locator("#discussion .thread", has_text="deserves a frame")
    expect(thread.locator(".replies")).to_contain_text(REPLY)
