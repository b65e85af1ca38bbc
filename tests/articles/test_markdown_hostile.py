"""Text made to take the renderer's time, or to break it: a result or a refusal in words, in bounded time."""

import contextlib
import time

import pytest
from django.core.exceptions import ValidationError

from articles.markdown import lost_text, render

# Each takes less than a second of CPU on an idle machine; the bound leaves room for a busy one.
SECONDS = 3.0
DEEP = 1_000
MANY = 100_000


def _nested(opening: str, closing: str = "") -> str:
    return opening * DEEP + "x" + closing * DEEP


def _in_paragraphs(text: str, length: int = 9_000) -> str:
    """As much of the text as an article may have, in paragraphs that are short enough."""
    return "\n\n".join([(text * (length // len(text) + 1))[:length]] * 20)


NESTED = {
    "quotes": _nested("> "),
    "quotes without blanks": _nested(">"),
    "bullets": _nested("- "),
    "numbers": _nested("1. "),
    "quotes and bullets": _nested("> - "),
    "bullets by lines": "\n".join("  " * level + "- x" for level in range(400)),
    "notes": "\n".join(f"[^{level}]: [^{level + 1}]" for level in range(450)),
    "emphasis": _nested("*a ", " a*"),
    "strong": _nested("**a ", " a**"),
    "underscores": _nested("_a ", " a_"),
    "struck": _nested("~~a ", " a~~"),
    "links": _nested("[", "](/a)"),
    "pictures": _nested("![", "](/a.png)"),
    "parentheses": "[a](" + "(" * DEEP + ")" * DEEP + ")",
    "divs": _nested("<div>", "</div>"),
    "spans": _nested("<span>", "</span>"),
    "details": _nested("<details>\n\n", "\n\n</details>"),
    "tables of HTML": _nested("<table><tr><td>"),
    "ruby": _nested("<ruby>", "</ruby>"),
    "formulas": "$" + "\\frac{" * DEEP + "x" + "}{y}" * DEEP + "$",
    "braces": "$" + "{" * 150 + "x" + "}" * 150 + "$",
}
MANY_OF = {f"{sign} {MANY} times": sign * MANY for sign in "[](){}<>*_`~$&\\!#|-=+:.'\"^"}
MANY_IN_PARAGRAPHS = {
    f"{sign!r} in paragraphs": _in_paragraphs(sign)
    for sign in (
        *(
            "[",
            "]",
            "(",
            ")",
            "<",
            "*",
            "_ a",
            "*a ",
            "a*",
            "**a*",
            "~~a ",
            "`a``",
            "$a ",
            "$$a",
            "&a",
            "&#",
            "\\",
            "![",
            "[a](",
            "[a](<",
        ),
        *(
            '[a](b "',
            "[a](b (",
            "[a][",
            "[a]: ",
            "<a ",
            '<a b="',
            "<a b='",
            "<!--",
            "</",
            "<?",
            "<!",
            "<pre",
            "http://a",
            "www.a.",
            "a@b",
            "a@",
        ),
        *(
            "https://a.b/(",
            "https://a.b/)",
            "https://a.b/&a;",
            "https://a.b/_",
            "|a",
            "[^1]",
            "![a]",
            "*_a",
            "_*a",
            "a_*",
            "__a__b",
            "***a",
        ),
    )
}
UNCLOSED = {
    f"{opening!r} without end": opening + "\n" + "word *a* [b] `c` <d>\n\n" * 5_000
    for opening in (
        "```",
        "~~~",
        "<!--",
        "<div>",
        "<pre>",
        "<script>",
        "<style>",
        "<textarea>",
        "<table>",
        "$$",
        "<?php",
        "---\na: b",
        "[a]: <",
        "> ",
    )
}
LINES = {
    "rows of a table": "|a|b|\n|-|-|\n" + "|x|`y`|\n" * 15_000,
    "columns of a table": "|a" * 3_000 + "\n" + "|-" * 3_000 + "\n" + "|x\n" * 3_000,
    "rows of code": "|a|\n|-|\n" + "|" + "`a" * 200 + "|\n",
    "items": "- x\n" * 40_000,
    "empty items": "-\n" * 60_000,
    "loose items": "- x\n\n" * 30_000,
    "items of two kinds": "- x\n1. y\n" * 20_000,
    "quotes": "> x\n" * 40_000,
    "quotes apart": "> x\n\n" * 30_000,
    "headings": "# a\n" * 40_000,
    "same headings": "## a\n" * 5_000,
    "rules": "***\n" * 40_000,
    "definitions": "".join(f"[a{n}]: /b\n" for n in range(15_000)),
    "definitions without address": "[a]:\n" * 30_000,
    "definitions with open titles": '[a]: /b "\n' * 15_000,
    "callouts": "> [!NOTE]\n> x\n\n" * 10_000,
    "formulas": "$x^2$ " * 1_500 + "\n",
    "formulas on their own": "$$x$$\n\n" * 20_000,
    "front matter": "---\n" + "a: b\n" * 30_000,
    "blanks": " " * 199_000,
    "tabs": "\t" * 199_000,
    "empty lines": "\n" * 199_000,
    "breaks": "a\\\n" * 3_000,
    "words": "word " * 1_900,
    "HTML lines": "<div>a</div>\n" * 12_000,
    "HTML blocks": "<div>\n\n" * 20_000,
    "fences": "```\na\n```\n" * 450,
    "code that Pygments is slow at": "```perl\n" + "s{{{{" * 3_000 + "\n```",
    "indented code": "    a\n\nb\n\n" * 15_000,
    "comments": "<!-- a -->\n" * 15_000,
}
CHARACTERS = {
    "NUL": "a\x00b",
    "vertical tab": "a\x0bb",
    "form feed": "a\x0cb",
    "placeholders": "\x02wzxhzdk:0\x03 \x02klzzwxh:0001\x03 \x02amp\x03",
    "bidi": "\u202ea\u2066b\u2069 [\u202e](/x) `\u202e`",
    "lone surrogates": "a\ud800b \udfff\n\n# \ud834",
    "non-characters": "a\ufffe\uffffb",
    "byte order mark": "\ufeff# a",
    "separators of lines": "a\u2028b\u2029c\x85d",
    "only blanks": "\u3000\u00a0\t \n",
    "zero width": "\u200b**\u200ba\u200b**\u200b",
    "combining": "a" + "\u0301" * 5_000,
}
HOSTILE = NESTED | MANY_OF | MANY_IN_PARAGRAPHS | UNCLOSED | LINES | CHARACTERS


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_rendered_or_refused_in_words_in_bounded_time(text):
    began = time.process_time()
    rendered = None
    with contextlib.suppress(ValidationError):
        rendered = render(text)
    assert time.process_time() - began < SECONDS
    if rendered is not None:
        rendered.html.encode()
        assert lost_text(text, rendered) == []
        assert time.process_time() - began < 2 * SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n|---|---|\n" + f"| {'字' * 150} | {'word ' * 40} |\n" * 40,
        f"- {'字' * 100}\n" * 200,
        "".join(f"[link {n}]: https://example.org/{'x' * 40}/{n}\n" for n in range(253)) + "\n[link 1]",
        f"> {'字' * 100}\n" * 200,
        "".join(f"{n}. `code` and `code` and `code`\n" for n in range(1, 300)),
    ],
    ids=[
        "table of 40 rows",
        "list of 200 lines",
        "253 definitions",
        "a letter in a quote",
        "code in many items",
    ],
)
def test_what_no_empty_line_can_part_is_no_long_paragraph(text):
    assert render(text).html


def test_long_prose_is_still_refused_by_name():
    with pytest.raises(ValidationError, match="longer than 10000 characters"):
        render("word " * 2_001)


def test_control_characters_are_left_out_and_what_cannot_be_shown_is_told():
    assert render("a\x08b\x17c").html.strip() == "<p>abc</p>"
    rendered = render("a\n\nb\x00c\ud800d")
    assert rendered.text == "a b\ufffdc\ufffdd"
    assert [notice.line for notice in rendered.notices] == [3]


@pytest.mark.parametrize(
    ("source", "html"),
    {
        "a tag in a description of a picture": (
            "a[^1] b[^2]\n\n[^1]: ![<div>](/a)</div>\n\n[^2]: two",
            '</li>\n<li id="s-fn:2">\n<p>two',
        ),
        "in a callout": (
            "> [!NOTE]\n> ![<div>](/a)</div>\n\nafter",
            '<p><img alt="" loading="lazy" src="/a"></p>\n</div>\n<p>after</p>',
        ),
        "before its beginning": (
            "> [!NOTE]\n> a</div>b\n\n<div>\n\nx</div>\n\nafter",
            "<p>ab</p>\n</div>\n<div>\n<p>x</p></div><p></p>\n<p>after</p>",
        ),
        "of a quote": ("> a</blockquote>b\n\nafter", "<p>ab</p>\n</blockquote>\n<p>after</p>"),
        "in a table": ("| a |\n|---|\n| b</table>c |\n\nafter", "<td>b&lt;/table&gt;c</td>"),
    }.values(),
)
def test_an_end_tag_of_the_authors_ends_nothing_of_ours(source, html):
    assert html in render(source).html


def test_an_end_tag_ends_what_the_author_has_begun():
    html = render("<details>\n<summary>s</summary>\n\n- a\n\ntext</details>\n\nafter").html
    assert html.index("</details>") < html.index("after")
