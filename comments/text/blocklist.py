"""Finding listed words and phrases in a text, however they are written. Pure: no ORM, no settings.

Text and list are folded alike: case, width, accents and what cannot be seen are taken away, and letters and digits that look like Latin
letters become those. Phrases of Latin and other spaced scripts are found as whole words; those with characters of scripts that set no
spaces (Chinese above all) anywhere in the text. What is found only after separators have been taken away ("c.a.s.i.n.o", "赌 · 博") is a
guess: good enough for a moderator to look at, not for refusing a text.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from itertools import groupby
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.display_names import IGNORED_CHARACTERS, LETTERS_ALIKE

MAX_PHRASE_LENGTH = 60  # characters of a phrase, as it is entered and as it is folded

# Small capitals and letters with strokes, which Unicode does not take apart; then letters in filled circles and squares, and flags'.
_MORE_ALIKE = str.maketrans("ɑᴀʙᴄᴅᴇꜰɡɢʜɪɩᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢøłđħŧǀ", "aabcdefgghiijklmnoprstuvwyzoldht1")
_IN_SIGNS = {start + n: chr(ord("a") + n) for start in (0x1F150, 0x1F170, 0x1F1E6) for n in range(26)}
_ALIKE = LETTERS_ALIKE | _MORE_ALIKE | _IN_SIGNS
# Marks of these combining classes are part of how a letter is spelled (nukta, kana's voicing, virama; 0: vowel signs); others are accents.
_SPELLING = {0, 7, 8, 9}
_LATIN_RUN = re.compile(
    "[a-z0-9]+"
)  # whether it has a letter is asked afterwards: an expression that asks is quadratic in digits
_DIGIT = re.compile("[0-9]")
_DIGITS_ALIKE = str.maketrans("03457", "oeast")
_SIGN_FOR_LETTER = re.compile("(?<=[a-z0-9@$])[@$](?=[a-z0-9@$])")
# An I between small letters may be an l, and an l between capitals an I; both may be a 1.
_STROKE = re.compile("(?<=[a-z])I|(?<=[A-Z])l|l(?=[A-Z])")
# Thai to Khmer, Hangul (whose particles cling to words), kana, and ideographs.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7ff\U0001b000-\U0001b16f\U00020000-\U000323af]"
)


class BlockEffect(models.TextChoices):
    HOLD = "hold", _("a moderator looks at the comment first")
    REFUSE = "refuse", _("the comment is not taken; its author may change it")


class BlocklistMatch(NamedTuple):
    """The listed phrases in a text, as they stand in the list."""

    held: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def fold(text: str) -> str:
    """`text` as it is compared, with its separators. Folding what is folded changes nothing."""
    return _without_strokes(_flat(text), "l")


def fold_phrase(phrase: str) -> str:
    """What identifies an entry of the list; "" when nothing is left of it that could be found."""
    words = _split_words(fold(phrase))
    return "".join(words) if _UNSPACED.search("".join(words)) else " ".join(words)


def can_be_found(folded: str) -> bool:
    """Whether a folded phrase is fit for the list: one letter by itself stands in many a text."""
    return len(folded) > 1 or bool(_UNSPACED.search(folded))


def text_fingerprint(text: str) -> str:
    """The same for texts that say the same in other letters, spacing or punctuation."""
    folded = fold(text)
    return blake2b(
        ("".join(_split_words(folded)) or "".join(folded.split())).encode(), digest_size=16
    ).hexdigest()


class Matcher:
    """A list made ready to be looked for: the time it takes grows with the text and the lengths in the list, not with their number."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """`entries` are phrases, each with its Effect."""
        self._entries: dict[str, tuple[str, str]] = {
            folded: (text, effect) for text, effect in entries if (folded := fold_phrase(text))
        }
        self._numbers_of_words = sorted(
            {phrase.count(" ") + 1 for phrase in self._entries if not _UNSPACED.search(phrase)}
        )
        self._lengths: dict[str, set[int]] = defaultdict(set)  # of unspaced phrases, by their first character
        for phrase in self._entries:
            if _UNSPACED.search(phrase):
                self._lengths[phrase[0]].add(len(phrase))

    def find(self, text: str) -> BlocklistMatch:
        if not self._entries:
            return BlocklistMatch()
        flat = _flat(text)
        certain, guessed = set(), set()
        for reading in {_without_strokes(flat, letter) for letter in "li"}:
            words = _split_words(reading)
            certain |= self._among(words) | self._inside(" ".join(words))
            guessed |= (
                self._among(_closed_up(reading))
                | self._among(_spelled_out(words))
                | self._inside("".join(words))
            )
        refused = {phrase for phrase in certain if self._entries[phrase][1] == BlockEffect.REFUSE}
        return BlocklistMatch(self._as_listed((certain | guessed) - refused), self._as_listed(refused))

    def _as_listed(self, found: set[str]) -> tuple[str, ...]:
        return tuple(self._entries[phrase][0] for phrase in sorted(found))

    def _among(self, words: list[str]) -> set[str]:
        """Phrases that are whole words, one after the other."""
        runs = (
            " ".join(words[at : at + number])
            for number in self._numbers_of_words
            for at in range(len(words) - number + 1)
        )
        return {run for run in runs if run in self._entries}

    def _inside(self, text: str) -> set[str]:
        """Phrases of unspaced scripts, anywhere."""
        parts = (
            text[at : at + length] for at, first in enumerate(text) for length in self._lengths.get(first, ())
        )
        return {part for part in parts if part in self._entries}


def _flat(text: str) -> str:
    """In lower-case letters without accents or look-alikes; strokes that may be I or l have become 1."""
    seen = IGNORED_CHARACTERS.sub("", unicodedata.normalize("NFKD", text))
    folded = _STROKE.sub("1", _without_accents(seen)).casefold()
    return _without_accents(unicodedata.normalize("NFKD", folded)).translate(_ALIKE)


def _without_accents(text: str) -> str:
    """And without what cannot be seen. Each character that occurs is looked at once: a text has few."""
    return text.translate({ord(character): None for character in set(text) if not _is_kept(character)})


def _is_kept(character: str) -> bool:
    return (
        unicodedata.category(character) not in ("Cf", "Me") and unicodedata.combining(character) in _SPELLING
    )


def _without_strokes(flat: str, letter: str) -> str:
    """Digits that stand for letters as those letters; a number by itself stays one. Most texts have none."""
    if not _DIGIT.search(flat):
        return flat
    return _LATIN_RUN.sub(
        lambda run: run[0] if run[0].isdigit() else run[0].translate(_DIGITS_ALIKE).replace("1", letter), flat
    )


def _split_words(folded: str) -> list[str]:
    return folded.translate(
        {ord(character): " " for character in set(folded) if unicodedata.category(character)[0] not in "LMN"}
    ).split()


def _closed_up(folded: str) -> list[str]:
    """What stands between spaces, without its punctuation: "ca-si-no" and "c@sino" are one word."""
    signs = {"@": "a", "$": "s"}
    return [
        "".join(_split_words(part))
        for part in _SIGN_FOR_LETTER.sub(lambda sign: signs[sign[0]], folded).split()
    ]


def _spelled_out(words: list[str]) -> list[str]:
    """The words that single letters make: "c a s i n o"."""
    return ["".join(letters) for single, letters in groupby(words, lambda word: len(word) == 1) if single]
