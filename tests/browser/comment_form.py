"""The comment form below an article, opened in place."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

TEXTAREA = "#discussion textarea[name=body]"


def type_comment(page: "Page", text: str) -> "Locator":
    """Open the form in place and fill in `text`. Returns the textarea."""
    page.get_by_role("link", name="Join the discussion").click()
    page.locator(f"{TEXTAREA}:focus").wait_for()
    textarea = page.locator(TEXTAREA)
    textarea.fill(text)
    return textarea
