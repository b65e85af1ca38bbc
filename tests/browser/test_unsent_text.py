"""Whatever prevents posting, the text is in the form afterwards with a message: in place with JavaScript, on
a page without."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.db import OperationalError

from accounts.models import User
from articles.models import Article
from articles.services import take_down
from comments import services
from comments.models import Ban, Comment, CommentDraft
from ictiger.pagecache.public_write import public_write
from tests.factories import PASSWORD, make_article, make_comment, make_user

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

TEXT = "不可丢失的 words, <kept> & safe.\n\nSecond paragraph."
TEXTAREA = "textarea:not([aria-hidden])"


@dataclass
class Scene:
    page: "Page"
    article: Article
    thread: Comment
    writer: User
    monkeypatch: pytest.MonkeyPatch


# --- failures between typing and posting, with the messages shown with and without JavaScript ---------------


def session_ends(scene: Scene) -> None:
    scene.page.context.clear_cookies(name="sessionid")


def token_expires(scene: Scene) -> None:
    scene.page.context.clear_cookies(name="csrftoken")


def discussion_closes(scene: Scene) -> None:
    with public_write(scene.article):
        scene.article.comments_open = False
        scene.article.save()


def parent_is_removed(scene: Scene) -> None:
    services.remove_comment(user=scene.thread.author, comment_id=scene.thread.pk)


def writer_is_banned(scene: Scene) -> None:
    Ban.objects.create(user=scene.writer, why="test")


def article_is_taken_down(scene: Scene) -> None:
    take_down(scene.article)


def raises(error: Exception) -> Callable[[Scene], None]:
    def fail(**_) -> None:
        raise error

    return lambda scene: scene.monkeypatch.setattr("comments.services.post_comment", fail)


def do_nothing(scene: Scene) -> None:
    """For a failure that the text itself causes."""


FAILURES = {
    "the session ends": (session_ends, TEXT, "Your text is kept.", "Your text is kept."),
    "the token expires": (token_expires, TEXT, "please send it again", "please send it again"),
    "the text is too long": (
        do_nothing,
        "字" * 71,
        "1 word over the limit of 70",
        "1 word over the limit of 70",
    ),
    "the discussion closes": (
        discussion_closes,
        TEXT,
        "This discussion has closed.",
        "This discussion has closed.",
    ),
    "the comment that is answered goes": (
        parent_is_removed,
        TEXT,
        "You can post your text as a comment of its own.",
        "comment of its own.",
    ),
    "the writer is banned": (
        writer_is_banned,
        TEXT,
        "You can no longer comment here.",
        "You can no longer comment here.",
    ),
    "the article goes": (article_is_taken_down, TEXT, "copy", "for you to copy"),
    "the database is away": (
        raises(OperationalError("away")),
        TEXT,
        "try again",
        "Please try again in a moment.",
    ),
    "something of ours breaks": (
        raises(RuntimeError("a mistake of ours")),
        TEXT,
        "try again",
        "Please try again in a moment.",
    ),
}


@pytest.fixture
def scene_for(browse, sign_in, live_site, monkeypatch) -> Callable[..., Scene]:
    """`scene_for(javascript=True)`: a user who has opened the form of a reply."""

    def open_form(*, javascript: bool) -> Scene:
        article, writer = make_article("a-patent"), make_user()
        thread = make_comment(article)
        page = browse(javascript=javascript)
        sign_in(page, writer)
        page.goto(live_site + article.get_absolute_url())
        page.locator(f"#comment-{thread.pk}").get_by_role("link", name="Reply").click()
        page.locator(TEXTAREA).wait_for()
        return Scene(page, article, thread, writer, monkeypatch)

    return open_form


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
@pytest.mark.parametrize("failure", FAILURES)
def test_text_is_in_the_form_after_a_failure(scene_for, failure, javascript):
    cause_failure, text, message_in_place, message_on_page = FAILURES[failure]
    scene = scene_for(javascript=javascript)
    page, url = scene.page, scene.page.url
    page.locator(TEXTAREA).fill(text)
    cause_failure(scene)
    page.get_by_role("button", name="Post").click()
    message = page.locator("#discussion .comment-form, #discussion [data-kept]" if javascript else "main")
    expect(message.first).to_contain_text(message_in_place if javascript else message_on_page)
    expect(page.locator(TEXTAREA)).to_have_value(text)
    if javascript:
        assert page.url == url
    assert not Comment.objects.filter(author=scene.writer).exists()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_retry_posts_the_text_once_the_database_is_back(scene_for, javascript):
    scene = scene_for(javascript=javascript)
    page = scene.page
    page.locator(TEXTAREA).fill(TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("comments.services.post_comment", _raise_database_error)
        page.get_by_role("button", name="Post").click()
        expect(page.locator(".comment-form" if javascript else "main").first).to_contain_text("try again")
    page.get_by_role("button", name="Post" if javascript else "Send it again").click()
    expect(page.locator("article.comment[data-state=pending]")).to_contain_text("Second paragraph.")
    assert Comment.objects.get(author=scene.writer).body == TEXT


def _raise_database_error(**_) -> None:
    raise OperationalError("away")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_reply_to_removed_comment_is_posted_as_a_thread(scene_for, live_site, javascript):
    scene = scene_for(javascript=javascript)
    page = scene.page
    page.locator(TEXTAREA).fill(TEXT)
    parent_is_removed(scene)
    if javascript:  # the draft's link to the old form also works
        page.goto(f"{live_site}/comments/mine/")
        page.get_by_role("link", name="Continue writing").click()
        expect(page.locator(TEXTAREA)).to_have_value(TEXT)
    for _press in range(1 if javascript else 2):
        page.get_by_role("button", name="Post").click()
    page.wait_for_url("**/comments/mine/**")
    expect(page.locator("article.comment[data-state=pending]")).to_contain_text("Second paragraph.")
    assert Comment.objects.get(author=scene.writer).parent is None
    if javascript:
        assert count_drafts(page) == 0


# --- drafts in the browser ----------------------------------------------------------------------------------


def count_drafts(page: "Page") -> int:
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('ictiger:draft:')).length")


def test_unsent_drafts_are_listed_and_can_be_discarded(scene_for, live_site):
    page = scene_for(javascript=True).page
    page.locator(TEXTAREA).fill(TEXT)
    for key, corrupt in enumerate(
        ['{"text": "cut o', "null", '{"text": 7}', '{"text": "No way back.", "here": "http://"}']
    ):
        page.evaluate(
            "([key, corrupt]) => localStorage.setItem(`ictiger:draft:${key}`, corrupt)", [key, corrupt]
        )
    page.goto(f"{live_site}/comments/mine/")
    draft_items = page.locator("[data-typed-text]")
    expect(draft_items).to_have_count(2)  # corrupt drafts do not affect others
    draft_items.filter(has_text="No way back.").get_by_role("button", name="Discard").click()
    expect(draft_items).to_contain_text("Title of a-patent")
    expect(draft_items).to_contain_text("<kept> & safe.")
    draft_items.get_by_role("link", name="Continue writing").click()
    expect(page.locator(TEXTAREA)).to_have_value(TEXT)
    page.go_back()
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("[data-typed-texts]")).to_be_hidden()
    assert count_drafts(page) == 3  # the corrupt ones


def test_browser_draft_does_not_replace_stored_draft(scene_for):
    """The account has a draft stored on the server, written in another browser; this browser has another."""
    scene = scene_for(javascript=True)
    page = scene.page
    page.locator(TEXTAREA).fill("Typed here.")
    stored_draft = {
        "token": uuid4(),
        "submission": uuid4(),
        "parent": scene.thread,
        "body": "Written elsewhere.",
    }
    CommentDraft.objects.create(account=scene.writer, article=scene.article, **stored_draft)
    page.reload()
    page.locator(f"#comment-{scene.thread.pk}").get_by_role("link", name="Reply").click()
    expect(page.locator(TEXTAREA)).to_have_value("Typed here.")
    page.get_by_role("button", name="Post").click()
    expect(page.locator("[data-state=pending]")).to_contain_text("Typed here.")
    assert CommentDraft.objects.get().body == "Written elsewhere."


def test_unsent_edit_is_restored(browse, sign_in, live_site):
    writer = make_user()
    comment = make_comment(make_article("a-patent"), author=writer, body="As posted.")
    page = browse()
    sign_in(page, writer)
    page.goto(f"{live_site}/comments/{comment.pk}/edit/")
    expect(page.locator(TEXTAREA)).to_have_value("As posted.")
    page.locator(TEXTAREA).fill("Better put.")
    page.goto(f"{live_site}/comments/{comment.pk}/edit/")
    expect(page.locator(TEXTAREA)).to_have_value("Better put.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/comments/mine/**")
    expect(page.locator(f"#comment-{comment.pk}")).to_contain_text("Better put.")
    assert count_drafts(page) == 0


def test_draft_survives_an_error_page(browse, sign_in, live_site):
    """Posting fails and the user leaves the error page by its link to the home page: the browser still has
    the draft."""
    page = browse()
    sign_in(page, make_user())
    make_article("a-patent")
    page.goto(f"{live_site}/articles/a-patent/comments/new/")
    page.locator(TEXTAREA).fill(TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("comments.services.post_comment", _raise_database_error)
        page.get_by_role("button", name="Post").click()
        expect(page.locator("main")).to_contain_text("Please try again in a moment.")
    page.get_by_role("link", name="Go to the home page").click()
    page.wait_for_url(f"{live_site}/")
    assert count_drafts(page) == 1
    page.goto(f"{live_site}/articles/a-patent/comments/new/")
    expect(page.locator(TEXTAREA)).to_have_value(TEXT)


def test_logging_out_of_the_admin_deletes_drafts(browse, sign_in, live_site, editor):
    make_article("a-patent")
    page = browse()
    sign_in(page, editor)
    page.goto(f"{live_site}/articles/a-patent/comments/new/")
    page.locator(TEXTAREA).fill("Between us.")
    assert count_drafts(page) == 1
    page.goto(f"{live_site}/admin/articles/article/add/")
    page.locator("textarea[name=body]").fill("An article.")
    page.goto(f"{live_site}/admin/")
    assert (
        page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('desk-text:')).length") == 1
    )
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/admin/logout/")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_logging_out_deletes_drafts(browse, live_site):
    """Neither drafts in the browser nor the cookie of a stored draft are left for the next user of the
    computer."""
    reader = make_user()
    make_article("a-patent")
    page = browse()
    page.goto(f"{live_site}/articles/a-patent/comments/new/")
    page.locator(TEXTAREA).fill("Before I joined.")
    page.get_by_role("button", name="Post").click()
    expect(page.locator("[data-kept]")).to_contain_text("Your text is kept.")
    page.get_by_role("link", name="Log in").last.click()
    page.fill("[name=login]", reader.email)
    page.fill("[name=password]", PASSWORD)
    page.locator("main").get_by_role("button", name="Log in").first.click()
    expect(page.locator(TEXTAREA)).to_have_value("Before I joined.")
    page.locator(TEXTAREA).fill("Before I joined, and more.")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(lambda url: "logout" not in url)
    assert count_drafts(page) == 0
    page.goto(f"{live_site}/articles/a-patent/comments/new/")
    expect(page.locator(TEXTAREA)).to_have_value("")
    assert [cookie["name"] for cookie in page.context.cookies() if cookie["name"] == "waiting"] == []
    assert CommentDraft.objects.get().account == reader
