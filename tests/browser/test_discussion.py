"""The discussion in a browser: in place with JavaScript, on pages of its own without."""

import pytest

from comments.models import Comment, CommentDraft
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.factories import PASSWORD, make_article, make_comment, make_user

from .comment_form import TEXTAREA, type_comment

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def url(live_site, article) -> str:
    return live_site + article.get_absolute_url()


def test_comment_is_posted_in_place(open_article, url):
    page = open_article(make_user())
    textarea = type_comment(page, "An argument.")
    expect(page.locator("[data-words-left]")).to_have_text("138")
    textarea.press("Control+Enter")
    pending = page.locator("[data-state=pending]")
    expect(pending).to_contain_text("An argument.")
    expect(pending).to_be_focused()
    assert page.url == url
    assert Comment.objects.get().body == "An argument."
    expect(page.get_by_role("link", name="Join the discussion")).to_be_visible()

    page.reload()
    expect(page.locator("[data-state=pending]")).to_contain_text("An argument.")


def test_comment_of_trusted_author_appears_on_top(open_article, article):
    reader = make_user()
    make_comment(article, author=reader)
    page = open_article(reader)
    type_comment(page, "A new thread.").press("Control+Enter")
    expect(page.locator(".threads > .thread").first).to_contain_text("A new thread.")
    expect(page.locator("[data-state]")).to_have_count(0)


def test_reply_is_posted_from_below_its_parent(open_article, article):
    thread = make_comment(article)
    make_comment(article)
    page = open_article(make_user())
    page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Reply").click()
    textarea = page.locator(f"#comment-{thread.pk} textarea")
    expect(textarea).to_have_attribute("data-limit", "70")
    textarea.fill("But why?")
    page.get_by_role("button", name="Post").click()
    reply = page.locator(".thread", has=page.locator(f"#comment-{thread.pk}")).locator(
        ".replies [data-state=pending]"
    )
    expect(reply).to_contain_text("But why?")

    page.reload()
    expect(reply).to_contain_text("But why?")


def test_counter_goes_below_zero_and_marks_the_excess(open_article):
    page = open_article()
    textarea = type_comment(page, "字" * 121)
    words_left = page.locator("[data-words-left]")
    expect(words_left).to_have_text("19")
    expect(words_left).to_have_attribute("data-level", "few")
    textarea.fill("字" * 140 + "too many")
    expect(words_left).to_have_text("−2")
    expect(words_left).to_have_attribute("data-level", "over")
    expect(page.locator(".words-mirror mark")).to_have_text("too many")
    textarea.fill("字" * 140)
    expect(words_left).to_have_text("0")
    expect(page.locator(".words-mirror mark")).to_have_count(0)


def test_thresholds_are_announced_after_a_pause(open_article):
    page = open_article()
    textarea = type_comment(page, "字" * 100)
    live_region = page.locator("[data-words-said]")
    textarea.fill("字" * 125)
    expect(live_region).to_have_text("Words left: 15")
    textarea.fill("字" * 143)
    expect(live_region).to_have_text("Words over the limit: 3")


def test_excess_characters_are_announced(open_article):
    page = open_article()
    type_comment(page, "a" * 2001)
    expect(page.locator("[data-words-left]")).to_have_attribute("data-level", "over")
    expect(page.locator("[data-words-said]")).to_have_text("Characters over the limit: 1")


def test_excess_lines_and_marks_are_announced(open_article):
    page = open_article()
    textarea = type_comment(page, "line\n" * 43)
    words_left, live_region = page.locator("[data-words-left]"), page.locator("[data-words-said]")
    expect(words_left).to_have_attribute("data-level", "over")
    expect(live_region).to_have_text("Lines over the limit: 3")
    expect(page.locator(".words-mirror mark")).to_have_text("line\nline\nline\n")
    textarea.fill("a" + "\u0301" * 9)
    expect(words_left).to_have_attribute("data-level", "over")
    expect(live_region).to_have_text("A letter bears too many marks.")


def test_too_long_text_is_returned_with_an_error(open_article):
    page = open_article(make_user())
    type_comment(page, "字" * 141).press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_contain_text("1 word over the limit of 140")
    expect(page.locator("#discussion .form-errors")).to_be_focused()
    expect(page.locator(TEXTAREA)).to_have_value("字" * 141)
    page.locator(TEXTAREA).fill("字" * 140)
    page.locator(TEXTAREA).press("Meta+Enter")
    expect(page.locator("[data-state=pending]")).to_be_visible()


def test_text_is_kept_when_discussion_closes_meanwhile(open_article, article):
    page = open_article(make_user())
    textarea = type_comment(page, "Just in time?")
    with public_write(article):
        article.comments_open = False
        article.save()
    textarea.press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_contain_text("This discussion has closed.")
    expect(page.locator(TEXTAREA)).to_have_value("Just in time?")


def test_text_is_kept_offline(open_article):
    page = open_article(make_user())
    textarea = type_comment(page, "On a train.")
    page.context.set_offline(True)
    textarea.press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_contain_text("This did not reach us")
    expect(textarea).to_have_value("On a train.")
    page.context.set_offline(False)
    textarea.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("On a train.")


def test_text_is_kept_when_session_ends(open_article):
    page = open_article(make_user())
    textarea = type_comment(page, "Still here?")
    page.context.clear_cookies(name="sessionid")
    textarea.press("Control+Enter")
    expect(page.locator("#discussion [data-kept]")).to_contain_text("Your text is kept.")
    expect(page.locator(TEXTAREA)).to_have_value("Still here?")
    assert CommentDraft.objects.get().body == "Still here?"


def test_double_click_posts_one_comment(open_article):
    page = open_article(make_user())
    type_comment(page, "Once.")
    page.get_by_role("button", name="Post").dblclick()
    expect(page.locator("[data-state=pending]")).to_have_count(1)
    assert Comment.objects.count() == 1


def test_enter_does_not_submit_while_input_method_composes(open_article):
    page = open_article(make_user())
    textarea = type_comment(page, "zhuanli")
    for init in ("isComposing: true", "keyCode: 229"):
        event = f"new KeyboardEvent('keydown', {{ key: 'Enter', ctrlKey: true, bubbles: true, {init} }})"
        textarea.evaluate(f"(textarea) => textarea.dispatchEvent({event})")
    textarea.press("Enter")
    expect(page.locator("form.comment-form[aria-busy]")).to_have_count(0)
    expect(textarea).to_have_value("zhuanli\n")
    textarea.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_be_visible()
    assert Comment.objects.count() == 1


def test_draft_survives_reload_until_it_is_posted(open_article):
    page = open_article(make_user())
    type_comment(page, "Not sent yet.")
    page.reload()
    page.get_by_role("link", name="Join the discussion").click()
    textarea = page.locator(TEXTAREA)
    expect(textarea).to_have_value("Not sent yet.")
    expect(page.locator("[data-words-left]")).to_have_text("137")
    textarea.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == []


def test_each_comment_has_a_draft_of_its_own(open_article, article):
    thread = make_comment(article)
    page = open_article(make_user())
    type_comment(page, "To all.")
    page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Reply").click()
    expect(page.locator(f"#comment-{thread.pk} textarea")).to_have_value("")


def test_cancelling_restores_focus(open_article, article):
    thread = make_comment(article)
    page = open_article()
    reply = page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Reply")
    reply.click()
    page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Cancel").click()
    expect(page.locator(TEXTAREA)).to_have_count(0)
    expect(reply).to_be_focused()


def test_own_visible_comment_is_edited_in_place(open_article, article):
    reader = make_user()
    make_comment(make_article(), author=reader)
    comment = make_comment(article, author=reader, body="As it was.")
    page = open_article(reader)
    comment_element = page.locator(f"#comment-{comment.pk}")
    expect(comment_element.get_by_role("link", name="Report")).to_have_count(0)
    comment_element.get_by_role("link", name="Edit").click()
    textarea = comment_element.locator("textarea")
    expect(textarea).to_have_value("As it was.")
    textarea.fill("Better put.")
    comment_element.get_by_role("button", name="Save").click()
    expect(comment_element.locator(".comment-body")).to_have_text("Better put.")
    assert page.locator(f"#comment-{comment.pk}").count() == 1


def test_anonymous_comment_is_posted_after_log_in(open_article, url):
    reader = make_user("stranger@example.org")
    page = open_article()
    type_comment(page, "Before I joined.").press("Control+Enter")
    expect(page.locator("#discussion [data-kept]")).to_be_focused()
    page.locator("#discussion").get_by_role("link", name="Log in").click()
    page.locator("input[name=login]").fill(reader.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    expect(page.locator("textarea[name=body]")).to_have_value("Before I joined.")
    assert not Comment.objects.exists()
    page.get_by_role("button", name="Post this").click()
    expect(page.locator("[data-state=pending]")).to_contain_text("Before I joined.")
    assert Comment.objects.get().author == reader


def test_stored_draft_is_posted_from_its_notice(open_article, sign_in):
    page = open_article()
    type_comment(page, "Before I joined.").press("Control+Enter")
    expect(page.locator("#discussion [data-kept]")).to_be_focused()
    sign_in(page, make_user())
    page.reload()
    page.locator("#discussion").get_by_role("link", name="Post this?").click()
    expect(page.get_by_label("Post this?")).to_have_value("Before I joined.")
    page.get_by_role("button", name="Post this").click()
    expect(page.locator("[data-state=pending]")).to_contain_text("Before I joined.")
    expect(page.locator("#discussion")).not_to_contain_text("has not been posted yet")


def test_discussion_works_without_javascript(open_article, article):
    thread = make_comment(article)
    page = open_article(make_user(), javascript=False)
    page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Reply").click()
    expect(page.locator("blockquote")).to_contain_text(thread.body)
    page.locator("textarea[name=body]").fill("字" * 71)
    page.get_by_role("button", name="Post").click()
    expect(page.locator(".form-errors")).to_contain_text("1 word over the limit of 70")
    expect(page.locator("[data-words-left]")).to_have_text("−1")
    expect(page.locator("textarea[name=body]")).to_have_value("字" * 71)
    page.locator("textarea[name=body]").fill("字" * 70)
    page.get_by_role("button", name="Post").click()
    expect(page.locator("article.comment[data-state=pending]")).to_contain_text("字" * 70)
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("[data-state=removed]")).to_be_visible()
    assert Comment.objects.get(parent=thread).state == State.REMOVED


def test_form_page_counts_and_deletes_its_draft_once_posted(browse, sign_in, live_site, article):
    page = browse()
    sign_in(page, make_user())
    page.goto(f"{live_site}/articles/a-patent/comments/new/")
    page.locator("textarea[name=body]").fill("字" * 141)
    expect(page.locator("[data-words-left]")).to_have_text("−1")
    page.get_by_role("button", name="Post").click()
    expect(page.locator("textarea[name=body]")).to_have_value("字" * 141)
    assert page.evaluate("Object.keys(localStorage).length") == 1
    page.locator("textarea[name=body]").fill("字")
    page.locator("textarea[name=body]").press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == []
