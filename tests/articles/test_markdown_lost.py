"""The rule that nothing is lost: what finds a loss, and that the renderer has none."""

from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.markdown import lost_text, render


def lost_in(source: str, html: str) -> list[tuple[int, str]]:
    return lost_text(source, SimpleNamespace(html=html, note_lines={}))


@pytest.mark.parametrize(
    ("source", "html", "line"),
    [
        ("run cat <path> to see it, then go on.", "<p>run cat</p>", 1),
        ("The _id field, _then_ user_name.", "<p>The _id field, <em>then</em> userame.</p>", 1),
        ("若 a<b，则 b>a", "<p>若 aa</p>", 1),
        ("one\n\ntwo three", "<p>one</p>\n<p>two</p>", 3),
        ("a b c", "<p>a c b</p>", 1),
        ("5 and 10", "<p>5 and</p>", 1),
        ("`code`", "<p></p>", 1),
        ("![a tree](/x.png)", '<p><img src="/x.png"></p>', 1),
        ("| a | b |\n|---|---|\n| c | d | e |", "<table><tr><td>a<td>b<tr><td>c<td>d</table>", 3),
        ("[text](/address)", '<p><a href="/address"></a></p>', 1),
        ("见[^x]。\n\n[^x]: 说明", "<p>见</p>", 3),
    ],
)
def test_a_loss_is_found_with_its_line(source, html, line):
    assert [number for number, _text in lost_in(source, html)] == [line]


# The whole list of what may be missing.
EXEMPT = {
    "front matter": "---\ntitle: gone\n---\n\nseen",
    "comment": "seen <!-- gone --> seen",
    "address": '[seen](/gone/1 "gone")',
    "address with blanks": "[seen](gone/a b.png)",
    "definition": '[seen]\n\n[seen]: /gone "gone"',
    "label": "[seen][gone]\n\n[gone]: /gone",
    "number of an item": "7. seen\n8) seen",
    "number of a nested item": "- 1. seen",
    "task": "- [x] seen",
    "info of a fence": "```gone gone\nseen\n```",
    "mark of a note": "seen[^gone]\n\n[^gone]: seen",
    "callout": "> [!NOTE]\n> seen",
    "tag": '<b class="gone">seen</b> <img src="/gone" alt="seen">',
    "refused frame": '<iframe src="https://gone.example/gone"></iframe> seen',
    "entity": "seen &eacute; &lt; &#65;",
    "formula": "seen $\\alpha_1$ seen",
    "formula on its own": "seen\n\n$$\n\\sum x\n$$\n\nseen",
    "contents": "[TOC]\n\n## seen",
}


@pytest.mark.parametrize("source", EXEMPT.values(), ids=EXEMPT)
def test_what_may_be_missing_is_no_loss(source):
    rendered = render(source)
    assert lost_text(source, rendered) == []
    assert "gone" not in rendered.text


def test_what_only_looks_exempt_is_a_loss():
    assert lost_in("`[seen](gone)` x", "<p><code>[seen]</code></p>")
    assert lost_in("a <path> b", "<p>a  b</p>")
    assert lost_in("$5 and $10", "<p>10</p>")


WORDS = [
    "word",
    "中文",
    "_id",
    "max_size",
    "5",
    "10年",
    "a<b",
    "x>y",
    "C#",
    "List<String>",
    "¥100",
    "《书》",
    "“引”",
    "e.g.",
    "me@example.org",
]
SIGNS = [
    *(
        "*",
        "**",
        "_",
        "__",
        "~~",
        "`",
        "``",
        "[",
        "]",
        "(",
        ")",
        "](",
        "](/a)",
        "][",
        "![",
        "<",
        ">",
        "</",
        "&",
        "&amp;",
        "&#65;",
        "$",
        "$$",
    ),
    *(
        "\\",
        "\\*",
        "|",
        "#",
        "## ",
        "- ",
        "1. ",
        "2) ",
        "> ",
        "    ",
        "\t",
        "```",
        "~~~",
        "[^1]",
        "[^1]: ",
        "[a]: /b",
        "<b>",
        "</b>",
        "<div>",
    ),
    *(
        "</div>",
        "<path>",
        "<!--",
        "-->",
        "---",
        "===",
        "| - | - |",
        "\n",
        "\n\n",
        "\n\n",
        "  \n",
        "\\\n",
        "：",
        "，",
        "。",
        "”",
        "https://a.example/b",
    ),
    *(
        "<details>",
        "<table>",
        "<td>",
        "[x] ",
        "[!NOTE]",
        "<iframe src=x>",
        "<script>",
        "</script>",
        "<pre>",
        "</pre>",
        "www.example.org",
        "'",
        '"',
    ),
]
TEXTS = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(SIGNS), st.just(" ")), max_size=40).map(
    "".join
)


def test_a_tag_does_not_reach_over_an_empty_line():
    assert lost_in("a<b \n\n x>y", "<p>a&lt;</p><p>x&gt;y</p>")
    assert not lost_in("a<b \n\n x>y", "<p>a&lt;b</p><p>x&gt;y</p>")


@settings(derandomize=True)
@given(st.lists(st.sampled_from([*WORDS, "\n\n"]), min_size=2, max_size=30), st.data())
def test_a_letter_taken_out_of_any_text_is_found(words, data):
    html = render(" ".join(words)).html
    places = [
        place
        for place, letter in enumerate(html)
        if letter.isalnum() and html.rfind("<", 0, place) <= html.rfind(">", 0, place)
    ]
    places = [place for place in places if html.rfind("&", 0, place) <= html.rfind(";", 0, place)]
    if places:
        place = data.draw(st.sampled_from(places))
        assert lost_in(" ".join(words), html[:place] + html[place + 1 :])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(TEXTS)
def test_no_letter_of_any_text_is_lost(text):
    try:
        rendered = render(text)
    except ValidationError:
        return
    assert lost_text(text, rendered) == [], rendered.html


@pytest.mark.parametrize(
    "source",
    [
        "a `b\n```c\n`d` e\n```",
        "a `b\n~~~ c`\nd",
        "a `b\n1. c <b>d`",
        "# a `b\n$x$` c",
        "    a `b\n\n<b>c` d",
        "<div>`a\n<b>b</b>` c</div>",
        "a \\`<b>b</b>` c",
        "a [^1](2) b",
        "](a\n~~~b) c",
        "<details><!--\n- a\n-->b</details>",
        "<iframe\n src='/a'\n>\n</iframe>",
        "a <!-- b\n~~~c-->\nd",
    ],
)
def test_what_ends_with_its_block_is_no_false_alarm(source):
    assert lost_text(source, render(source)) == []


def test_text_between_signs_that_blocks_part_is_looked_for():
    assert lost_in("a `b\n- c d` e", "<p>a `b</p><ul><li>c</li></ul><p>e</p>")
    assert lost_in("a `b\n- c` `<path>`", "<p>a `b</p><ul><li>c` <code></code></li></ul>")
