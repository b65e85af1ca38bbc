"""The moderation queue in a browser: keyboard shortcuts, decisions in place, plain forms, and two moderators
at once."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from accounts.models import User
from comments import services
from comments.models import Claim, Comment, Decision
from comments.policy import ModerationAction, State
from tests.factories import make_article, make_comment, make_user

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

QUEUE = "/admin/comments/comment/"


@pytest.fixture
def pending_comments(db) -> list[Comment]:
    article = make_article()
    names = ("Ann", "Bo", "李读者")
    languages = ("en", "en", "zh-hans")
    return [
        make_comment(
            article,
            author=make_user(display_name=name, language=language),
            state=State.PENDING,
            body=f"{name}: an argument.",
        )
        for name, language in zip(names, languages, strict=True)
    ]


@pytest.fixture
def open_queue(browse: Callable[..., "Page"], sign_in, live_site, moderator) -> Callable[..., "Page"]:
    def open_page(user: User = moderator, *, path: str = QUEUE, **options) -> "Page":
        page = browse(**options)
        sign_in(page, user)
        page.goto(live_site + path)
        return page

    return open_page


def row_of(page: "Page", comment: Comment):
    return page.locator(f"#row-{comment.pk}")


def states_of(comments: list[Comment]) -> list[str]:
    return [Comment.objects.values_list("state", flat=True).get(pk=comment.pk) for comment in comments]


def test_shortcuts_move_decide_and_undo(open_queue, pending_comments):
    ann, bo, li = pending_comments
    page = open_queue()
    page.keyboard.press("j")
    expect(row_of(page, ann)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(row_of(page, ann)).to_be_focused()

    page.keyboard.press("a")
    expect(row_of(page, ann)).to_have_attribute("data-state", "visible")
    expect(page.locator("[data-desk-said]")).to_have_text("Approved: the comment by Ann.")
    expect(row_of(page, bo)).to_be_focused()

    page.keyboard.press("r")
    page.keyboard.press("5")
    expect(row_of(page, bo).locator("[data-desk-open=reject] textarea")).to_have_value(
        "We could not make out what it says."
    )
    page.keyboard.press("Enter")
    expect(row_of(page, bo)).to_have_attribute("data-state", "rejected")
    expect(row_of(page, li)).to_be_focused()

    page.keyboard.press("x")
    page.keyboard.press("3")
    expect(row_of(page, li).locator("[data-desk-open=remove] textarea")).to_have_value(
        "内容属于广告。"
    )  # in the author's language
    page.keyboard.press("Enter")
    expect(row_of(page, li)).to_have_attribute("data-state", "removed")
    assert states_of(pending_comments) == [State.VISIBLE, State.REJECTED, State.REMOVED]

    page.keyboard.press("u")
    expect(row_of(page, li)).to_have_attribute("data-state", "pending")
    expect(row_of(page, li)).to_be_focused()
    page.keyboard.press("u")
    expect(row_of(page, bo)).to_have_attribute("data-state", "pending")
    assert states_of(pending_comments) == [State.VISIBLE, State.PENDING, State.PENDING]


def test_shortcuts_are_ignored_while_typing_with_modifiers_or_switched_off(open_queue, pending_comments):
    page = open_queue()
    page.locator("#searchbar").press_sequentially("axu?j")
    expect(page.locator("#searchbar")).to_have_value("axu?j")
    page.locator("#searchbar").fill("")
    row_of(page, pending_comments[0]).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+a")
    composing = "new KeyboardEvent('keydown', {key: 'a', bubbles: true, isComposing: true})"
    row_of(page, pending_comments[0]).evaluate(f"row => row.dispatchEvent({composing})")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next comment")
    page.keyboard.press("a")
    page.get_by_label("Single keys decide on this page").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    row_of(page, pending_comments[0]).focus()
    page.keyboard.press("a")
    page.keyboard.press("j")
    expect(row_of(page, pending_comments[0])).to_be_focused()
    assert states_of(pending_comments) == [State.PENDING] * 3


def test_another_reason_does_not_overwrite_an_edited_message(open_queue, pending_comments):
    page = open_queue()
    reject = row_of(page, pending_comments[0]).locator("[data-desk-open=reject]")
    reject.locator("summary").click()
    reject.get_by_role("radio").nth(0).check()
    reject.get_by_role("radio").nth(1).check()
    expect(reject.locator("textarea")).to_have_value("It attacks a person rather than an argument.")
    reject.locator("textarea").fill("Please leave Bo alone. <b>")
    reject.get_by_role("radio").nth(2).check()
    reject.get_by_role("button", name="Reject").click()
    expect(row_of(page, pending_comments[0]).locator("q").first).to_have_text("Please leave Bo alone. <b>")
    assert Decision.objects.values_list("reason", "note").get() == (
        "advertising",
        "Please leave Bo alone. <b>",
    )


def test_bulk_action_decides_about_all_comments_on_the_page(open_queue, pending_comments):
    page = open_queue()
    page.get_by_text("Decide about several at once").click()
    select_all = page.get_by_label("Select all on this page")
    select_all.check()
    select_all.uncheck()
    expect(page.locator("input.action-select:checked")).to_have_count(0)
    select_all.check()
    page.locator("#changelist-form select[name=action]").select_option("approve")
    page.locator("#changelist-form button[type=submit]").click()
    expect(page.get_by_text("3 decisions made.")).to_be_visible()
    assert states_of(pending_comments) == [State.VISIBLE] * 3


def test_queue_works_without_javascript(open_queue, pending_comments):
    ann, bo, _li = pending_comments
    page = open_queue(javascript=False)
    page.get_by_role("button", name="Approve the comment by Ann").click()
    expect(page.locator(".messagelist")).to_contain_text("Approved: the comment by Ann.")
    expect(row_of(page, ann)).to_have_count(0)

    row_of(page, bo).locator("[data-desk-open=reject] summary").click()
    row_of(page, bo).get_by_role("radio").nth(3).check()
    row_of(page, bo).locator("[data-desk-form=reject]").get_by_role("button").click()
    expect(page.locator(".messagelist")).to_contain_text("Rejected: the comment by Bo.")
    page.get_by_role("button", name="Take back my last decision").click()
    expect(row_of(page, bo)).to_be_visible()
    assert states_of(pending_comments) == [State.VISIBLE, State.PENDING, State.PENDING]


def test_claim_is_shown_to_others_and_can_be_taken_over(open_queue, pending_comments):
    mei = make_user(group="Moderator", display_name="Mei")
    ann = pending_comments[0]
    mei_page, moderator_page = open_queue(mei), open_queue()
    with mei_page.expect_response(lambda response: response.url.endswith("/claims/")):
        mei_page.keyboard.press("j")
    assert Claim.objects.get().moderator == mei

    moderator_page.reload()
    expect(row_of(moderator_page, ann)).to_contain_text("Mei is looking at this.")
    expect(moderator_page.get_by_role("button", name="Approve the comment by Ann")).to_be_disabled()
    moderator_page.get_by_role("button", name="Take over the comment by Ann").click()
    expect(moderator_page.get_by_role("button", name="Approve the comment by Ann")).to_be_enabled()

    mei_page.keyboard.press("a")
    expect(row_of(mei_page, ann)).to_contain_text("is looking at this comment. Take it over")
    moderator_page.get_by_role("button", name="Approve the comment by Ann").click()
    expect(row_of(moderator_page, ann)).to_have_attribute("data-state", "visible")
    assert Decision.objects.count() == 1


def test_decision_of_another_moderator_is_shown_in_place(open_queue, pending_comments):
    page = open_queue()
    mei = make_user(group="Moderator", display_name="Mei")
    services.decide(moderator=mei, comment_id=pending_comments[0].pk, action=ModerationAction.APPROVE)
    page.get_by_role("button", name="Approve the comment by Ann").click()
    expect(row_of(page, pending_comments[0])).to_contain_text("Mei has already decided about this comment")
    expect(row_of(page, pending_comments[0])).to_have_attribute("data-state", "visible")
    expect(row_of(page, pending_comments[0])).to_be_focused()


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)])
def test_rows_are_accessible_and_fit_the_window(open_queue, pending_comments, prefix, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    ann = pending_comments[0]
    services.decide(
        moderator=make_user(), comment_id=ann.pk, action=ModerationAction.REJECT, reason="unclear"
    )
    services.resubmit(user=ann.author, comment_id=ann.pk, body="Ann: a better argument.")
    services.claim_comment(
        moderator=make_user(group="Moderator", display_name="Mei"), comment_id=pending_comments[1].pk
    )
    page = open_queue(path=prefix + QUEUE, width=width, dark=dark)
    page.locator("[data-desk-open=reject] summary").first.click()
    page.locator(".desk-before summary").click()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for selector in (".desk-rows", ".desk-numbers", ".desk-tools"):
        violations = Axe().run(page, context=selector).response["violations"]
        assert [
            (violation["id"], [node["html"] for node in violation["nodes"]]) for violation in violations
        ] == [], selector


def test_comment_page_holds_a_claim_until_it_is_left(open_queue, pending_comments, live_site, moderator):
    ann = pending_comments[0]
    page = open_queue(path=f"{QUEUE}{ann.pk}/change/")
    assert Claim.objects.get().moderator == moderator
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Rejected: the comment by Ann.")
    assert states_of([ann]) == [State.REJECTED]

    # A beacon sent while the page unloads cannot be awaited: record it instead.
    record_beacon = """navigator.sendBeacon = (url, body) =>
        sessionStorage.setItem('sent', `${new URL(url).pathname} ${body.get('release')}`)"""
    page.add_init_script(record_beacon)
    page.goto(f"{live_site}{QUEUE}{pending_comments[1].pk}/change/")
    assert Claim.objects.filter(comment=pending_comments[1]).exists()
    page.goto(live_site + QUEUE)
    assert page.evaluate("sessionStorage.getItem('sent')") == f"{QUEUE}claims/ {pending_comments[1].pk}"


def test_refused_message_stays_in_the_field_with_an_error(open_queue, pending_comments):
    ann = pending_comments[0]
    page = open_queue()
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.press("1")
    reject = row_of(page, ann).locator("[data-desk-open=reject]")
    long_text = "Which claim? " * 60
    reject.locator("textarea").fill(long_text)

    page.context.set_offline(True)
    reject.get_by_role("button").click()
    expect(reject.locator("[data-desk-failed]")).to_contain_text("The desk cannot be reached")
    page.context.set_offline(False)
    reject.get_by_role("button").click()
    expect(reject.locator(".errornote")).to_have_text(
        f"This has {len(long_text.strip())} characters; at most 700 are taken. Please shorten it."
    )
    expect(reject.locator("textarea")).to_have_value(long_text)
    expect(reject.locator("textarea")).to_be_focused()

    page.context.clear_cookies(name="sessionid")
    reject.locator("textarea").fill("Which claim?")
    reject.get_by_role("button").click()
    expect(reject.locator("[data-desk-failed]")).to_contain_text("You are no longer logged in")
    expect(reject.locator("textarea")).to_have_value("Which claim?")
    page.keyboard.press("Escape")
    expect(reject).not_to_have_attribute("open", "")
    expect(row_of(page, ann)).to_be_focused()
    assert states_of([ann]) == [State.PENDING]


def test_counts_follow_decisions(open_queue, pending_comments):
    page = open_queue()
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("[data-desk-number=pending]")).to_have_text("2")
    expect(page.locator("[data-desk-number=visible]")).to_have_text("1")
    page.keyboard.press("u")
    expect(page.locator("[data-desk-number=pending]")).to_have_text("3")


def test_bulk_form_shows_only_the_fields_of_the_action(open_queue, pending_comments):
    page = open_queue()
    page.get_by_text("Decide about several at once").click()
    form = page.locator("#changelist-form")
    fields_of_actions = {"approve": [], "reject": ["reason", "note"], "ban_authors": ["days", "why"]}
    for action, names in fields_of_actions.items():
        form.locator("select[name=action]").select_option(action)
        for name in ("reason", "note", "days", "why"):
            expect(form.locator(f"[name={name}]")).to_be_visible(visible=name in names)
