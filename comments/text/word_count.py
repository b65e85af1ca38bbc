"""What a word is, and how many a text has. Pure.

The code points are in `word_ranges.json`, for the browser too: the form carries `RANGES` to `ictiger/static/js/site/word_count.js`. Both sides
follow the same two steps, and a browser test holds them against each other on random text over all of Unicode. Python's `\\w` and `\\s`,
the browser's `\\p{}` and `Intl.Segmenter` differ from each other and from one version to the next, so neither side uses them.
"""

import json
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from ictiger.core.text import strip_unstorable

_SETS: dict[str, list[str]] = json.loads(
    (Path(__file__).parent / "word_ranges.json").read_text(encoding="ascii")
)

# The same ranges for the browser, short enough to stand in an attribute: "9-D,20,…|2E80-2FDF,…|30-39,…".
RANGES = "|".join(",".join(_SETS[name]) for name in ("sep", "ideo", "word"))


def _character_class(name: str) -> str:
    """The ranges of one set as the inside of a regular expression's character class."""
    return "".join("-".join(f"\\U{int(end, 16):08X}" for end in span.split("-")) for span in _SETS[name])


# Two expressions, one after the other: a single one for both steps backtracks quadratically.
_TOKEN = re.compile(f"[{_character_class('ideo')}]|[^{_character_class('sep')}{_character_class('ideo')}]+")
_COUNTS = re.compile(f"[{_character_class('ideo')}{_character_class('word')}]")
_IDEOGRAPH = re.compile(f"[{_character_class('ideo')}]")

MAX_MARKS = 8  # on one letter: twice what a language needs
MAX_LINES = 40  # of a comment, however short they are

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


@lru_cache(32)  # a text that is sent in is counted for its limit, for its row and for its language
def count_words(text: str) -> int:
    """The number of words: each ideograph is one, and each run of other text between separators that has a letter or a digit."""
    return len(list(filter(_COUNTS.search, _TOKEN.findall(text.replace("\r\n", "\n")))))


def is_blank(text: str) -> bool:
    """Nothing but spaces and punctuation of the separating kind."""
    return _TOKEN.search(text) is None


def clean_text(text: str) -> str:
    """The text as it is kept: line ends as `\\n`, without what cannot be stored. None of that separates words: the count stays."""
    return strip_unstorable(_LINE_ENDS.sub("\n", text))


def has_stacked_marks(text: str) -> bool:
    """Whether a letter bears more marks than any language puts on it, which would cover the lines above and below."""
    kinds = {
        character: unicodedata.category(character) for character in set(text)
    }  # a text has few different ones
    if not any(kind[0] == "M" for kind in kinds.values()):
        return False
    return "M" * (MAX_MARKS + 1) in "".join(
        kinds[character][0] for character in text if kinds[character] != "Cf"
    )


def count_lines(text: str) -> int:
    """The lines that would be shown: blank ones between paragraphs are folded into one gap."""
    return sum(1 for line in text.split("\n") if line.strip())


def language_of(text: str, *, otherwise: str) -> str:
    """`zh-hans` when most of the words are ideographs, `en` when most are not, `otherwise` when there are none."""
    words = count_words(text)
    if not words:
        return otherwise
    return "zh-hans" if 2 * len(_IDEOGRAPH.findall(text)) > words else "en"
