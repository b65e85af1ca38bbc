"""One rule for the signs around words, whatever punctuation of either script stands beside them."""

import pytest

from articles.markdown import render

SIGNS = {"*": "em", "**": "strong", "~~": "del"}
PUNCTUATION = "，。：；！？、（）《》「」“”‘’…—·"
LATIN_PUNCTUATION = ".,:;!?()[]\"'-$%"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("mark", PUNCTUATION + LATIN_PUNCTUATION)
@pytest.mark.parametrize("side", ["first inside", "last inside", "before", "after"])
def test_signs_between_chinese_words(sign, mark, side):
    before, inside, after = "前", "中间", "后"
    if side == "first inside":
        inside = mark + inside
    elif side == "last inside":
        inside += mark
    elif side == "before":
        before += mark
    else:
        after = mark + after
    tag = SIGNS[sign]
    written = inside.replace("&", "&amp;")
    assert (
        render(f"{before}{sign}{inside}{sign}{after}").html.strip()
        == f"<p>{before}<{tag}>{written}</{tag}>{after}</p>"
    )


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("text", ['a{0}"b"{0}c', "a {0} b {0} c", "a{0} b {0}c", "a{0}.b"])
def test_signs_between_latin_words_follow_commonmark(sign, text):
    assert f"<{SIGNS[sign]}>" not in render(text.format(sign)).html


@pytest.mark.parametrize("text", ["snake_case_name", "中_文_字", "a_b_", "_a_b"])
def test_underscores_within_words_are_text(text):
    assert "<em>" not in render(text).html


@pytest.mark.parametrize(("text", "tag"), [("，_务必_。", "em"), ("（__务必__）", "strong"), ("“_a_”", "em")])
def test_underscores_beside_chinese_punctuation_are_signs(text, tag):
    assert f"<{tag}>" in render(text).html
