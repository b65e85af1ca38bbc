"""Chromium as this machine has it, one for all tests of a process: for those of this room, and for others that need a browser."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connections

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
# No sandbox as root; nothing of the browser's own talks to the outside.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def no_browser(why: str) -> None:
    if os.environ.get("ICTIGER_BROWSER_REQUIRED") == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    if not CHROMIUM:
        no_browser("no Chromium on this machine")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        no_browser("Playwright is not installed: uv run --group browser pytest")
    # Playwright's loop runs in this thread until the session ends; Django would take every later query for one from asynchronous code.
    known = {alias: connections[alias] for alias in connections}
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        for alias, connection in known.items():
            # For a thread with a loop Django opens connections of its own: they would not know the rows of the migrations, which are
            # restored from the connection that made the test's database.
            connections[alias] = connection
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
