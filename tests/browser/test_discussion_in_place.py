"""Removing, reporting and paging in place: where the focus goes, what is said, that Back leads back, and what a fault leaves of a text."""

import pytest

from accounts.models import User
from comments import services
from comments.models import Comment, Report
from comments.policy import State
from tests.comments.discussion_pages import many_comments
from tests.factories import make_article, make_comment, make_user

from .writing import BOX, write

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

SAID = "#discussion-said"
POST = "**/articles/a-patent/comments/"


@pytest.fixture
def trusted() -> User:
    """What this reader writes is visible at once."""
    user = make_user()
    make_comment(make_article(), author=user)
    return user


# --- removing ---


def test_a_comment_is_removed_in_place_after_a_question(open_article, article, trusted):
    make_comment(article)
    own = make_comment(article, author=trusted)
    last = make_comment(article)
    page = open_article(trusted)
    expect(page.locator(".discussion-count")).to_have_text("3 comments")
    remove = page.locator(f"#comment-{own.pk}").get_by_role("link", name="Remove")
    remove.click()
    question = page.get_by_text("Remove this comment?")
    expect(question).to_be_focused()
    page.get_by_role("link", name="Keep it").click()
    expect(remove).to_be_focused()
    remove.press("Enter")
    expect(question).to_be_focused()
    page.keyboard.press("Escape")
    expect(remove).to_be_focused()
    assert Comment.objects.get(pk=own.pk).state == State.VISIBLE

    remove.press("Enter")
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator(f"#comment-{own.pk}")).to_have_count(0)
    expect(page.locator(f"#comment-{last.pk - 2}")).to_be_focused()
    expect(page.locator(SAID)).to_have_text("Your comment is removed.")
    expect(page.locator(".discussion-count")).to_have_text("2 comments")
    assert Comment.objects.get(pk=own.pk).state == State.REMOVED


def test_a_removed_thread_with_replies_leaves_its_place(open_article, article, trusted):
    own = make_comment(article, author=trusted)
    make_comment(article, parent=own)
    page = open_article(trusted)
    page.locator(f"#comment-{own.pk}").get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    place = page.locator(f"#comment-{own.pk}")
    expect(place).to_have_text("Removed by its author.")
    expect(place).to_be_focused()


def test_the_only_comment_removed_takes_the_focus_to_the_heading(open_article, article, reader):
    make_comment(article, author=reader, state=State.PENDING)
    page = open_article(reader)
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("#discussion-title")).to_be_focused()


# --- reporting ---


def test_a_comment_is_reported_in_place(open_article, article, reader):
    comment = make_comment(article)
    page = open_article(reader)
    place = page.locator(f"#comment-{comment.pk}")
    place.get_by_role("link", name="Report").click()
    place.locator("select").select_option(index=1)
    place.locator("textarea").evaluate("(box) => box.removeAttribute('maxlength')")
    place.locator("textarea").fill("x" * 301)
    place.get_by_role("button", name="Report").click()
    expect(place.locator(".field-error")).to_be_visible()
    expect(place.locator("textarea")).to_be_focused()
    place.locator("textarea").fill("Look at the second sentence.")
    place.get_by_role("button", name="Report").click()
    thanks = place.get_by_text("Thank you. A moderator will look at it.")
    expect(thanks).to_be_focused()
    assert Report.objects.get().note == "Look at the second sentence."


def test_a_stranger_who_reports_is_led_to_the_log_in(open_article, article):
    make_comment(article)
    page = open_article()
    page.get_by_role("link", name="Report").click()
    page.wait_for_url("**/accounts/login/?next=/comments/*/report/")


def test_a_report_about_what_is_gone_by_then_says_so_in_place(open_article, article, reader):
    comment = make_comment(article)
    page = open_article(reader)
    page.locator(f"#comment-{comment.pk}").get_by_role("link", name="Report").click()
    expect(page.get_by_role("button", name="Report")).to_be_visible()
    services.remove_comment(user=comment.author, comment_id=comment.pk)
    page.get_by_role("button", name="Report").click()
    expect(page.locator("#discussion .field-error")).to_contain_text("no longer there")


# --- paging ---


def test_pages_turn_in_place_and_back_leads_back(open_article, article, live_site):
    threads = many_comments(article, 120)
    page = open_article()
    page.evaluate("() => { window.stays = true; }")
    page.get_by_role("link", name="Older comments").click()
    expect(page.locator(f"#comment-{threads[0].pk}, #comment-{threads[99].pk}")).to_have_count(1)
    expect(page.locator("#discussion-title")).to_be_focused()
    assert page.url == f"{live_site}/articles/a-patent/discussion/2/"
    assert "page 2" in page.title()
    page.get_by_role("link", name="Older comments").click()
    expect(page.locator(f"#comment-{threads[0].pk}")).to_be_visible()
    page.go_back()
    expect(page.locator(f"#comment-{threads[99].pk}")).to_be_visible()
    page.go_back()
    expect(page.locator(f"#comment-{threads[119].pk}")).to_be_visible()
    assert page.url == f"{live_site}/articles/a-patent/"
    expect(page.get_by_role("link", name="Older comments")).to_be_in_viewport()
    page.go_forward()
    expect(page.locator(f"#comment-{threads[99].pk}")).to_be_visible()
    assert page.evaluate("() => window.stays")


def test_a_text_being_written_stays_while_pages_turn(open_article, article, reader):
    many_comments(article, 60)
    page = open_article(reader)
    write(page, "Half a thou")
    page.get_by_role("link", name="Oldest").click()
    expect(page.locator(".discussion-views [aria-current]").first).to_have_text("Oldest")
    expect(page.locator(BOX)).to_have_value("Half a thou")
    page.locator(BOX).fill("Half a thought.")
    page.locator(BOX).press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("Half a thought.")


def test_own_comments_are_marked_on_every_page_that_is_turned_to(open_article, article, trusted):
    own = make_comment(article, author=trusted)
    many_comments(article, 60)
    page = open_article(trusted)
    page.get_by_role("link", name="Older comments").click()
    expect(page.locator(f"#comment-{own.pk}").get_by_role("link", name="Edit")).to_be_visible()
    page.get_by_role("link", name="Newer comments").click()
    page.get_by_role("link", name="Oldest").click()
    expect(page.locator(f"#comment-{own.pk}").get_by_role("link", name="Edit")).to_be_visible()


def test_where_only_the_discussion_stands_the_article_is_a_page_of_its_own(open_article, article, live_site):
    many_comments(article, 60)
    page = open_article(at="/articles/a-patent/discussion/1/")
    page.get_by_role("link", name="Newest", exact=True).click()
    page.wait_for_url(f"{live_site}/articles/a-patent/#discussion")
    expect(page.locator("article.article")).to_be_visible()


def test_a_page_that_does_not_come_is_left_to_the_browser(open_article, article, live_site):
    many_comments(article, 60)
    page = open_article()
    page.route(
        "**/discussion/1/",
        lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_(),
    )
    page.get_by_role("link", name="Older comments").click()
    page.wait_for_url("**/discussion/1/")
    expect(page.locator("article.article")).to_have_count(0)


# --- faults ---


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (403, "Copy your text, load the page anew"),
        (404, "no longer there"),
        (409, "Something has changed meanwhile"),
        (413, "far too long"),
        (429, "too much at once"),
        (500, "wrong on our side"),
        (502, "wrong on our side"),
        (503, "Nothing can be saved at the moment"),
    ],
)
def test_a_fault_leaves_the_text_and_says_what_to_do(open_article, reader, status, told):
    page = open_article(reader)
    box = write(page, "Not to be lost.")
    page.route(
        POST,
        lambda route: route.fulfill(
            status=status, body="<html><p>no form here</p></html>", content_type="text/html"
        ),
    )
    box.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(box).to_have_value("Not to be lost.")
    expect(box).to_be_focused()
    page.unroute(POST)
    box.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("Not to be lost.")
    assert Comment.objects.count() == 1


def test_an_answer_that_does_not_come_is_said_and_sending_again_posts_once(open_article, reader):
    page = open_article(reader)
    box = write(page, "Only once.")
    page.evaluate("AbortSignal.timeout = () => (window.patience = new AbortController()).signal")

    def keep_the_answer(route) -> None:
        assert route.fetch().status == 201
        page.evaluate("patience.abort(new DOMException('late', 'TimeoutError'))")

    page.route(POST, keep_the_answer)
    box.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("takes too long to answer")
    expect(box).to_have_value("Only once.")
    assert Comment.objects.count() == 1
    page.unroute(POST)
    box.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("Only once.")
    assert Comment.objects.count() == 1


def test_a_token_that_has_become_stale_is_replaced(open_article, reader):
    page = open_article(reader)
    box = write(page, "An old form.")
    page.locator("#discussion [name=csrfmiddlewaretoken]").evaluate(
        "(field) => { field.value = 'x'.repeat(64); }"
    )
    box.press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_contain_text("This form had been open for too long")
    page.locator(BOX).press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("An old form.")


# --- the answer in the other language ---


def test_a_fault_is_told_in_the_language_of_the_page(open_article, article, reader):
    chinese = make_article("专利", language="zh-hans", translation_key=article.translation_key)
    page = open_article(reader, chinese.get_absolute_url(), locale="zh-CN")
    page.locator(".discussion-invite").click()
    page.locator(BOX).fill("还没说完。")
    page.context.set_offline(True)
    page.locator(BOX).press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("未能送达")
