"""The Chromium installed on this machine, started once for all tests of a process."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connections

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
# Root cannot use the sandbox. The other options stop the browser's own network requests.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def skip_without_browser(reason: str) -> None:
    """Skip the test; fail it with ICTIGER_BROWSER_REQUIRED=1."""
    if os.environ.get("ICTIGER_BROWSER_REQUIRED") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    if not CHROMIUM:
        skip_without_browser("no Chromium on this machine")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip_without_browser("Playwright is not installed: uv run --group browser pytest")
    # Playwright's event loop runs in this thread until the session ends. Django would take all later queries
    # for asynchronous code, and refuse them.
    thread_connections = {alias: connections[alias] for alias in connections}
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        for alias, connection in thread_connections.items():
            # In a thread with an event loop Django would open new connections. Rows created by migrations are
            # restored through the connection that created the test database: keep it.
            connections[alias] = connection
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
