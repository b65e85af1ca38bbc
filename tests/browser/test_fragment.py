"""The personal fragment: one request of a page view, only for who has the hint, and the page is complete without it."""

import itertools
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from comments.services import drafts
from tests.factories import make_article, make_comment, make_publication

from .test_look import WATCH_SHIFTS

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
def arrive(
    live_site: str, browse: Callable[..., "Page"], reader: "User", unverified: "User", article: "Article"
):
    """`arrive("member", 390)`: a browser in which that reader was here before."""

    def open_as(who: str, width: int = 1280) -> "Page":
        page, cookies = browse(width=width), {"reader": who}
        if who == "guest":
            token = uuid.uuid4()
            drafts.save_draft(
                token=token, article=article, body="Words that wait.", submission=uuid.uuid4(), parent_id=None
            )
            cookies[drafts.DRAFT_COOKIE] = str(token)
        else:
            client = Client()
            if who == "mistyped":
                unverified.emailaddress_set.update(email="newcomer@gmial.com")
            client.force_login({"member": reader}.get(who, unverified))
            cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": name, "value": value, "url": live_site} for name, value in cookies.items()]
        )
        page.add_init_script(WATCH_SHIFTS)
        return page

    return open_as


@pytest.mark.parametrize(
    ("who", "width"),
    [
        *itertools.product(["member", "unverified", "guest"], [390, 768, 1440]),
        ("mistyped", 360),
        ("mistyped", 768),
    ],
)
def test_page_is_complete_before_the_fragment_and_nothing_shifts_when_it_comes(
    live_site: str, arrive, who: str, width: int
):
    page, late = arrive(who, width), []
    page.route(FRAGMENTS, lambda route: late.append(route))
    page.goto(live_site + ARTICLE)
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    expect(page.locator("#discussion").get_by_text("Argument 4.")).to_be_visible()
    page.wait_for_function("document.fonts.status === 'loaded'")
    before = page.get_by_role("heading", level=1).bounding_box()

    late.pop().continue_()
    page.wait_for_selector("[data-bar][data-loaded]", state="attached")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")

    assert page.evaluate("window.shifted") == 0
    assert page.get_by_role("heading", level=1).bounding_box() == before
    assert late == []


def test_fragment_is_one_private_answer_of_a_page_view(live_site: str, arrive):
    page, answers = arrive("member"), []
    page.on("response", lambda answer: "/me/" in answer.url and answers.append(answer))
    page.goto(live_site + ARTICLE, wait_until="networkidle")
    (answer,) = answers
    assert set(answer.headers["cache-control"].replace(" ", "").split(",")) >= {"private", "no-store"}
    assert len(answer.body()) < 8_000


def test_stranger_asks_for_no_fragment(live_site: str, browse: Callable[..., "Page"], article: "Article"):
    page, asked = browse(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(live_site + ARTICLE, wait_until="networkidle")
    assert not any("/me/" in url for url in asked)
    expect(page.locator(PLAIN_LINKS)).to_be_visible()


@pytest.mark.parametrize("fault", ["500", "cut", "never answered"])
@pytest.mark.parametrize("who", ["member", "unverified"])
def test_page_without_its_fragment_is_usable_by_plain_links(live_site: str, arrive, who: str, fault: str):
    page = arrive(who)
    faults: dict[str, Callable[[Route], object]] = {
        "500": lambda route: route.fulfill(status=500, body="broken"),
        "cut": lambda route: route.abort(),
        "never answered": lambda _route: None,
    }
    page.route(FRAGMENTS, faults[fault])
    page.goto(live_site + ARTICLE)
    began = time.monotonic()
    expect(page.locator(PLAIN_LINKS)).to_be_visible(timeout=12_000)
    assert time.monotonic() - began < 11
    page.unroute(FRAGMENTS)
    page.locator("#discussion a[href$='/comments/new/']").first.click()
    expect(page.locator("textarea[name=body]").first).to_be_visible()
