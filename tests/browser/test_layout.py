"""Public pages measured in a browser: no axe violations, nothing wider than the window, no layout shifts."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from .layout_shift import OBSERVE_LAYOUT_SHIFTS

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Site

pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
)
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed: uv run --group browser pytest"
)

ARTICLE = "/articles/reading-a-chinese-claim/"
CHINESE_ARTICLE = f"/zh-hans/articles/{quote('读懂一项中国权利要求')}/"
PAGES = [
    "/",
    "/zh-hans/",
    ARTICLE,
    CHINESE_ARTICLE,
    "/articles/measuring-a-portfolio-in-forty-lines/",
    "/topics/patents/",
    "/authors/zhou-min/",
    "/archive/2026/",
    "/search/",
    "/search/?q=patent",
    "/search/?q=nothing-has-this",
    "/about/",
    f"{ARTICLE}comments/new/",
    "/accounts/login/",
    "/accounts/signup/",
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1440, True)], ids=["narrow, light", "wide, dark"])
def test_axe_finds_no_violation(site: "Site", browse: Callable[..., "Page"], width: int, dark: bool):
    page = browse(width=width, dark=dark)
    violations_by_path = {}
    for path in PAGES:
        page.goto(site.url + path)
        violations = axe.Axe().run(page, options=RULES).response["violations"]
        if violations:
            violations_by_path[path] = [
                (violation["id"], [node["html"] for node in violation["nodes"]]) for violation in violations
            ]
    assert violations_by_path == {}


def test_no_page_is_wider_than_its_window(site: "Site", browse: Callable[..., "Page"]):
    page = browse()
    overflowing = []
    for width in (360, 768, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        for path in PAGES:
            page.goto(site.url + path)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                overflowing.append((width, path))
    assert overflowing == []


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("account", ["newcomer", "reader"])
def test_no_layout_shift_when_personal_part_arrives(
    site: "Site", browse: Callable[..., "Page"], password: str, account: str, width: int
):
    page = browse(width=width)
    page.goto(f"{site.url}/accounts/login/")
    page.fill("input[name=login]", f"{account}@ictiger.example")
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site.url}/")
    page.add_init_script(OBSERVE_LAYOUT_SHIFTS)
    for path in ("/", ARTICLE, CHINESE_ARTICLE):
        page.goto(site.url + path)
        page.wait_for_selector("[data-bar][data-loaded] .account-name", state="attached")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
        assert page.evaluate("window.shifted") == 0, path


def test_article_page_makes_few_requests(site: "Site", browse: Callable[..., "Page"]):
    page = browse()
    urls = []
    page.on("request", lambda request: request.resource_type != "image" and urls.append(request.url))
    page.goto(site.url + ARTICLE, wait_until="networkidle")
    assert len(urls) <= 6, urls


def test_notes_are_in_margin_or_at_the_end_but_not_both(site: "Site", browse: Callable[..., "Page"]):
    page = browse(width=1440)
    page.goto(site.url + ARTICLE)
    reference, sidenote, note = (
        page.locator("a.footnote-ref").first,
        page.locator(".sidenote").first,
        page.locator(".footnote li").first,
    )
    assert (sidenote.is_visible(), note.is_visible()) == (True, False)
    assert page.locator(reference.get_attribute("href").replace(":", r"\:")).is_visible()
    page.set_viewport_size({"width": 800, "height": 900})
    assert (sidenote.is_visible(), note.is_visible()) == (False, True)
    assert page.locator(reference.get_attribute("href").replace(":", r"\:")).is_visible()


def test_notes_are_at_the_end_without_javascript(site: "Site", browse: Callable[..., "Page"]):
    page = browse(width=1440, javascript=False)
    page.goto(site.url + ARTICLE)
    assert page.locator(".footnote li").first.is_visible()


def test_first_tab_stop_skips_to_the_text(site: "Site", browse: Callable[..., "Page"]):
    page = browse()
    page.goto(f"{site.url}/")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate(
        "(link) => link === document.activeElement && getComputedStyle(link).clipPath === 'none'"
    )
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_tab_order_of_masthead_follows_reading_order(site: "Site", browse: Callable[..., "Page"]):
    page = browse(width=1440)
    page.goto(f"{site.url}/")
    positions = []
    while len(positions) < 10:
        page.keyboard.press("Tab")
        box = page.evaluate(
            """document.activeElement.matches('.masthead *')
                && document.activeElement.getBoundingClientRect().toJSON()"""
        )
        if box:
            positions.append((round((box["top"] + box["height"] / 2) / 30), box["left"]))
    assert positions == sorted(positions)


def test_dark_scheme_follows_the_system(site: "Site", browse: Callable[..., "Page"]):
    backgrounds = []
    for dark in (False, True):
        page = browse(dark=dark)
        page.goto(f"{site.url}/")
        backgrounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert backgrounds == ["rgb(251, 248, 242)", "rgb(23, 19, 16)"]
