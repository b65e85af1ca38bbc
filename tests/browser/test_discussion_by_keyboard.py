"""The discussion used by keyboard alone, and axe's accessibility checks of its states."""

from typing import TYPE_CHECKING

import pytest

from comments.models import Comment, Report
from comments.policy import State
from tests.comments.discussion_pages import many_comments
from tests.factories import make_article, make_comment, make_user

if TYPE_CHECKING:
    from playwright.sync_api import Page

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed: uv run --group browser pytest"
)
expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
MAX_TABS = 400  # more presses of Tab than the longest page of these tests needs
FOCUSED_TEXT = "() => document.activeElement.textContent.trim().replace(/\\s+/g, ' ')"


def tab_to(page: "Page", text: str) -> None:
    """Press Tab until the focused element's text starts with `text`."""
    for _index in range(MAX_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED_TEXT).startswith(text):
            return
    pytest.fail(f"Tab does not lead to “{text}”")


def test_discussion_is_used_by_keyboard(browse, sign_in, live_site, article):
    reader = make_user(display_name="Keen Reader")
    make_comment(make_article(), author=reader)
    thread = make_comment(article)
    many_comments(article, 50)
    page = browse()
    sign_in(page, reader)
    page.goto(live_site + article.get_absolute_url())
    expect(page.get_by_text("Keen Reader")).to_be_visible()

    tab_to(page, "Join the discussion")
    page.keyboard.press("Enter")
    expect(page.locator("#discussion textarea")).to_be_focused()
    page.keyboard.type("By keyboard.")
    page.keyboard.press("Tab")  # to the button
    page.keyboard.press("Enter")
    comment = page.locator(".comment", has_text="By keyboard.")
    expect(comment).to_be_focused()

    tab_to(page, "Edit")
    page.keyboard.press("Enter")
    expect(comment.locator("textarea")).to_be_focused()
    page.keyboard.type("Put better, ")
    page.keyboard.press("Control+Enter")
    comment = page.locator(".comment", has_text="Put better, By keyboard.")
    expect(comment).to_be_focused()

    tab_to(page, "Reply")
    page.keyboard.press("Enter")
    expect(page.locator("#discussion textarea")).to_be_focused()
    page.keyboard.type("An answer.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".replies .comment", has_text="An answer.")).to_be_focused()

    tab_to(page, "Report")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Report this comment")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you. A moderator will look at it.").first).to_be_focused()

    tab_to(page, "Older comments")
    page.keyboard.press("Enter")
    expect(page.locator(f"#comment-{thread.pk}")).to_be_visible()
    expect(page.locator("#discussion-title")).to_be_focused()
    tab_to(page, "Oldest")

    assert (
        Comment.objects.filter(author=reader, state=State.VISIBLE, discussion=article.translation_key).count()
        == 2
    )
    assert Report.objects.get().reporter == reader


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1440, True)])
def test_axe_finds_no_violation_in_any_state(browse, sign_in, live_site, article, width, dark):
    reader = make_user()
    make_comment(make_article(), author=reader)
    first = make_comment(article, author=reader)
    for _reply in range(8):
        make_comment(article, parent=first, body="专利法保护发明创造。")
    make_comment(article, author=make_user(), state=State.PENDING)
    page = browse(width=width, dark=dark)
    sign_in(page, reader)

    def assert_accessible(state: str) -> None:
        results = axe.Axe().run(page, options=RULES).response["violations"]
        violations = [
            (violation["id"], node["html"][:120]) for violation in results for node in violation["nodes"]
        ]
        assert (state, violations) == (state, [])

    page.goto(live_site + article.get_absolute_url())
    expect(page.get_by_role("link", name="Edit")).to_be_visible()
    assert_accessible("as it comes")
    page.get_by_text("Show 4 more replies").click()
    assert_accessible("unfolded")
    page.get_by_role("link", name="Join the discussion").click()
    page.locator("#discussion textarea").fill("字" * 141)
    page.locator("#discussion textarea").press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_be_visible()
    assert_accessible("too long a text")
    page.get_by_role("link", name="Report").first.click()
    expect(page.get_by_text("Report this comment")).to_be_focused()
    page.get_by_role("link", name="Remove").first.click()
    expect(page.get_by_text("Remove this comment?")).to_be_focused()
    assert_accessible("a report and a question")
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator(f"#comment-{first.pk}")).to_be_focused()
    expect(page.locator(f"#comment-{first.pk}")).to_have_text("Removed by its author.")
    assert_accessible("removed")
    page.goto(f"{live_site}/articles/a-patent/discussion/?order=oldest")
    assert_accessible("in another order")
    page.goto(f"{live_site}/articles/a-patent/discussion/thread/1/")
    assert_accessible("a thread alone")
