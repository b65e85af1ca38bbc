"""The display of the words left: the excess is underlined, thresholds are announced, and input methods are
not interrupted."""

import pytest

from comments.models import Comment

from .comment_form import type_comment

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
# The difference of the two heights, in lines. Equal line breaks give equal heights.
HEIGHT_DIFFERENCE = """(textarea) => {
    const mirror = textarea.parentElement.querySelector(".words-mirror");
    const line = parseFloat(getComputedStyle(textarea).lineHeight);
    return Math.abs(textarea.scrollHeight - mirror.scrollHeight) / line;
}"""


@pytest.mark.parametrize("width", [360, 1440])
def test_mirror_breaks_lines_as_the_textarea_does(open_article, reader, width):
    page = open_article(reader, width=width)
    textarea = type_comment(page, "")
    for text in TEXTS:
        textarea.fill(text)
        # The mirror may have one more line: the line break at its end.
        assert textarea.evaluate(HEIGHT_DIFFERENCE) <= 1.01, text[:20]
        assert page.locator(".words-mirror").text_content().removesuffix("\n") == text


def test_excess_is_visible_in_dark_scheme(open_article, reader):
    page = open_article(reader, dark=True)
    type_comment(page, "字" * 141)
    mark = page.locator(".words-mirror mark")
    assert mark.evaluate("(mark) => getComputedStyle(mark).textDecorationColor") == "rgb(250, 136, 128)"
    assert (
        mark.bounding_box()["y"]
        < page.locator(".words-box").bounding_box()["y"] + page.locator(".words-box").bounding_box()["height"]
    )


def test_only_thresholds_are_announced(open_article, reader):
    page = open_article(reader)
    page.clock.install()
    textarea = type_comment(page, "字" * 100)
    live_region = page.locator("[data-words-said]")
    announced = []
    for words in (119, 120, 121, 129, 130, 134, 135, 136, 140, 139, 141, 144, 146, 170):
        textarea.fill("字" * words)
        page.clock.run_for(1_500)
        announced.append(live_region.text_content())
    left, over = "Words left: {}".format, "Words over the limit: {}".format
    assert announced == [
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


def test_nothing_is_announced_before_a_pause(open_article, reader):
    page = open_article(reader)
    page.clock.install()
    textarea = type_comment(page, "字" * 125)
    page.clock.run_for(600)  # and real time, which goes on meanwhile
    textarea.press_sequentially("字")
    page.clock.run_for(600)
    expect(page.locator("[data-words-said]")).to_have_text("")
    page.clock.run_for(500)
    expect(page.locator("[data-words-said]")).to_have_text("Words left: 14")


def test_input_method_is_not_interrupted(open_article, reader):
    """With a real composition of Chromium, and with the key events of other browsers."""
    page = open_article(reader)
    page.clock.install()
    textarea = type_comment(page, "字" * 140)
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
    textarea.dispatch_event(
        "keydown", {"key": "Enter", "ctrlKey": True, "isComposing": True, "bubbles": True}
    )
    expect(page.locator("form.comment-form")).not_to_have_attribute("aria-busy", "true")
    keyboard.send("Input.insertText", {"text": "专"})
    expect(textarea).to_have_value("字" * 140 + "专")
    page.clock.run_for(1_500)
    expect(page.locator("[data-words-said]")).to_have_text("Words over the limit: 1")
    assert not Comment.objects.exists()
