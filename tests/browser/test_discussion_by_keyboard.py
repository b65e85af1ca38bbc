"""The whole discussion without a mouse, and what axe says of its states."""

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
FAR = 400  # presses of Tab that lead through the longest page here
FOCUSED = "() => document.activeElement.textContent.trim().replace(/\\s+/g, ' ')"


def tab_to(page: "Page", words: str) -> None:
    """From where the focus is, forward, to the next thing that says so."""
    for _press in range(FAR):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).startswith(words):
            return
    pytest.fail(f"Tab does not lead to “{words}”")


def test_everything_can_be_done_by_keyboard(browse, sign_in, live_site, article):
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
    own = page.locator(".comment", has_text="By keyboard.")
    expect(own).to_be_focused()

    tab_to(page, "Edit")
    page.keyboard.press("Enter")
    expect(own.locator("textarea")).to_be_focused()
    page.keyboard.type("Put better, ")
    page.keyboard.press("Control+Enter")
    own = page.locator(".comment", has_text="Put better, By keyboard.")
    expect(own).to_be_focused()

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
def test_axe_finds_nothing_in_any_state(browse, sign_in, live_site, article, width, dark):
    reader = make_user()
    make_comment(make_article(), author=reader)
    first = make_comment(article, author=reader)
    for _reply in range(8):
        make_comment(article, parent=first, body="专利法保护发明创造。")
    make_comment(article, author=make_user(), state=State.PENDING)
    page = browse(width=width, dark=dark)
    sign_in(page, reader)

    def has_no_fault(state: str) -> None:
        found = axe.Axe().run(page, options=RULES).response["violations"]
        faults = [(fault["id"], node["html"][:120]) for fault in found for node in fault["nodes"]]
        assert (state, faults) == (state, [])

    page.goto(live_site + article.get_absolute_url())
    expect(page.get_by_role("link", name="Edit")).to_be_visible()
    has_no_fault("as it comes")
    page.get_by_text("Show 4 more replies").click()
    has_no_fault("unfolded")
    page.get_by_role("link", name="Join the discussion").click()
    page.locator("#discussion textarea").fill("字" * 141)
    page.locator("#discussion textarea").press("Control+Enter")
    expect(page.locator("#discussion .form-errors")).to_be_visible()
    has_no_fault("too long a text")
    page.get_by_role("link", name="Report").first.click()
    expect(page.get_by_text("Report this comment")).to_be_focused()
    page.get_by_role("link", name="Remove").first.click()
    expect(page.get_by_text("Remove this comment?")).to_be_focused()
    has_no_fault("a report and a question")
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator(f"#comment-{first.pk}")).to_be_focused()
    expect(page.locator(f"#comment-{first.pk}")).to_have_text("Removed by its author.")
    has_no_fault("removed")
    page.goto(f"{live_site}/articles/a-patent/discussion/?order=oldest")
    has_no_fault("in another order")
    page.goto(f"{live_site}/articles/a-patent/discussion/thread/1/")
    has_no_fault("a thread alone")
