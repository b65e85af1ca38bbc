"""The personal fragment: one request per page view, only with the hint cookie, and the page is complete
without it."""

import itertools
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from comments.drafts import DRAFT_COOKIE
from comments.services import drafts
from tests.factories import make_article, make_comment, make_publication

from .layout_shift import OBSERVE_LAYOUT_SHIFTS

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from accounts.models import User
    from articles.models import Article

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

FRAGMENTS = "**/me/**"
ARTICLE = "/articles/a-patent/"
PLAIN_LINKS = ".account a[href*='/accounts/login/']"


@pytest.fixture
def article() -> "Article":
    make_publication()
    article = make_article("a-patent", body="A paragraph.\n\n" * 30)
    for number in range(5):
        make_comment(article, body=f"Argument {number}.")
    return article


@pytest.fixture
def returning_visitor(
    live_site: str, browse: Callable[..., "Page"], reader: "User", unverified: "User", article: "Article"
):
    """`returning_visitor("member", 390)` opens a page in a browser with the cookies of an earlier visit."""

    def open_as(hint: str, width: int = 1280) -> "Page":
        page, cookies = browse(width=width), {"reader": hint}
        if hint == "guest":
            token = uuid.uuid4()
            drafts.save_draft(
                token=token, article=article, body="Words that wait.", submission=uuid.uuid4(), parent_id=None
            )
            cookies[DRAFT_COOKIE] = str(token)
        else:
            client = Client()
            if hint == "mistyped":
                unverified.emailaddress_set.update(email="newcomer@gmial.com")
            client.force_login({"member": reader}.get(hint, unverified))
            cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": name, "value": value, "url": live_site} for name, value in cookies.items()]
        )
        page.add_init_script(OBSERVE_LAYOUT_SHIFTS)
        return page

    return open_as


@pytest.mark.parametrize(
    ("hint", "width"),
    [
        *itertools.product(["member", "unverified", "guest"], [390, 768, 1440]),
        ("mistyped", 360),
        ("mistyped", 768),
    ],
)
def test_page_is_complete_without_fragment_and_does_not_shift_when_it_arrives(
    live_site: str, returning_visitor, hint: str, width: int
):
    page, delayed = returning_visitor(hint, width), []
    page.route(FRAGMENTS, lambda route: delayed.append(route))
    page.goto(live_site + ARTICLE)
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    expect(page.locator("#discussion").get_by_text("Argument 4.")).to_be_visible()
    page.wait_for_function("document.fonts.status === 'loaded'")
    box_before = page.get_by_role("heading", level=1).bounding_box()

    delayed.pop().continue_()
    page.wait_for_selector("[data-bar][data-loaded]", state="attached")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")

    assert page.evaluate("window.shifted") == 0
    assert page.get_by_role("heading", level=1).bounding_box() == box_before
    assert delayed == []


def test_page_view_makes_one_private_fragment_request(live_site: str, returning_visitor):
    page, responses = returning_visitor("member"), []
    page.on("response", lambda response: "/me/" in response.url and responses.append(response))
    page.goto(live_site + ARTICLE, wait_until="networkidle")
    (response,) = responses
    assert set(response.headers["cache-control"].replace(" ", "").split(",")) >= {"private", "no-store"}
    assert len(response.body()) < 8_000


def test_anonymous_visitor_requests_no_fragment(
    live_site: str, browse: Callable[..., "Page"], article: "Article"
):
    page, urls = browse(), []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(live_site + ARTICLE, wait_until="networkidle")
    assert not any("/me/" in url for url in urls)
    expect(page.locator(PLAIN_LINKS)).to_be_visible()


@pytest.mark.parametrize("failure", ["500", "cut", "never answered"])
@pytest.mark.parametrize("hint", ["member", "unverified"])
def test_page_works_by_plain_links_when_fragment_fails(
    live_site: str, returning_visitor, hint: str, failure: str
):
    page = returning_visitor(hint)
    failures: dict[str, Callable[[Route], object]] = {
        "500": lambda route: route.fulfill(status=500, body="broken"),
        "cut": lambda route: route.abort(),
        "never answered": lambda _route: None,
    }
    page.route(FRAGMENTS, failures[failure])
    page.goto(live_site + ARTICLE)
    start = time.monotonic()
    expect(page.locator(PLAIN_LINKS)).to_be_visible(timeout=12_000)
    assert time.monotonic() - start < 11
    page.unroute(FRAGMENTS)
    page.locator("#discussion a[href$='/comments/new/']").first.click()
    expect(page.locator("textarea[name=body]").first).to_be_visible()
