"""The counter in a real browser: marks lie under what is written, steps are said, and input methods are left alone."""

import pytest

from comments.models import Comment

from .writing import write

expect = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: uv run --group browser pytest"
).expect

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

TEXTS = [
    "字" * 150,
    "a word that wraps " * 60,
    "长短 mixed 文字 with spaces，标点。" * 30,
    "x" * 900 + " " + "y " * 200,
    "line\n" * 300,
    "Ünïcode 👩‍👩‍👧 and עברית together\n\n" * 40,
]
# Both lay the same characters into lines of the same width, so both are as high.
HEIGHTS = """(box) => {
    const mirror = box.parentElement.querySelector(".words-mirror");
    const line = parseFloat(getComputedStyle(box).lineHeight);
    return Math.abs(box.scrollHeight - mirror.scrollHeight) / line;
}"""


@pytest.mark.parametrize("width", [360, 1440])
def test_the_mirror_breaks_its_lines_as_the_box_does(open_article, reader, width):
    page = open_article(reader, width=width)
    box = write(page, "")
    for text in TEXTS:
        box.fill(text)
        # The mirror has one line more at most: the break at its end keeps room for the caret.
        assert box.evaluate(HEIGHTS) <= 1.01, text[:20]
        assert page.locator(".words-mirror").text_content().removesuffix("\n") == text


def test_the_excess_can_be_seen_in_the_dark(open_article, reader):
    page = open_article(reader, dark=True)
    write(page, "字" * 141)
    mark = page.locator(".words-mirror mark")
    assert mark.evaluate("(mark) => getComputedStyle(mark).textDecorationColor") == "rgb(250, 136, 128)"
    assert (
        mark.bounding_box()["y"]
        < page.locator(".words-box").bounding_box()["y"] + page.locator(".words-box").bounding_box()["height"]
    )


def test_only_steps_are_said(open_article, reader):
    page = open_article(reader)
    page.clock.install()
    box = write(page, "字" * 100)
    said = page.locator("[data-words-said]")
    heard = []
    for words in (119, 120, 121, 129, 130, 134, 135, 136, 140, 139, 141, 144, 146, 170):
        box.fill("字" * words)
        page.clock.run_for(1_500)
        heard.append(said.text_content())
    left, over = "Words left: {}".format, "Words over the limit: {}".format
    assert heard == [
        "",
        left(20),
        left(20),
        left(20),
        left(10),
        left(10),
        left(5),
        left(5),
        left(0),
        left(1),
        over(1),
        over(1),
        over(6),
        over(30),
    ]


def test_nothing_is_said_before_a_pause(open_article, reader):
    page = open_article(reader)
    page.clock.install()
    box = write(page, "字" * 125)
    page.clock.run_for(900)
    box.press_sequentially("字")
    page.clock.run_for(900)
    expect(page.locator("[data-words-said]")).to_have_text("")
    page.clock.run_for(200)
    expect(page.locator("[data-words-said]")).to_have_text("Words left: 14")


def test_an_input_method_is_left_alone(open_article, reader):
    """With a real composition, as Chromium's own input methods make it."""
    page = open_article(reader)
    page.clock.install()
    box = write(page, "字" * 140)
    page.clock.run_for(1_500)
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "zhuan", "selectionStart": 5, "selectionEnd": 5})
    expect(page.locator("[data-words-left]")).to_have_text("−1")
    expect(page.locator(".words-mirror mark")).to_have_text("zhuan")
    page.clock.run_for(1_500)
    expect(page.locator("[data-words-said]")).to_have_text("Words left: 0")
    enter = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229, "modifiers": 2}
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    box.dispatch_event("keydown", {"key": "Enter", "ctrlKey": True, "isComposing": True, "bubbles": True})
    expect(page.locator("form.comment-form")).not_to_have_attribute("aria-busy", "true")
    keyboard.send("Input.insertText", {"text": "专"})
    expect(box).to_have_value("字" * 140 + "专")
    page.clock.run_for(1_500)
    expect(page.locator("[data-words-said]")).to_have_text("Words over the limit: 1")
    assert not Comment.objects.exists()
