"""The discussion in a browser: in place with JavaScript, and by pages without."""

import pytest

from comments.models import Comment, CommentDraft
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.factories import PASSWORD, make_article, make_comment, make_user

from .writing import BOX, write

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def url(live_site, article) -> str:
    return live_site + article.get_absolute_url()


def test_a_comment_is_written_and_sent_in_place(open_article, url):
    page = open_article(make_user())
    box = write(page, "An argument.")
    expect(page.locator("[data-words-left]")).to_have_text("138")
    box.press("Control+Enter")
    waiting = page.locator("[data-state=pending]")
    expect(waiting).to_contain_text("An argument.")
    expect(waiting).to_be_focused()
    assert page.url == url
    assert Comment.objects.get().body == "An argument."
    expect(page.get_by_role("link", name="Join the discussion")).to_be_visible()

    page.reload()
    expect(page.locator("[data-state=pending]")).to_contain_text("An argument.")


def test_a_trusted_comment_appears_on_top(open_article, article):
    reader = make_user()
    make_comment(article, author=reader)
    page = open_article(reader)
    write(page, "A new thread.").press("Control+Enter")
    expect(page.locator(".threads > .thread").first).to_contain_text("A new thread.")
    expect(page.locator("[data-state]")).to_have_count(0)


def test_a_reply_is_sent_from_below_what_it_answers(open_article, article):
    thread = make_comment(article)
    make_comment(article)
    page = open_article(make_user())
    page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Reply").click()
    box = page.locator(f"#comment-{thread.pk} textarea")
    expect(box).to_have_attribute("data-limit", "70")
    box.fill("But why?")
    page.get_by_role("button", name="Post").click()
    reply = page.locator(".thread", has=page.locator(f"#comment-{thread.pk}")).locator(
        ".replies [data-state=pending]"
    )
    expect(reply).to_contain_text("But why?")

    page.reload()
    expect(reply).to_contain_text("But why?")


def test_the_counter_goes_below_zero_and_marks_the_excess(open_article):
    page = open_article()
    box = write(page, "字" * 121)
    left = page.locator("[data-words-left]")
    expect(left).to_have_text("19")
    expect(left).to_have_attribute("data-level", "few")
    box.fill("字" * 140 + "too many")
    expect(left).to_have_text("−2")
    expect(left).to_have_attribute("data-level", "over")
    expect(page.locator(".words-mirror mark")).to_have_text("too many")
    box.fill("字" * 140)
    expect(left).to_have_text("0")
    expect(page.locator(".words-mirror mark")).to_have_count(0)


def test_screen_readers_hear_of_thresholds_after_a_pause(open_article):
    page = open_article()
    box = write(page, "字" * 100)
    said = page.locator("[data-words-said]")
    box.fill("字" * 125)
    expect(said).to_have_text("Words left: 15")
    box.fill("字" * 143)
    expect(said).to_have_text("Words over the limit: 3")


def test_characters_beyond_the_second_cap_are_said(open_article):
    page = open_article()
    write(page, "a" * 2001)
    expect(page.locator("[data-words-left]")).to_have_attribute("data-level", "over")
    expect(page.locator("[data-words-said]")).to_have_text("Characters over the limit: 1")


def test_lines_and_marks_beyond_their_limits_are_said(open_article):
    page = open_article()
    box = write(page, "line\n" * 43)
    left, said = page.locator("[data-words-left]"), page.locator("[data-words-said]")
    expect(left).to_have_attribute("data-level", "over")
    expect(said).to_have_text("Lines over the limit: 3")
    expect(page.locator(".words-mirror mark")).to_have_text("line\nline\nline\n")
    box.fill("a" + "\u0301" * 9)
    expect(left).to_have_attribute("data-level", "over")
    expect(said).to_have_text("A letter bears too many marks.")


def test_too_long_a_text_comes_back_with_what_to_do(open_article):
    page = open_article(make_user())
    write(page, "字" * 141).press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_contain_text("1 word over the limit of 140")
    expect(page.locator("#discussion .form-errors")).to_be_focused()
    expect(page.locator(BOX)).to_have_value("字" * 141)
    page.locator(BOX).fill("字" * 140)
    page.locator(BOX).press("Meta+Enter")
    expect(page.locator("[data-state=pending]")).to_be_visible()


def test_a_discussion_that_closes_meanwhile_keeps_the_text(open_article, article):
    page = open_article(make_user())
    box = write(page, "Just in time?")
    with public_write(article):
        article.comments_open = False
        article.save()
    box.press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_contain_text("This discussion has closed.")
    expect(page.locator(BOX)).to_have_value("Just in time?")


def test_without_a_connection_the_text_stays(open_article):
    page = open_article(make_user())
    box = write(page, "On a train.")
    page.context.set_offline(True)
    box.press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_contain_text("This did not reach us")
    expect(box).to_have_value("On a train.")
    page.context.set_offline(False)
    box.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_contain_text("On a train.")


def test_an_ended_session_keeps_the_text(open_article):
    page = open_article(make_user())
    box = write(page, "Still here?")
    page.context.clear_cookies(name="sessionid")
    box.press("Control+Enter")
    expect(page.locator("#discussion [data-kept]")).to_contain_text("Your text is kept.")
    expect(page.locator(BOX)).to_have_value("Still here?")
    assert CommentDraft.objects.get().body == "Still here?"


def test_a_double_click_is_one_comment(open_article):
    page = open_article(make_user())
    write(page, "Once.")
    page.get_by_role("button", name="Post").dblclick()
    expect(page.locator("[data-state=pending]")).to_have_count(1)
    assert Comment.objects.count() == 1


def test_enter_belongs_to_the_input_method_while_it_composes(open_article):
    page = open_article(make_user())
    box = write(page, "zhuanli")
    for init in ("isComposing: true", "keyCode: 229"):
        box.evaluate(
            f"(box) => box.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', ctrlKey: true, bubbles: true, {init} }}))"
        )
    box.press("Enter")
    expect(page.locator("form.comment-form[aria-busy]")).to_have_count(0)
    expect(box).to_have_value("zhuanli\n")
    box.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_be_visible()
    assert Comment.objects.count() == 1


def test_what_was_typed_is_there_after_a_reload_until_it_is_sent(open_article):
    page = open_article(make_user())
    write(page, "Not sent yet.")
    page.reload()
    page.get_by_role("link", name="Join the discussion").click()
    box = page.locator(BOX)
    expect(box).to_have_value("Not sent yet.")
    expect(page.locator("[data-words-left]")).to_have_text("137")
    box.press("Control+Enter")
    expect(page.locator("[data-state=pending]")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == []


def test_drafts_are_kept_apart_for_each_comment(open_article, article):
    thread = make_comment(article)
    page = open_article(make_user())
    write(page, "To all.")
    page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Reply").click()
    expect(page.locator(f"#comment-{thread.pk} textarea")).to_have_value("")


def test_cancelling_gives_the_focus_back(open_article, article):
    thread = make_comment(article)
    page = open_article()
    reply = page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Reply")
    reply.click()
    page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Cancel").click()
    expect(page.locator(BOX)).to_have_count(0)
    expect(reply).to_be_focused()


def test_an_own_visible_comment_is_edited_in_place(open_article, article):
    reader = make_user()
    make_comment(make_article(), author=reader)
    comment = make_comment(article, author=reader, body="As it was.")
    page = open_article(reader)
    own = page.locator(f"#comment-{comment.pk}")
    expect(own.get_by_role("link", name="Report")).to_have_count(0)
    own.get_by_role("link", name="Edit").click()
    box = own.locator("textarea")
    expect(box).to_have_value("As it was.")
    box.fill("Better put.")
    own.get_by_role("button", name="Save").click()
    expect(own.locator(".comment-body")).to_have_text("Better put.")
    assert page.locator(f"#comment-{comment.pk}").count() == 1


def test_a_stranger_writes_joins_and_posts(open_article, url):
    reader = make_user("stranger@example.org")
    page = open_article()
    write(page, "Before I joined.").press("Control+Enter")
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


def test_a_text_that_waits_is_posted_from_the_note_about_it(open_article, sign_in):
    page = open_article()
    write(page, "Before I joined.").press("Control+Enter")
    expect(page.locator("#discussion [data-kept]")).to_be_focused()
    sign_in(page, make_user())
    page.reload()
    page.locator("#discussion").get_by_role("link", name="Post this?").click()
    expect(page.get_by_label("Post this?")).to_have_value("Before I joined.")
    page.get_by_role("button", name="Post this").click()
    expect(page.locator("[data-state=pending]")).to_contain_text("Before I joined.")
    expect(page.locator("#discussion")).not_to_contain_text("has not been posted yet")


def test_without_javascript_everything_is_a_page(open_article, article):
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


def test_the_form_page_counts_and_forgets_its_draft_once_sent(browse, sign_in, live_site, article):
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
