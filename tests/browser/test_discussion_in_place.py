"""Removing, reporting and paging in place: the focus, announcements, Back, and what happens to the text on
errors."""

import pytest

from accounts.models import User
from comments import services
from comments.models import Comment, Report
from comments.policy import State
from tests.comments.discussion_pages import many_comments
from tests.factories import make_article, make_comment, make_user

from .comment_form import TEXTAREA, type_comment

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ANNOUNCEMENT = "#discussion-said"
POST = "**/articles/a-patent/comments/"


@pytest.fixture
def trusted_author() -> User:
    """A user whose comments are visible at once."""
    user = make_user()
    make_comment(make_article(), author=user)
    return user


# --- removing -----------------------------------------------------------------------------------------------


def test_comment_is_removed_in_place_after_confirmation(open_article, article, trusted_author):
    make_comment(article)
    comment = make_comment(article, author=trusted_author)
    last = make_comment(article)
    page = open_article(trusted_author)
    expect(page.locator(".discussion-count")).to_have_text("3 comments")
    remove = page.locator(f"#comment-{comment.pk}").get_by_role("link", name="Remove")
    remove.click()
    question = page.get_by_text("Remove this comment?")
    expect(question).to_be_focused()
    page.get_by_role("link", name="Keep it").click()
    expect(remove).to_be_focused()
    remove.press("Enter")
    expect(question).to_be_focused()
    page.keyboard.press("Escape")
    expect(remove).to_be_focused()
    assert Comment.objects.get(pk=comment.pk).state == State.VISIBLE

    remove.press("Enter")
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator(f"#comment-{comment.pk}")).to_have_count(0)
    expect(page.locator(f"#comment-{last.pk - 2}")).to_be_focused()
    expect(page.locator(ANNOUNCEMENT)).to_have_text("Your comment is removed.")
    expect(page.locator(".discussion-count")).to_have_text("2 comments")
    assert Comment.objects.get(pk=comment.pk).state == State.REMOVED


def test_removed_thread_with_replies_leaves_a_tombstone(open_article, article, trusted_author):
    comment = make_comment(article, author=trusted_author)
    make_comment(article, parent=comment)
    page = open_article(trusted_author)
    page.locator(f"#comment-{comment.pk}").get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    comment_element = page.locator(f"#comment-{comment.pk}")
    expect(comment_element).to_have_text("Removed by its author.")
    expect(comment_element).to_be_focused()


def test_removing_the_only_comment_focuses_the_heading(open_article, article, reader):
    make_comment(article, author=reader, state=State.PENDING)
    page = open_article(reader)
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("#discussion-title")).to_be_focused()


# --- reporting ----------------------------------------------------------------------------------------------


def test_comment_is_reported_in_place(open_article, article, reader):
    comment = make_comment(article)
    page = open_article(reader)
    comment_element = page.locator(f"#comment-{comment.pk}")
    comment_element.get_by_role("link", name="Report").click()
    comment_element.locator("select").select_option(index=1)
    comment_element.locator("textarea").evaluate("(textarea) => textarea.removeAttribute('maxlength')")
    comment_element.locator("textarea").fill("x" * 301)
    comment_element.get_by_role("button", name="Report").click()
    expect(comment_element.locator(".field-error")).to_be_visible()
    expect(comment_element.locator("textarea")).to_be_focused()
    comment_element.locator("textarea").fill("Look at the second sentence.")
    comment_element.get_by_role("button", name="Report").click()
    thank_you = comment_element.get_by_text("Thank you. A moderator will look at it.")
    expect(thank_you).to_be_focused()
    assert Report.objects.get().note == "Look at the second sentence."


def test_anonymous_report_leads_to_log_in(open_article, article):
    make_comment(article)
    page = open_article()
    page.get_by_role("link", name="Report").click()
    page.wait_for_url("**/accounts/login/?next=/comments/*/report/")


def test_report_of_removed_comment_shows_an_error(open_article, article, reader):
    comment = make_comment(article)
    page = open_article(reader)
    page.locator(f"#comment-{comment.pk}").get_by_role("link", name="Report").click()
    expect(page.get_by_role("button", name="Report")).to_be_visible()
    services.remove_comment(user=comment.author, comment_id=comment.pk)
    page.get_by_role("button", name="Report").click()
    expect(page.locator("#discussion .field-error")).to_contain_text("no longer there")


# --- paging -------------------------------------------------------------------------------------------------


def test_pages_turn_in_place_and_back_works(open_article, article, live_site):
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


def test_text_being_typed_stays_while_pages_turn(open_article, article, reader):
    many_comments(article, 60)
    page = open_article(reader)
    type_comment(page, "Half a thou")
    page.get_by_role("link", name="Oldest").click()
    expect(page.locator(".discussion-views [aria-current]").first).to_have_text("Oldest")
    expect(page.locator(TEXTAREA)).to_have_value("Half a thou")
    page.locator(TEXTAREA).fill("Half a thought.")
    page.locator(TEXTAREA).press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("Half a thought.")


def test_own_comments_have_actions_on_every_page(open_article, article, trusted_author):
    comment = make_comment(article, author=trusted_author)
    many_comments(article, 60)
    page = open_article(trusted_author)
    page.get_by_role("link", name="Older comments").click()
    expect(page.locator(f"#comment-{comment.pk}").get_by_role("link", name="Edit")).to_be_visible()
    page.get_by_role("link", name="Newer comments").click()
    page.get_by_role("link", name="Oldest").click()
    expect(page.locator(f"#comment-{comment.pk}").get_by_role("link", name="Edit")).to_be_visible()


def test_page_of_discussion_alone_loads_the_article(open_article, article, live_site):
    many_comments(article, 60)
    page = open_article(path="/articles/a-patent/discussion/1/")
    page.get_by_role("link", name="Newest", exact=True).click()
    page.wait_for_url(f"{live_site}/articles/a-patent/#discussion")
    expect(page.locator("article.article")).to_be_visible()


def test_failed_page_is_loaded_by_the_browser(open_article, article, live_site):
    many_comments(article, 60)
    page = open_article()
    page.route(
        "**/discussion/1/",
        lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_(),
    )
    page.get_by_role("link", name="Older comments").click()
    page.wait_for_url("**/discussion/1/")
    expect(page.locator("article.article")).to_have_count(0)


# --- errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "message"),
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
def test_error_response_keeps_the_text_and_shows_a_message(open_article, reader, status, message):
    page = open_article(reader)
    textarea = type_comment(page, "Not to be lost.")
    page.route(
        POST,
        lambda route: route.fulfill(
            status=status, body="<html><p>no form here</p></html>", content_type="text/html"
        ),
    )
    textarea.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text(message)
    expect(textarea).to_have_value("Not to be lost.")
    expect(textarea).to_be_focused()
    page.unroute(POST)
    textarea.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("Not to be lost.")
    assert Comment.objects.count() == 1


def test_timeout_shows_a_message_and_a_retry_posts_once(open_article, reader):
    page = open_article(reader)
    textarea = type_comment(page, "Only once.")
    page.evaluate("AbortSignal.timeout = () => (window.patience = new AbortController()).signal")

    def time_out_after_the_server_responds(route) -> None:
        assert route.fetch().status == 201
        page.evaluate("patience.abort(new DOMException('late', 'TimeoutError'))")

    page.route(POST, time_out_after_the_server_responds)
    textarea.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("takes too long to answer")
    expect(textarea).to_have_value("Only once.")
    assert Comment.objects.count() == 1
    page.unroute(POST)
    textarea.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("Only once.")
    assert Comment.objects.count() == 1


def test_expired_csrf_token_is_replaced(open_article, reader):
    page = open_article(reader)
    textarea = type_comment(page, "An old form.")
    page.locator("#discussion [name=csrfmiddlewaretoken]").evaluate(
        "(field) => { field.value = 'x'.repeat(64); }"
    )
    textarea.press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_contain_text("This form had been open for too long")
    page.locator(TEXTAREA).press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("An old form.")


# --- language -----------------------------------------------------------------------------------------------


def test_error_message_is_in_the_language_of_the_page(open_article, article, reader):
    chinese = make_article("专利", language="zh-hans", translation_key=article.translation_key)
    page = open_article(reader, chinese.get_absolute_url(), locale="zh-CN")
    page.locator(".discussion-invite").click()
    page.locator(TEXTAREA).fill("还没说完。")
    page.context.set_offline(True)
    page.locator(TEXTAREA).press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("未能送达")
