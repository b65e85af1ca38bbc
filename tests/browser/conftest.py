"""Fixtures for tests in a real browser, on the demo site or on a live server with the test's database.

Without Chromium these tests are skipped with a message; with ICTIGER_BROWSER_REQUIRED=1 (CI) they fail."""

import os
import queue
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.test import Client

from tests.factories import make_article

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

    from accounts.models import User
    from articles.models import Article

if os.environ.get("ICTIGER_BROWSER_REQUIRED") == "1":
    import axe_playwright_python  # noqa: F401  (fail here instead of skipping in each module)
    import playwright  # noqa: F401

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "a tiger crouching in the reeds"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def browse(chromium: "Browser") -> Iterator[Callable[..., "Page"]]:
    """`browse(width=390, javascript=False)` opens a page in a new browser profile. Console errors fail the
    test."""
    contexts, errors = [], []

    def open_page(
        *, width: int = 1280, javascript: bool = True, dark: bool = False, locale: str = "en-GB"
    ) -> "Page":
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
            locale=locale,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: _is_unexpected(message) and errors.append(f"{page.url}: {message.text}"),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def _is_unexpected(message: "ConsoleMessage") -> bool:
    """Whether it is an error other than "Failed to load resource", which tests of error responses cause."""
    return message.type == "error" and "Failed to load resource" not in message.text


@dataclass
class Site:
    """The URL of a running site, and the mails that its mail server has received."""

    url: str
    mailbox: "queue.Queue[EmailMessage]" = field(default_factory=queue.Queue)

    def mail_to(self, address: str) -> EmailMessage:
        """The next mail to `address`. Waits up to 20 seconds; raises queue.Empty after that."""
        while True:
            mail = self.mailbox.get(timeout=20)
            if address in mail["To"]:
                return mail


class _MailHandler:
    def __init__(self, mailbox: "queue.Queue[EmailMessage]") -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        self.mailbox.put(message_from_bytes(envelope.original_content, policy=default))
        return "250 OK"


@pytest.fixture(scope="module")
def site(chromium: "Browser", tmp_path_factory) -> Iterator[Site]:
    """The demo publication, served by quickstart with its worker; a real SMTP server receives its mail."""
    port = _free_port()
    running = Site(f"http://127.0.0.1:{port}")
    mail_server = Controller(_MailHandler(running.mailbox), hostname="127.0.0.1", port=_free_port())
    mail_server.start()
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
        "ICTIGER_VAR": str(tmp_path_factory.mktemp("site")),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "manage.py", "quickstart", "--port", str(port), "--password", PASSWORD]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert any("Stop with Ctrl-C" in line for line in server.stdout), (
                "quickstart ended before it served"
            )
            yield running
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
            mail_server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def password() -> str:
    """The password of the demo accounts."""
    return PASSWORD


# --- a live server with the test's database -----------------------------------------------------------------


@pytest.fixture
def live_site(live_server, settings) -> str:
    """The URL of a server that uses the test's database and has this URL as its SITE_URL."""
    settings.SITE_URL = live_server.url
    return live_server.url


@pytest.fixture
def sign_in(live_site: str) -> Callable[["Page", "User"], None]:
    """`sign_in(page, user)` sets the session cookie and the hint cookie, without the log-in form."""

    def set_cookies(page: "Page", user: "User") -> None:
        client = Client()
        client.force_login(user)
        cookies = {
            settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value,
            "reader": "member",
        }
        page.context.add_cookies(
            [{"name": name, "value": value, "url": live_site} for name, value in cookies.items()]
        )

    return set_cookies


@pytest.fixture
def article(live_site: str) -> "Article":
    return make_article("a-patent")


@pytest.fixture
def open_article(browse, sign_in, live_site: str, article: "Article") -> Callable[..., "Page"]:
    """`open_article(user, path)` opens the article, or another path of the site, as that user or
    anonymously."""

    def open_page(user: "User | None" = None, path: str = "", **options) -> "Page":
        page = browse(**options)
        if user is not None:
            sign_in(page, user)
        page.goto(live_site + (path or article.get_absolute_url()))
        return page

    return open_page
