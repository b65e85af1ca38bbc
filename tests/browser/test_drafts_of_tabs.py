"""A draft in the browser belongs to an account, to a revision of the comment it edits, and to one tab."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from accounts.models import User
from comments import services
from comments.models import Comment
from tests.factories import PASSWORD, make_article, make_comment, make_user

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

NEW = "/articles/a-patent/comments/new/"
TEXTAREA = "textarea:not([aria-hidden])"


@pytest.fixture
def writer(db) -> User:
    return make_user("careful@example.org", display_name="Careful Reader")


@pytest.fixture
def comment(writer: User) -> Comment:
    return make_comment(make_article("a-patent"), author=writer, body="As posted.")


@pytest.fixture
def tabs(browse, sign_in, live_site, writer, comment) -> Callable[[], "Page"]:
    """`tabs()` opens another tab of one browser, in which the writer is logged in."""
    first = browse()
    sign_in(first, writer)
    unused = [first]

    def open_tab() -> "Page":
        return unused.pop() if unused else first.context.new_page()

    return open_tab


def stored_texts(page: "Page") -> list[str]:
    return page.evaluate(
        """Object.entries(localStorage).filter(([key]) => key.startsWith("ictiger:draft:"))
        .map(([_key, draft]) => JSON.parse(draft).text).sort()"""
    )


def test_second_text_comes_back_after_the_first_was_posted_and_edited(tabs, live_site, writer):
    one, other = tabs(), tabs()
    one.goto(live_site + NEW)
    one.locator(TEXTAREA).fill("Text A.")
    other.goto(live_site + NEW)
    expect(other.locator(TEXTAREA)).to_have_value("Text A.")
    one.get_by_role("button", name="Post").click()
    one.wait_for_url("**/articles/a-patent/#comment-*")
    posted = Comment.objects.get(body="Text A.")
    services.edit_comment(user=writer, comment_id=posted.pk, body="Text A, mended.")
    other.locator(TEXTAREA).fill("Text B.")
    other.get_by_role("button", name="Post").click()
    expect(other.get_by_role("alert")).to_contain_text("sent before, with another text")
    expect(other.locator(TEXTAREA)).to_have_value("Text B.")
    other.get_by_role("button", name="Post").click()
    other.wait_for_url("**/articles/a-patent/#comment-*")
    bodies = Comment.objects.filter(author=writer).values_list("body", flat=True)
    assert set(bodies) == {"As posted.", "Text A, mended.", "Text B."}


def test_posting_in_one_tab_keeps_what_another_is_typing(tabs, live_site):
    one, other = tabs(), tabs()
    one.goto(live_site + NEW)
    one.locator(TEXTAREA).fill("Still typing.")
    other.goto(live_site + NEW)
    other.locator(TEXTAREA).fill("Sent first.")
    one.wait_for_function("Object.values(localStorage).some((draft) => draft.includes('Still typing.'))")
    assert stored_texts(other) == ["Sent first.", "Still typing."]
    other.get_by_role("button", name="Post").click()
    other.wait_for_url("**/articles/a-patent/#comment-*")
    assert stored_texts(other) == ["Still typing."]
    one.reload()
    expect(one.locator(TEXTAREA)).to_have_value("Still typing.")


def test_draft_of_a_closed_tab_is_restored_once(tabs, live_site):
    one, other = tabs(), tabs()
    one.goto(live_site + NEW)
    one.locator(TEXTAREA).fill("Left behind.")
    one.close()
    other.goto(live_site + NEW)
    expect(other.locator(TEXTAREA)).to_have_value("Left behind.")
    assert stored_texts(other) == ["Left behind."]
    other.get_by_role("button", name="Post").click()
    other.wait_for_url("**/articles/a-patent/#comment-*")
    assert stored_texts(other) == []


def test_draft_is_not_shown_to_another_account(tabs, live_site, writer):
    page, stranger = tabs(), make_user("other@example.org")
    page.goto(live_site + NEW)
    page.locator(TEXTAREA).fill("Mine alone.")
    page.context.clear_cookies()  # the session has run out
    page.goto(f"{live_site}/accounts/login/")
    for user, texts in ((stranger, []), (writer, ["Mine alone."])):
        page.context.clear_cookies()
        page.goto(f"{live_site}/accounts/login/")
        page.fill("[name=login]", user.email)
        page.fill("[name=password]", PASSWORD)
        page.locator("main").get_by_role("button", name="Log in").first.click()
        page.wait_for_url(lambda url: "login" not in url)
        page.goto(f"{live_site}/comments/mine/")
        assert page.locator("[data-typed-text] [data-text]").all_text_contents() == texts
        page.goto(live_site + NEW)
        expect(page.locator(TEXTAREA)).to_have_value("".join(texts))
    assert stored_texts(page) == ["Mine alone."]


def test_logging_out_leaves_the_draft_of_another_account(tabs, live_site, sign_in):
    page = tabs()
    page.goto(live_site + NEW)
    page.locator(TEXTAREA).fill("Waits for its owner.")
    page.context.clear_cookies()
    sign_in(page, make_user("other@example.org"))
    page.goto(live_site + NEW)
    page.locator(TEXTAREA).fill("Goes.")
    assert stored_texts(page) == ["Goes.", "Waits for its owner."]
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(lambda url: "logout" not in url)
    assert stored_texts(page) == ["Waits for its owner."]


def edit_in_place(page: "Page", live_site: str, comment: Comment) -> None:
    page.goto(live_site + comment.article.get_absolute_url())
    page.locator(f"#comment-{comment.pk}").get_by_role("link", name="Edit").click()
    page.locator(TEXTAREA).wait_for()


def test_cancelled_edit_is_forgotten(tabs, live_site, comment):
    page = tabs()
    edit_in_place(page, live_site, comment)
    page.locator(TEXTAREA).fill("Half a thought I gave up.")
    page.get_by_role("link", name="Cancel").click()
    assert stored_texts(page) == []
    page.reload()
    edit_in_place(page, live_site, comment)
    expect(page.locator(TEXTAREA)).to_have_value("As posted.")
    expect(page.locator("[data-draft-offer]")).to_be_hidden()


def test_edit_opens_with_the_comment_and_offers_the_older_draft(tabs, live_site, comment, writer):
    page = tabs()
    edit_in_place(page, live_site, comment)
    page.locator(TEXTAREA).fill("Half a thought.")
    services.edit_comment(user=writer, comment_id=comment.pk, body="Changed on the phone.")
    edit_in_place(page, live_site, comment)
    expect(page.locator(TEXTAREA)).to_have_value("Changed on the phone.")
    offer = page.locator("[data-draft-offer]")
    expect(offer).to_contain_text("You had typed something else here on")
    expect(offer).to_contain_text("Half a thought.")
    expect(offer).to_contain_text("The comment was changed since.")
    offer.get_by_role("button", name="Bring it back").click()
    expect(page.locator(TEXTAREA)).to_have_value("Half a thought.")
    expect(offer).to_be_hidden()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(TEXTAREA)).to_have_count(0)
    expect(page.locator(f"#comment-{comment.pk}")).to_contain_text("Half a thought.")
    assert stored_texts(page) == []


def test_draft_of_release_1_0_0_is_offered_without_a_date(tabs, live_site, comment):
    page = tabs()
    page.goto(live_site + "/")
    key = f"ictiger:draft:{comment.article.translation_key}:edit-{comment.pk}"
    page.evaluate("(key) => localStorage.setItem(key, JSON.stringify({ text: 'Long ago.' }))", key)
    edit_in_place(page, live_site, comment)
    expect(page.locator(TEXTAREA)).to_have_value("As posted.")
    offer = page.locator("[data-draft-offer]")
    expect(offer).to_contain_text("You had typed something else here before:")
    offer.get_by_role("button", name="Discard").click()
    assert stored_texts(page) == []


def test_erasing_the_account_takes_its_drafts_along(tabs, live_site, writer):
    page = tabs()
    page.goto(f"{live_site}/accounts/login/")
    page.context.clear_cookies()
    page.goto(f"{live_site}/accounts/login/")
    page.fill("[name=login]", writer.email)
    page.fill("[name=password]", PASSWORD)
    page.locator("main").get_by_role("button", name="Log in").first.click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(live_site + NEW)
    page.locator(TEXTAREA).fill("Never to be sent.")
    page.goto(f"{live_site}/accounts/me/delete/")
    if page.locator("[name=password]").count():
        page.fill("[name=password]", PASSWORD)
        page.locator("main form button").first.click()
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url(lambda url: "delete" not in url)
    assert stored_texts(page) == []
