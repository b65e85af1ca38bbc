"""Folded threads and links into them, with JavaScript and without."""

from typing import TYPE_CHECKING

import pytest

from comments.models import Comment
from tests.comments.discussion_pages import many_comments
from tests.factories import make_article, make_comment

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.parametrize("javascript", [True, False]),
]


@pytest.fixture
def page(browse, javascript) -> "Page":
    return browse(javascript=javascript)


def replies(number: int) -> list[Comment]:
    article = make_article("a-patent")
    (thread,) = many_comments(article, 1, replies_each=number)
    return list(thread.replies.order_by("pk"))


def test_the_middle_of_a_long_thread_is_folded_until_asked_for(page, live_site):
    below = replies(10)
    page.goto(f"{live_site}/articles/a-patent/")
    middle = page.locator(f"#comment-{below[4].pk}")
    expect(middle).to_be_hidden()
    expect(page.locator(f"#comment-{below[1].pk}")).to_be_visible()
    expect(page.locator(f"#comment-{below[8].pk}")).to_be_visible()
    page.get_by_text("Show 6 more replies").focus()
    page.keyboard.press("Enter")
    expect(middle).to_be_visible()


def test_a_link_to_a_folded_reply_opens_and_marks_it(page, live_site):
    below = replies(10)
    page.goto(f"{live_site}/comments/{below[4].pk}/")
    middle = page.locator(f"#comment-{below[4].pk}")
    expect(middle).to_be_in_viewport()
    expect(middle).to_be_visible()
    assert middle.evaluate("(comment) => comment.matches(':target')")
    assert middle.evaluate("(comment) => getComputedStyle(comment).boxShadow") != "none"


def test_a_link_within_the_page_to_a_folded_reply_opens_it(page, live_site):
    below = replies(10)
    answer = make_comment(below[0].article, parent=below[4])
    page.goto(f"{live_site}/articles/a-patent/")
    page.locator(f"#comment-{answer.pk} .comment-to a").click()
    expect(page.locator(f"#comment-{below[4].pk}")).to_be_in_viewport()


def test_a_very_long_thread_leads_to_its_own_page(page, live_site):
    below = replies(30)
    page.goto(f"{live_site}/articles/a-patent/")
    page.get_by_role("link", name="Show 26 more replies").click()
    expect(page).to_have_url(f"{live_site}/articles/a-patent/discussion/thread/1/")
    expect(page.locator(".replies > li")).to_have_count(30)
    page.goto(f"{live_site}/comments/{below[15].pk}/")
    expect(page).to_have_url(f"{live_site}/articles/a-patent/discussion/thread/1/#comment-{below[15].pk}")
    expect(page.locator(f"#comment-{below[15].pk}")).to_be_in_viewport()


def test_an_old_link_to_what_has_moved_to_another_page_finds_it(page, live_site, javascript):
    below = replies(30)
    page.goto(f"{live_site}/articles/a-patent/#comment-{below[15].pk}")
    if javascript:
        page.wait_for_url(f"{live_site}/articles/a-patent/discussion/thread/1/#comment-{below[15].pk}")
        expect(page.locator(f"#comment-{below[15].pk}")).to_be_in_viewport()
