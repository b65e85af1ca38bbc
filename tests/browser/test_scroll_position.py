"""Content that arrives late does not move the text that is being read."""

from typing import TYPE_CHECKING

import pytest

from comments import services
from comments.policy import State
from tests.factories import make_article, make_comment, make_user

from .layout_shift import OBSERVE_LAYOUT_SHIFTS

if TYPE_CHECKING:
    from accounts.models import User
    from comments.models import Comment

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def newest_comment(live_site, reader: "User") -> "Comment":
    """The newest public comment, with two pending threads of the reader above it and two pending replies
    below it."""
    article = make_article("a-patent", body="A paragraph.\n\n" * 60)
    comments = [make_comment(article, body=f"Thread {number}.") for number in range(20)]
    for number in (1, 2):
        make_comment(article, author=reader, state=State.PENDING, body=f"Own thread {number}.")
        make_comment(
            article, author=reader, state=State.PENDING, parent=comments[-1], body=f"Own reply {number}."
        )
    return comments[-1]


def test_linked_comment_stays_in_place_when_own_comments_arrive(
    live_site, browse, sign_in, reader, newest_comment
):
    page = browse()
    sign_in(page, reader)
    delayed = []
    page.route("**/me/discussion/**", lambda route: delayed.append(route))
    page.goto(f"{live_site}/articles/a-patent/#comment-{newest_comment.pk}")
    target = page.locator(f"#comment-{newest_comment.pk}")
    page.wait_for_function("scrollY > 0")
    # Not every browser has scroll anchoring.
    page.evaluate("document.documentElement.style.overflowAnchor = 'none'")
    top_before = target.bounding_box()["y"]
    delayed[0].continue_()
    expect(page.get_by_text("Own thread 1.")).to_be_attached()
    assert abs(target.bounding_box()["y"] - top_before) <= 1


def test_own_replies_are_in_chronological_order(live_site, browse, sign_in, reader, newest_comment):
    page = browse()
    sign_in(page, reader)
    page.goto(f"{live_site}/articles/a-patent/")
    expect(page.locator("#discussion .replies .comment-body")).to_have_text(["Own reply 1.", "Own reply 2."])
    expect(page.locator("#discussion [data-slot=comments-own] .comment-body")).to_have_text(
        ["Own thread 2.", "Own thread 1."]
    )


NOTES = (
    "\n\n".join(f"A paragraph with a note.[^{n}]" for n in range(12))
    + "\n\n"
    + "\n".join(f"[^{n}]: What it says." for n in range(12))
)


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("target", ["", "#comment-{pk}"])
def test_article_loads_without_layout_shift(live_site, browse, sign_in, reader, width, target):
    article = make_article("a-patent", body=NOTES)
    comments = [make_comment(article, body=f"Thread {number}.") for number in range(12)]
    make_comment(article, author=reader, state=State.PENDING)
    page = browse(width=width)
    sign_in(page, reader)
    page.add_init_script(OBSERVE_LAYOUT_SHIFTS)
    page.goto(f"{live_site}/articles/a-patent/{target.format(pk=comments[6].pk)}")
    expect(page.locator("[data-state=pending]")).to_be_attached()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("() => window.shifted") == 0


def test_author_sees_held_comment_in_place_of_its_placeholder(open_article, article):
    reader = make_user()
    comment = make_comment(article, author=reader)
    make_comment(article, parent=comment, body="A reply.")
    services.edit_comment(user=reader, comment_id=comment.pk, body="Changed, and held.")
    page = open_article(reader)
    comment_element = page.locator(f"#comment-{comment.pk}")
    expect(comment_element).to_have_count(1)
    expect(comment_element).to_contain_text("Changed, and held.")
    expect(page.locator(".thread", has=comment_element)).to_contain_text("A reply.")
