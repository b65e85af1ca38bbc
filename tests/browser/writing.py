"""Writing in the discussion, below an article."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

BOX = "#discussion textarea[name=body]"


def write(page: "Page", text: str) -> "Locator":
    """Open the form in place and type."""
    page.get_by_role("link", name="Join the discussion").click()
    page.locator(f"{BOX}:focus").wait_for()
    box = page.locator(BOX)
    box.fill(text)
    return box
