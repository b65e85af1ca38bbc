"""What arrives late never takes the text away from under the reader's eyes."""

from typing import TYPE_CHECKING

import pytest

from comments import services
from comments.policy import State
from tests.factories import make_article, make_comment, make_user

if TYPE_CHECKING:
    from accounts.models import User
    from comments.models import Comment

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def linked(live_site, reader: "User") -> "Comment":
    """The newest comment of somebody's, above which stand two of the reader's own that still wait, and below it two replies of theirs."""
    article = make_article("a-patent", body="A paragraph.\n\n" * 60)
    comments = [make_comment(article, body=f"Thread {number}.") for number in range(20)]
    for number in (1, 2):
        make_comment(article, author=reader, state=State.PENDING, body=f"Own thread {number}.")
        make_comment(
            article, author=reader, state=State.PENDING, parent=comments[-1], body=f"Own reply {number}."
        )
    return comments[-1]


def test_a_linked_comment_stays_in_its_place_when_own_comments_arrive_above_it(
    live_site, browse, sign_in, reader, linked
):
    page = browse()
    sign_in(page, reader)
    late = []
    page.route("**/me/discussion/**", lambda route: late.append(route))
    page.goto(f"{live_site}/articles/a-patent/#comment-{linked.pk}")
    aim = page.locator(f"#comment-{linked.pk}")
    page.wait_for_function("scrollY > 0")
    page.evaluate(
        "document.documentElement.style.overflowAnchor = 'none'"
    )  # not every browser anchors by itself
    before = aim.bounding_box()["y"]
    late[0].continue_()
    expect(page.get_by_text("Own thread 1.")).to_be_attached()
    assert abs(aim.bounding_box()["y"] - before) <= 1


def test_own_replies_stand_in_the_order_they_were_written(live_site, browse, sign_in, reader, linked):
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
SHIFTS = """
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shift += entry.value; }))
      .observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("aim", ["", "#comment-{pk}"])
def test_nothing_shifts_while_an_article_loads(live_site, browse, sign_in, reader, width, aim):
    article = make_article("a-patent", body=NOTES)
    comments = [make_comment(article, body=f"Thread {number}.") for number in range(12)]
    make_comment(article, author=reader, state=State.PENDING)
    page = browse(width=width)
    sign_in(page, reader)
    page.add_init_script(SHIFTS)
    page.goto(f"{live_site}/articles/a-patent/{aim.format(pk=comments[6].pk)}")
    expect(page.locator("[data-state=pending]")).to_be_attached()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("() => window.shift") == 0


def test_a_held_comment_stands_for_its_author_where_others_see_its_place(open_article, article):
    reader = make_user()
    comment = make_comment(article, author=reader)
    make_comment(article, parent=comment, body="A reply.")
    services.edit_comment(user=reader, comment_id=comment.pk, body="Changed, and held.")
    page = open_article(reader)
    own = page.locator(f"#comment-{comment.pk}")
    expect(own).to_have_count(1)
    expect(own).to_contain_text("Changed, and held.")
    expect(page.locator(".thread", has=own)).to_contain_text("A reply.")
