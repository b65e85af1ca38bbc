"""The first visit to an article with a long discussion: bytes and requests through nginx and the real
server.
"""

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import ARGUMENTS, CHROMIUM

from .site import HOST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MAX_BYTES, MAX_REQUESTS = 60_000, 6  # without pictures


class Transfers:
    """The transfers of a page as the browser counts them: headers and compressed body."""

    def __init__(self, page: "Page") -> None:
        self.responses: dict[str, dict] = {}
        self.sizes: dict[str, float] = {}
        devtools = page.context.new_cdp_session(page)
        devtools.on(
            "Network.responseReceived", lambda event: self.responses.update({event["requestId"]: event})
        )
        devtools.on(
            "Network.loadingFinished",
            lambda event: self.sizes.update({event["requestId"]: event["encodedDataLength"]}),
        )
        devtools.send("Network.enable")

    def without_pictures(self) -> dict[str, tuple[float, str]]:
        """Return bytes and content encoding by URL."""
        return {
            event["response"]["url"]: (self.sizes[key], _coding(event["response"]["headers"]))
            for key, event in self.responses.items()
            if event["type"] != "Image"
        }


def _coding(headers: dict[str, str]) -> str:
    return {name.lower(): value for name, value in headers.items()}.get("content-encoding", "")


@pytest.fixture
def visitor(chromium: "Browser"):
    """A browser that resolves HOST to this machine."""
    rules = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, rules])
    yield browser.new_page()
    browser.close()


@pytest.mark.browser
def test_first_visit_to_an_article_is_small_and_compressed(front, visitor: "Page"):
    transfers = Transfers(visitor)
    visitor.goto(f"http://{HOST}:{front.port}/articles/long/", wait_until="networkidle")
    assert visitor.locator("#discussion article").count() == 200
    fetched = transfers.without_pictures()
    assert len(fetched) <= MAX_REQUESTS, fetched
    assert sum(size for size, _coding in fetched.values()) <= MAX_BYTES, fetched
    assert {coding for _size, coding in fetched.values()} <= {"gzip", "br"}, fetched
