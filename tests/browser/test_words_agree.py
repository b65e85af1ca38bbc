"""The browser counts what the server counts: on the vectors, and on random text over all of Unicode."""

import json
import random
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from comments.text.word_count import (
    MAX_MARKS,
    RANGES,
    clean_text,
    count_lines,
    count_words,
    has_stacked_marks,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

JS = settings.BASE_DIR / "ictiger" / "static" / "js" / "site" / "word_count.js"
VECTORS = json.loads(
    (settings.BASE_DIR / "tests" / "comments" / "text" / "word_vectors.json").read_text(encoding="utf-8")
)
NUMBER = 12_000

# Where the rule's ranges begin and end, and on either side: where two readings of it would part.
EDGES = sorted(
    {
        int(end, 16) + step
        for end in RANGES.replace("|", ",").replace("-", ",").split(",")
        for step in (-1, 0, 1)
    }
)


@pytest.fixture
def page_with_rule(browse: Callable[..., "Page"]) -> "Page":
    """An empty page in which `rule` is word_count.js, as it is in the source."""
    page = browse()
    page.evaluate(
        "async (source) => { globalThis.rule = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))); }",
        JS.read_text(encoding="utf-8"),
    )
    return page


@pytest.fixture
def count_in_browser(page_with_rule: "Page") -> Callable[[list[str]], list[list[int]]]:
    """The words and the code points of each text."""

    def count(texts: list[str]) -> list[list[int]]:
        # As ASCII JSON: no transport on the way then has an opinion about lone surrogates.
        return page_with_rule.evaluate(
            """([ranges, json]) => {
                const words = new rule.WordRule(ranges);
                return JSON.parse(json).map((text) => [words.count(text), rule.countCodePoints(text)]);
            }""",
            [RANGES, json.dumps(texts)],
        )

    return count


def test_browser_follows_the_vectors(count_in_browser):
    assert [words for words, _points in count_in_browser([text for text, _count in VECTORS])] == [
        count for _text, count in VECTORS
    ]


def test_browser_and_server_agree_on_all_of_unicode(count_in_browser):
    texts = random_texts(random.Random(20260219))
    expected = [[count_words(text), len(clean_text(as_sent(text)))] for text in texts]
    differing = [
        (text.encode("unicode_escape"), theirs, ours)
        for text, theirs, ours in zip(texts, count_in_browser(texts), expected, strict=True)
        if theirs != ours
    ]
    assert differing == []
    assert sum(words for words, _points in expected) > NUMBER  # the texts do have words


def test_browser_and_server_agree_on_lines_and_marks(page_with_rule):
    """Lines on every input; piles of marks on those that either side's version of Unicode knows."""
    source = random.Random(20260219)
    ends = ["\n", "\r\n", "\r", "\u2028", "\u0085", "\x0b", " ", "\t", "\0", "\x1c"]
    texts = [
        "".join(source.choice([text, *ends]) for text in random_texts(source)[:60] for _time in range(2))
        for _index in range(20)
    ]
    texts += [
        "a\u0301" * 20,
        "a" + "\u0301" * MAX_MARKS,
        "a" + "\u0301" * (MAX_MARKS + 1),
        "a" + "\u0301\u200d" * (MAX_MARKS + 1),
        "one\n\n \ntwo\n",
    ]
    found = page_with_rule.evaluate(
        """([marks, json]) => JSON.parse(json).map((text) => [
            rule.countLines(text), rule.linesExcessFrom(text, 0) < text.length, rule.excessMarksFrom(text, marks) < text.length])""",
        [MAX_MARKS, json.dumps(texts)],
    )
    kept = [clean_text(text) for text in texts]
    assert found == [[count_lines(text), count_lines(text) > 0, has_stacked_marks(text)] for text in kept]
    assert page_with_rule.evaluate("rule.linesExcessFrom('one\\n\\ntwo\\nthree', 2)") == len("one\n\ntwo\n")


def test_browser_finds_where_the_excess_begins(page_with_rule):
    text = "one two 专利 three"
    excess_from = "([ranges, text]) => [0, 1, 2, 3, 4, 5].map((limit) => new rule.WordRule(ranges).excessFrom(text, limit))"
    starts = page_with_rule.evaluate(excess_from, [RANGES, text])
    longest = page_with_rule.evaluate(
        "[1, 3, 9].map((limit) => rule.codePointsExcessFrom('a\\u0000😀\\u0001b', limit))"
    )
    assert longest == [2, 6, 6]
    assert [text[start:] for start in starts] == [
        "one two 专利 three",
        "two 专利 three",
        "专利 three",
        "利 three",
        "three",
        "",
    ]


def random_texts(source: random.Random) -> list[str]:
    return [
        paired("".join(_character(source) for _index in range(source.randrange(1, 40))))
        for _text in range(NUMBER)
    ]


def as_sent(text: str) -> str:
    """A form cannot bring half a pair: browsers send the sign for what is no character."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _character(source: random.Random) -> str:
    """Any code point, lone surrogates too; the edges of the ranges, separators and line ends more often than chance would have them."""
    match source.randrange(6):
        case 0:
            return chr(source.randrange(0x110000))
        case 1:
            return chr(source.choice(EDGES))
        case 2:
            return source.choice(
                [" ", "\n", "\r\n", "\r", "\t", "\u3000", "\u200b", "\ufeff", "\u200d", "\u0301", "\0"]
            )
        case 3:
            return chr(source.randrange(0xD800, 0xE000))
        case 4:
            return chr(source.randrange(0x20, 0x7F))
        case _:
            return chr(source.randrange(0x4E00, 0xA000))


def paired(text: str) -> str:
    """Two surrogates that make a pair are one character, as in every string that a browser holds."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
