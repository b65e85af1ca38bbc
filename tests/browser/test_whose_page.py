"""A page that a browser shows again, from its back/forward cache or in another tab, shows nobody's content
but the present reader's."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from accounts.models import User
from accounts.sessions import end_sessions
from articles.models import Article
from comments.models import Comment
from comments.policy import State
from tests.factories import PASSWORD, make_article, make_comment, make_user

from .chromium import ARGUMENTS, CHROMIUM
from .comment_form import TEXTAREA, type_comment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(scope="module")
def caching_chromium(chromium: "Browser") -> Iterator["Browser"]:
    """Chromium as readers have it: Playwright's default switches the back/forward cache off."""
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


@pytest.fixture
def context(caching_chromium: "Browser") -> Iterator["BrowserContext"]:
    context = caching_chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: "BrowserContext") -> "Page":
    return context.new_page()


@pytest.fixture
def careful(db) -> User:
    return make_user("careful@example.org", display_name="Careful Reader")


@pytest.fixture
def other(db) -> User:
    return make_user("lin@example.org", display_name="Lin Yuqing")


@pytest.fixture
def articles(careful: User) -> list[Article]:
    """Two articles; the reader has a public and a held comment below the first."""
    articles = [make_article("first"), make_article("second")]
    make_comment(articles[0], author=careful, body="Held for now.", state=State.PENDING)
    make_comment(articles[0], author=careful, body="Said in public.")
    return articles


@pytest.fixture
def log_in(live_site: str) -> Callable[["Page", User], None]:
    def fill_form(page: "Page", user: User) -> None:
        page.goto(f"{live_site}/accounts/login/")
        page.fill("[name=login]", user.email)
        page.fill("[name=password]", PASSWORD)
        page.locator("main").get_by_role("button", name="Log in").first.click()
        page.wait_for_url(lambda url: "login" not in url)

    return fill_form


def log_out(page: "Page") -> None:
    page.get_by_role("button", name="Log out").click()
    page.wait_for_load_state()
    expect(page.locator(".account")).to_contain_text("Log in")


def go_back(page: "Page", path: str) -> None:
    """Press Back until the page at `path` is shown. From the cache there is no load event to wait for."""
    for _step in range(3):
        page.go_back(wait_until="commit")
        page.wait_for_function("document.readyState === 'complete'")
        if page.url.endswith(path):
            return
    pytest.fail(f"{path} is not in the history: {page.url}")


def mark(page: "Page") -> None:
    page.evaluate("window.wasHere = true")


def is_from_cache(page: "Page") -> bool:
    return page.evaluate("window.wasHere === true")


def expect_stranger(page: "Page") -> None:
    expect(page.locator(".account")).to_contain_text("Log in")
    expect(page.locator("body")).not_to_contain_text("Careful Reader · ")
    expect(page.get_by_role("button", name="Log out")).to_have_count(0)
    expect(page.locator("#discussion")).to_contain_text("Said in public.")
    expect(page.locator("#discussion")).not_to_contain_text("Held for now.")
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    expect(page.locator(".comment-own")).to_have_count(0)


def expect_reader(page: "Page", name: str) -> None:
    expect(page.locator(".account-name")).to_have_text(name)


def test_back_after_log_out_shows_what_a_stranger_sees(page, live_site, log_in, careful, articles):
    log_in(page, careful)
    page.goto(live_site + articles[0].get_absolute_url())
    expect_reader(page, "Careful Reader")
    expect(page.locator("#discussion")).to_contain_text("Held for now.")
    type_comment(page, "Half a thought")
    mark(page)
    page.goto(live_site + articles[1].get_absolute_url())
    log_out(page)
    go_back(page, "/articles/first/")
    assert is_from_cache(page)
    expect_stranger(page)
    expect(page.locator(TEXTAREA)).to_have_count(0)


def test_back_without_a_connection_after_log_out_shows_nothing_personal(
    page, context, live_site, log_in, careful, articles
):
    log_in(page, careful)
    page.goto(live_site + articles[0].get_absolute_url())
    expect(page.locator("#discussion")).to_contain_text("Held for now.")
    mark(page)
    page.goto(live_site + articles[1].get_absolute_url())
    log_out(page)
    context.set_offline(True)
    go_back(page, "/articles/first/")
    assert is_from_cache(page)
    expect_stranger(page)


def test_back_after_another_log_in_shows_the_present_reader(
    page, live_site, log_in, careful, other, articles
):
    log_in(page, careful)
    page.goto(live_site + articles[0].get_absolute_url())
    expect(page.locator("#discussion")).to_contain_text("Held for now.")
    mark(page)
    page.goto(live_site + articles[1].get_absolute_url())
    second = page.context.new_page()
    second.goto(live_site + articles[1].get_absolute_url())
    log_out(second)
    log_in(second, other)
    go_back(page, "/articles/first/")
    assert is_from_cache(page)
    expect_reader(page, "Lin Yuqing")
    expect(page.locator("#discussion")).not_to_contain_text("Held for now.")


def test_back_after_log_in_shows_the_reader(page, live_site, log_in, careful, articles):
    page.goto(live_site + articles[0].get_absolute_url())
    expect(page.locator(".account")).to_contain_text("Log in")
    mark(page)
    log_in(page, careful)
    go_back(page, "/articles/first/")
    assert is_from_cache(page)
    expect_reader(page, "Careful Reader")
    expect(page.locator("#discussion")).to_contain_text("Held for now.")
    expect(page.locator(".comment-own").filter(has_text="Said in public.")).to_have_count(1)


def test_back_after_the_server_ended_the_session_shows_a_stranger(page, live_site, log_in, careful, articles):
    log_in(page, careful)
    page.goto(live_site + articles[0].get_absolute_url())
    expect(page.locator("#discussion")).to_contain_text("Held for now.")
    mark(page)
    page.goto(live_site + "/static/img/mark.svg")
    end_sessions(careful)
    go_back(page, "/articles/first/")
    assert is_from_cache(page)
    expect_stranger(page)


def test_log_out_in_another_tab_takes_out_the_personal_part(page, live_site, log_in, careful, articles):
    log_in(page, careful)
    page.goto(live_site + articles[0].get_absolute_url())
    expect(page.locator("#discussion")).to_contain_text("Held for now.")
    second = page.context.new_page()
    second.goto(live_site + articles[1].get_absolute_url())
    log_out(second)
    page.bring_to_front()
    expect_stranger(page)


def test_personal_page_from_history_is_loaded_again(page, live_site, log_in, careful, articles):
    log_in(page, careful)
    page.goto(f"{live_site}/comments/mine/")
    expect(page.locator("main")).to_contain_text("Held for now.")
    page.goto(live_site + articles[1].get_absolute_url())
    log_out(page)
    for _step in range(2):
        page.go_back(wait_until="commit")
    page.wait_for_url("**/accounts/login/**")
    expect(page.locator("body")).not_to_contain_text("Held for now.")


def test_form_of_the_tab_asks_under_which_name_it_is_posted(
    page, live_site, log_in, careful, other, articles
):
    log_in(page, careful)
    page.goto(live_site + articles[0].get_absolute_url())
    expect_reader(page, "Careful Reader")
    textarea = type_comment(page, "In two roles.")
    second = page.context.new_page()
    second.goto(live_site + articles[1].get_absolute_url())
    log_out(second)
    log_in(second, other)
    page.bring_to_front()
    expect_reader(page, "Lin Yuqing")
    expect(textarea).to_have_value("In two roles.")
    textarea.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("You are now logged in as Lin Yuqing.")
    expect(page.locator(TEXTAREA)).to_have_value("In two roles.")
    assert Comment.objects.filter(body="In two roles.").count() == 0
    page.get_by_role("button", name="Post as Lin Yuqing").click()
    expect(page.locator("[data-state=pending]")).to_contain_text("In two roles.")
    assert Comment.objects.get(body="In two roles.").author == other
