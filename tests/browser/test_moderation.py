"""The moderators' queue in a real browser: by keys, in place, by forms alone, and two moderators at once."""

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
def waiting(db) -> list[Comment]:
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
def at_the_queue(browse: Callable[..., "Page"], sign_in, live_site, moderator) -> Callable[..., "Page"]:
    def open_queue(who: User = moderator, *, path: str = QUEUE, **how) -> "Page":
        page = browse(**how)
        sign_in(page, who)
        page.goto(live_site + path)
        return page

    return open_queue


def row(page: "Page", comment: Comment):
    return page.locator(f"#row-{comment.pk}")


def states(comments: list[Comment]) -> list[str]:
    return [Comment.objects.values_list("state", flat=True).get(pk=comment.pk) for comment in comments]


def test_keys_move_decide_and_take_back(at_the_queue, waiting):
    ann, bo, li = waiting
    page = at_the_queue()
    page.keyboard.press("j")
    expect(row(page, ann)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(row(page, ann)).to_be_focused()

    page.keyboard.press("a")
    expect(row(page, ann)).to_have_attribute("data-state", "visible")
    expect(page.locator("[data-desk-said]")).to_have_text("Approved: the comment by Ann.")
    expect(row(page, bo)).to_be_focused()

    page.keyboard.press("r")
    page.keyboard.press("5")
    expect(row(page, bo).locator("[data-desk-open=reject] textarea")).to_have_value(
        "We could not make out what it says."
    )
    page.keyboard.press("Enter")
    expect(row(page, bo)).to_have_attribute("data-state", "rejected")
    expect(row(page, li)).to_be_focused()

    page.keyboard.press("x")
    page.keyboard.press("3")
    expect(row(page, li).locator("[data-desk-open=remove] textarea")).to_have_value(
        "内容属于广告。"
    )  # in the author's language
    page.keyboard.press("Enter")
    expect(row(page, li)).to_have_attribute("data-state", "removed")
    assert states(waiting) == [State.VISIBLE, State.REJECTED, State.REMOVED]

    page.keyboard.press("u")
    expect(row(page, li)).to_have_attribute("data-state", "pending")
    expect(row(page, li)).to_be_focused()
    page.keyboard.press("u")
    expect(row(page, bo)).to_have_attribute("data-state", "pending")
    assert states(waiting) == [State.VISIBLE, State.PENDING, State.PENDING]


def test_keys_do_nothing_while_typing_with_modifiers_or_switched_off(at_the_queue, waiting):
    page = at_the_queue()
    page.locator("#searchbar").press_sequentially("axu?j")
    expect(page.locator("#searchbar")).to_have_value("axu?j")
    page.locator("#searchbar").fill("")
    row(page, waiting[0]).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+a")
    composing = "new KeyboardEvent('keydown', {key: 'a', bubbles: true, isComposing: true})"
    row(page, waiting[0]).evaluate(f"row => row.dispatchEvent({composing})")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next comment")
    page.keyboard.press("a")
    page.get_by_label("Single keys decide on this page").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    row(page, waiting[0]).focus()
    page.keyboard.press("a")
    page.keyboard.press("j")
    expect(row(page, waiting[0])).to_be_focused()
    assert states(waiting) == [State.PENDING] * 3


def test_the_moderators_own_words_are_not_overwritten_by_another_reason(at_the_queue, waiting):
    page = at_the_queue()
    reject = row(page, waiting[0]).locator("[data-desk-open=reject]")
    reject.locator("summary").click()
    reject.get_by_role("radio").nth(0).check()
    reject.get_by_role("radio").nth(1).check()
    expect(reject.locator("textarea")).to_have_value("It attacks a person rather than an argument.")
    reject.locator("textarea").fill("Please leave Bo alone. <b>")
    reject.get_by_role("radio").nth(2).check()
    reject.get_by_role("button", name="Reject").click()
    expect(row(page, waiting[0]).locator("q").first).to_have_text("Please leave Bo alone. <b>")
    assert Decision.objects.values_list("reason", "note").get() == (
        "advertising",
        "Please leave Bo alone. <b>",
    )


def test_all_that_is_in_view_is_decided_about_at_once(at_the_queue, waiting):
    page = at_the_queue()
    page.get_by_text("Decide about several at once").click()
    choice = page.get_by_label("Select all on this page")
    choice.check()
    choice.uncheck()
    expect(page.locator("input.action-select:checked")).to_have_count(0)
    choice.check()
    page.locator("#changelist-form select[name=action]").select_option("approve")
    page.locator("#changelist-form button[type=submit]").click()
    expect(page.get_by_text("3 decisions made.")).to_be_visible()
    assert states(waiting) == [State.VISIBLE] * 3


def test_the_whole_desk_works_without_javascript(at_the_queue, waiting):
    ann, bo, _li = waiting
    page = at_the_queue(javascript=False)
    page.get_by_role("button", name="Approve the comment by Ann").click()
    expect(page.locator(".messagelist")).to_contain_text("Approved: the comment by Ann.")
    expect(row(page, ann)).to_have_count(0)

    row(page, bo).locator("[data-desk-open=reject] summary").click()
    row(page, bo).get_by_role("radio").nth(3).check()
    row(page, bo).locator("[data-desk-form=reject]").get_by_role("button").click()
    expect(page.locator(".messagelist")).to_contain_text("Rejected: the comment by Bo.")
    page.get_by_role("button", name="Take back my last decision").click()
    expect(row(page, bo)).to_be_visible()
    assert states(waiting) == [State.VISIBLE, State.PENDING, State.PENDING]


def test_who_looks_at_a_comment_is_told_to_others_who_may_take_it_over(at_the_queue, waiting):
    mei = make_user(group="Moderator", display_name="Mei")
    ann = waiting[0]
    hers, mine = at_the_queue(mei), at_the_queue()
    with hers.expect_response(lambda answer: answer.url.endswith("/claims/")):
        hers.keyboard.press("j")
    assert Claim.objects.get().moderator == mei

    mine.reload()
    expect(row(mine, ann)).to_contain_text("Mei is looking at this.")
    expect(mine.get_by_role("button", name="Approve the comment by Ann")).to_be_disabled()
    mine.get_by_role("button", name="Take over the comment by Ann").click()
    expect(mine.get_by_role("button", name="Approve the comment by Ann")).to_be_enabled()

    hers.keyboard.press("a")
    expect(row(hers, ann)).to_contain_text("is looking at this comment. Take it over")
    mine.get_by_role("button", name="Approve the comment by Ann").click()
    expect(row(mine, ann)).to_have_attribute("data-state", "visible")
    assert Decision.objects.count() == 1


def test_what_another_has_decided_meanwhile_is_shown_in_place(at_the_queue, waiting):
    page = at_the_queue()
    mei = make_user(group="Moderator", display_name="Mei")
    services.decide(moderator=mei, comment_id=waiting[0].pk, action=ModerationAction.APPROVE)
    page.get_by_role("button", name="Approve the comment by Ann").click()
    expect(row(page, waiting[0])).to_contain_text("Mei has already decided about this comment")
    expect(row(page, waiting[0])).to_have_attribute("data-state", "visible")
    expect(row(page, waiting[0])).to_be_focused()


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)])
def test_rows_are_clean_and_fit(at_the_queue, waiting, prefix, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    ann = waiting[0]
    services.decide(
        moderator=make_user(), comment_id=ann.pk, action=ModerationAction.REJECT, reason="unclear"
    )
    services.resubmit(user=ann.author, comment_id=ann.pk, body="Ann: a better argument.")
    services.claim_comment(
        moderator=make_user(group="Moderator", display_name="Mei"), comment_id=waiting[1].pk
    )
    page = at_the_queue(path=prefix + QUEUE, width=width, dark=dark)
    page.locator("[data-desk-open=reject] summary").first.click()
    page.locator(".desk-before summary").click()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for part in (".desk-rows", ".desk-numbers", ".desk-tools"):
        found = Axe().run(page, context=part).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == [], part


def test_the_page_of_a_comment_keeps_its_claim_and_lets_it_go(at_the_queue, waiting, live_site, moderator):
    ann = waiting[0]
    page = at_the_queue(path=f"{QUEUE}{ann.pk}/change/")
    assert Claim.objects.get().moderator == moderator
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Rejected: the comment by Ann.")
    assert states([ann]) == [State.REJECTED]

    # What a page sends while it is left cannot be waited for: what it would send is kept.
    kept = "navigator.sendBeacon = (url, body) => sessionStorage.setItem('sent', `${new URL(url).pathname} ${body.get('release')}`)"
    page.add_init_script(kept)
    page.goto(f"{live_site}{QUEUE}{waiting[1].pk}/change/")
    assert Claim.objects.filter(comment=waiting[1]).exists()
    page.goto(live_site + QUEUE)
    assert page.evaluate("sessionStorage.getItem('sent')") == f"{QUEUE}claims/ {waiting[1].pk}"


def test_what_the_desk_does_not_take_stays_in_the_box_with_the_words_why(at_the_queue, waiting):
    ann = waiting[0]
    page = at_the_queue()
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.press("1")
    reject = row(page, ann).locator("[data-desk-open=reject]")
    long = "Which claim? " * 60
    reject.locator("textarea").fill(long)

    page.context.set_offline(True)
    reject.get_by_role("button").click()
    expect(reject.locator("[data-desk-failed]")).to_contain_text("The desk cannot be reached")
    page.context.set_offline(False)
    reject.get_by_role("button").click()
    expect(reject.locator(".errornote")).to_have_text(
        f"This has {len(long)} characters; at most 700 are taken. Please shorten it."
    )
    expect(reject.locator("textarea")).to_have_value(long)
    expect(reject.locator("textarea")).to_be_focused()

    page.context.clear_cookies(name="sessionid")
    reject.locator("textarea").fill("Which claim?")
    reject.get_by_role("button").click()
    expect(reject.locator("[data-desk-failed]")).to_contain_text("You are no longer logged in")
    expect(reject.locator("textarea")).to_have_value("Which claim?")
    page.keyboard.press("Escape")
    expect(reject).not_to_have_attribute("open", "")
    expect(row(page, ann)).to_be_focused()
    assert states([ann]) == [State.PENDING]


def test_figures_go_along_with_what_is_decided(at_the_queue, waiting):
    page = at_the_queue()
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("[data-desk-number=pending]")).to_have_text("2")
    expect(page.locator("[data-desk-number=visible]")).to_have_text("1")
    page.keyboard.press("u")
    expect(page.locator("[data-desk-number=pending]")).to_have_text("3")


def test_bulk_asks_only_for_what_the_decision_needs(at_the_queue, waiting):
    page = at_the_queue()
    page.get_by_text("Decide about several at once").click()
    form = page.locator("#changelist-form")
    asked = {"approve": [], "reject": ["reason", "note"], "ban_authors": ["days", "why"]}
    for action, names in asked.items():
        form.locator("select[name=action]").select_option(action)
        for name in ("reason", "note", "days", "why"):
            expect(form.locator(f"[name={name}]")).to_be_visible(visible=name in names)
