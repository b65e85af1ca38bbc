"""The browser counts words as the server does: on the test vectors, and on random text over all of
Unicode."""

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

SCRIPT = settings.BASE_DIR / "ictiger" / "static" / "js" / "site" / "word_count.js"
VECTORS = json.loads(
    (settings.BASE_DIR / "tests" / "comments" / "text" / "word_vectors.json").read_text(encoding="utf-8")
)
TEXT_COUNT = 12_000

# The ends of the rule's ranges and their neighbours, where two implementations are most likely to differ.
EDGES = sorted(
    {
        int(end, 16) + step
        for end in RANGES.replace("|", ",").replace("-", ",").split(",")
        for step in (-1, 0, 1)
    }
)


@pytest.fixture
def page_with_script(browse: Callable[..., "Page"]) -> "Page":
    """An empty page in which `rule` is the module word_count.js."""
    page = browse()
    page.evaluate(
        """async (source) => {
            const module = new Blob([source], { type: "text/javascript" });
            globalThis.rule = await import(URL.createObjectURL(module));
        }""",
        SCRIPT.read_text(encoding="utf-8"),
    )
    return page


@pytest.fixture
def count_in_browser(page_with_script: "Page") -> Callable[[list[str]], list[list[int]]]:
    """Returns the numbers of words and code points of each text."""

    def count(texts: list[str]) -> list[list[int]]:
        # As ASCII JSON, so that no transport changes lone surrogates.
        return page_with_script.evaluate(
            """([ranges, json]) => {
                const words = new rule.WordRule(ranges);
                return JSON.parse(json).map((text) => [words.count(text), rule.countCodePoints(text)]);
            }""",
            [RANGES, json.dumps(texts)],
        )

    return count


def test_browser_counts_the_vectors(count_in_browser):
    assert [words for words, _points in count_in_browser([text for text, _count in VECTORS])] == [
        count for _text, count in VECTORS
    ]


def test_browser_and_server_agree_on_all_of_unicode(count_in_browser):
    texts = random_texts(random.Random(20260219))
    expected = [[count_words(text), len(clean_text(as_submitted(text)))] for text in texts]
    differences = [
        (text.encode("unicode_escape"), browser_counts, server_counts)
        for text, browser_counts, server_counts in zip(texts, count_in_browser(texts), expected, strict=True)
        if browser_counts != server_counts
    ]
    assert differences == []
    assert sum(words for words, _points in expected) > TEXT_COUNT  # the texts do have words


def test_browser_and_server_agree_on_lines_and_marks(page_with_script):
    """Lines on all texts; stacked marks on texts whose characters are in both Unicode versions."""
    rng = random.Random(20260219)
    line_ends = ["\n", "\r\n", "\r", "\u2028", "\u0085", "\x0b", " ", "\t", "\0", "\x1c"]
    texts = [
        "".join(rng.choice([text, *line_ends]) for text in random_texts(rng)[:60] for _time in range(2))
        for _index in range(20)
    ]
    texts += [
        "a\u0301" * 20,
        "a" + "\u0301" * MAX_MARKS,
        "a" + "\u0301" * (MAX_MARKS + 1),
        "a" + "\u0301\u200d" * (MAX_MARKS + 1),
        "one\n\n \ntwo\n",
    ]
    results = page_with_script.evaluate(
        """([marks, json]) => JSON.parse(json).map((text) => [
            rule.countLines(text),
            rule.linesExcessFrom(text, 0) < text.length,
            rule.excessMarksFrom(text, marks) < text.length,
        ])""",
        [MAX_MARKS, json.dumps(texts)],
    )
    cleaned = [clean_text(text) for text in texts]
    assert results == [
        [count_lines(text), count_lines(text) > 0, has_stacked_marks(text)] for text in cleaned
    ]
    assert page_with_script.evaluate("rule.linesExcessFrom('one\\n\\ntwo\\nthree', 2)") == len("one\n\ntwo\n")


def test_browser_finds_the_start_of_the_excess(page_with_script):
    text = "one two 专利 three"
    excess_from = """([ranges, text]) =>
        [0, 1, 2, 3, 4, 5].map((limit) => new rule.WordRule(ranges).excessFrom(text, limit))"""
    starts = page_with_script.evaluate(excess_from, [RANGES, text])
    code_point_starts = page_with_script.evaluate(
        "[1, 3, 9].map((limit) => rule.codePointsExcessFrom('a\\u0000😀\\u0001b', limit))"
    )
    assert code_point_starts == [2, 6, 6]
    assert [text[start:] for start in starts] == [
        "one two 专利 three",
        "two 专利 three",
        "专利 three",
        "利 three",
        "three",
        "",
    ]


def random_texts(rng: random.Random) -> list[str]:
    return [
        join_surrogates("".join(random_character(rng) for _index in range(rng.randrange(1, 40))))
        for _text in range(TEXT_COUNT)
    ]


def as_submitted(text: str) -> str:
    """Browsers submit U+FFFD in place of a lone surrogate."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def random_character(rng: random.Random) -> str:
    """Any code point, also a lone surrogate; edges of the ranges, separators and line ends more often than
    others."""
    match rng.randrange(6):
        case 0:
            return chr(rng.randrange(0x110000))
        case 1:
            return chr(rng.choice(EDGES))
        case 2:
            return rng.choice(
                [" ", "\n", "\r\n", "\r", "\t", "\u3000", "\u200b", "\ufeff", "\u200d", "\u0301", "\0"]
            )
        case 3:
            return chr(rng.randrange(0xD800, 0xE000))
        case 4:
            return chr(rng.randrange(0x20, 0x7F))
        case _:
            return chr(rng.randrange(0x4E00, 0xA000))


def join_surrogates(text: str) -> str:
    """Join pairs of surrogates into one character, as strings in a browser do."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
