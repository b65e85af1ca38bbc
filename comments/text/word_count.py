"""Counts the words of a text, and checks what else limits it. Pure: no ORM, no settings.

The code points of words are in `word_ranges.json`, for the browser too: the form passes `RANGES` to
`ictiger/static/js/site/word_count.js`. Both sides follow the same two steps, and a browser test compares them
on random text over all of Unicode. Python's `\\w` and `\\s`, the browser's `\\p{}` and `Intl.Segmenter`
differ from each other and from one version to the next, so neither side uses them.
"""

import json
import re
from functools import lru_cache
from pathlib import Path

from ictiger.core import characters
from ictiger.core.text import strip_unstorable

_RANGES_BY_SET: dict[str, list[str]] = json.loads(
    (Path(__file__).parent / "word_ranges.json").read_text(encoding="ascii")
)

# The same ranges for the browser, short enough for an attribute: "9-D,20,…|2E80-2FDF,…|30-39,…".
RANGES = "|".join(",".join(_RANGES_BY_SET[name]) for name in ("sep", "ideo", "word"))


def _character_class(name: str) -> str:
    """The ranges of one set as the inside of a regular expression's character class."""
    return "".join(
        "-".join(f"\\U{int(end, 16):08X}" for end in span.split("-")) for span in _RANGES_BY_SET[name]
    )


# Two expressions, because a single one for both steps backtracks quadratically.
_TOKEN = re.compile(f"[{_character_class('ideo')}]|[^{_character_class('sep')}{_character_class('ideo')}]+")
_COUNTS = re.compile(f"[{_character_class('ideo')}{_character_class('word')}]")
_IDEOGRAPH = re.compile(f"[{_character_class('ideo')}]")

MAX_MARKS = 8  # on one letter: twice what any language needs
MAX_LINES = 40  # of a comment, however short

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


@lru_cache(32)  # a posted text is counted for its limit, for its row and for its language
def count_words(text: str) -> int:
    """Count each ideograph, and each run of other text between separators that has a letter or a digit."""
    return len(list(filter(_COUNTS.search, _TOKEN.findall(text.replace("\r\n", "\n")))))


def is_blank(text: str) -> bool:
    """Whether the text has nothing but separators (spaces and some punctuation) and unseen characters."""
    return _TOKEN.search(characters.without_unseen(text)) is None


def clean_text(text: str) -> str:
    """The text as it is stored: with `\\n` as line ends, and without unstorable characters.

    Its word count stays the same.
    """
    return strip_unstorable(_LINE_ENDS.sub("\n", text))


def clean_note(text: str) -> str:
    """`clean_text()` for a note beside a comment: stripped, and "" when nothing in it can be seen."""
    return "" if is_blank(text) else clean_text(text).strip()


def has_stacked_marks(text: str) -> bool:
    """Whether a letter has more than MAX_MARKS combining marks, which would cover the lines around it."""
    return characters.has_stacked_marks(text, limit=MAX_MARKS)


def count_lines(text: str) -> int:
    """Count the lines that are shown: blank lines between paragraphs are not."""
    return sum(1 for line in text.split("\n") if line.strip())


def language_of(text: str, *, otherwise: str) -> str:
    """`zh-hans` if most words are ideographs, `en` if most are not, `otherwise` if there are no words."""
    words = count_words(text)
    if not words:
        return otherwise
    return "zh-hans" if 2 * len(_IDEOGRAPH.findall(text)) > words else "en"
