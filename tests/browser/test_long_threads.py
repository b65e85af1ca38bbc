"""Folded threads and links to their replies, with and without JavaScript."""

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


def make_replies(count: int) -> list[Comment]:
    article = make_article("a-patent")
    (thread,) = many_comments(article, 1, replies_each=count)
    return list(thread.replies.order_by("pk"))


def test_middle_of_long_thread_is_folded_until_opened(page, live_site):
    replies = make_replies(10)
    page.goto(f"{live_site}/articles/a-patent/")
    folded_reply = page.locator(f"#comment-{replies[4].pk}")
    expect(folded_reply).to_be_hidden()
    expect(page.locator(f"#comment-{replies[1].pk}")).to_be_visible()
    expect(page.locator(f"#comment-{replies[8].pk}")).to_be_visible()
    page.get_by_text("Show 6 more replies").focus()
    page.keyboard.press("Enter")
    expect(folded_reply).to_be_visible()


def test_permalink_of_folded_reply_opens_and_marks_it(page, live_site):
    replies = make_replies(10)
    page.goto(f"{live_site}/comments/{replies[4].pk}/")
    folded_reply = page.locator(f"#comment-{replies[4].pk}")
    expect(folded_reply).to_be_in_viewport()
    expect(folded_reply).to_be_visible()
    assert folded_reply.evaluate("(comment) => comment.matches(':target')")
    assert folded_reply.evaluate("(comment) => getComputedStyle(comment).boxShadow") != "none"


def test_link_within_the_page_opens_folded_reply(page, live_site):
    replies = make_replies(10)
    nested_reply = make_comment(replies[0].article, parent=replies[4])
    page.goto(f"{live_site}/articles/a-patent/")
    page.locator(f"#comment-{nested_reply.pk} .comment-to a").click()
    expect(page.locator(f"#comment-{replies[4].pk}")).to_be_in_viewport()


def test_very_long_thread_has_a_page_of_its_own(page, live_site):
    replies = make_replies(30)
    page.goto(f"{live_site}/articles/a-patent/")
    page.get_by_role("link", name="Show 26 more replies").click()
    expect(page).to_have_url(f"{live_site}/articles/a-patent/discussion/thread/1/")
    expect(page.locator(".replies > li")).to_have_count(30)
    page.goto(f"{live_site}/comments/{replies[15].pk}/")
    expect(page).to_have_url(f"{live_site}/articles/a-patent/discussion/thread/1/#comment-{replies[15].pk}")
    expect(page.locator(f"#comment-{replies[15].pk}")).to_be_in_viewport()


def test_old_link_follows_reply_to_another_page(page, live_site, javascript):
    replies = make_replies(30)
    page.goto(f"{live_site}/articles/a-patent/#comment-{replies[15].pk}")
    if javascript:
        page.wait_for_url(f"{live_site}/articles/a-patent/discussion/thread/1/#comment-{replies[15].pk}")
        expect(page.locator(f"#comment-{replies[15].pk}")).to_be_in_viewport()
