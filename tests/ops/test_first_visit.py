"""What a reader waits for who has never been here: an article before a long discussion, on the wire, through nginx and the real server."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import ARGUMENTS, CHROMIUM

from .site import HOST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BYTES, REQUESTS = 60_000, 6  # pictures aside


class Transfers:
    """What a page fetches, as its browser counts it: with the headers, compressed as it came."""

    def __init__(self, page: "Page") -> None:
        self.replied_to: dict[str, dict] = {}
        self.sizes: dict[str, float] = {}
        wire = page.context.new_cdp_session(page)
        wire.on("Network.responseReceived", lambda told: self.replied_to.update({told["requestId"]: told}))
        wire.on(
            "Network.loadingFinished",
            lambda told: self.sizes.update({told["requestId"]: told["encodedDataLength"]}),
        )
        wire.send("Network.enable")

    def but_pictures(self) -> dict[str, tuple[float, str]]:
        """By address: bytes, and how they were compressed."""
        return {
            told["response"]["url"]: (self.sizes[key], _coding(told["response"]["headers"]))
            for key, told in self.replied_to.items()
            if told["type"] != "Image"
        }


def _coding(headers: dict[str, str]) -> str:
    return {name.lower(): value for name, value in headers.items()}.get("content-encoding", "")


@pytest.fixture
def visitor(chromium: "Browser"):
    """A browser that takes our machine for the publication's."""
    rules = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, rules])
    yield browser.new_page()
    browser.close()


@pytest.mark.browser
def test_first_visit_to_an_article_is_small_and_compressed(front, visitor: "Page"):
    transfers = Transfers(visitor)
    visitor.goto(f"http://{HOST}:{front.port}/articles/long/", wait_until="networkidle")
    assert visitor.locator("#discussion article").count() == 200
    fetched = transfers.but_pictures()
    assert len(fetched) <= REQUESTS, fetched
    assert sum(size for size, _coding in fetched.values()) <= BYTES, fetched
    assert {coding for _size, coding in fetched.values()} <= {"gzip", "br"}, fetched
