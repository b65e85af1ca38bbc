"""Finds blocked words and phrases in a text, however they are written. Pure: no ORM, no settings.

Text and phrases are folded alike: case, width, accents and invisible characters are dropped, and letters and
digits that look like Latin letters become those. Phrases in Latin and other spaced scripts match as whole
words; those with characters of unspaced scripts (Chinese above all) match anywhere in the text. A match only
after separators have been dropped ("c.a.s.i.n.o", "赌 · 博") is a guess: it holds a text for a moderator, but
never refuses it.
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

from ictiger.core.characters import SPELLING_CLASSES, without_unseen
from ictiger.core.lookalikes import LETTERS_ALIKE

MAX_PHRASE_LENGTH = 60  # characters, as entered and as folded

# Small capitals and letters with strokes, which have no Unicode decomposition; then letters in filled circles
# and squares, and regional indicators (flags).
_MORE_LOOKALIKES = str.maketrans("ɑᴀʙᴄᴅᴇꜰɡɢʜɪɩᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢøłđħŧǀ", "aabcdefgghiijklmnoprstuvwyzoldht1")
_LETTERS_IN_SIGNS = {start + n: chr(ord("a") + n) for start in (0x1F150, 0x1F170, 0x1F1E6) for n in range(26)}
_LOOKALIKES = LETTERS_ALIKE | _MORE_LOOKALIKES | _LETTERS_IN_SIGNS
# Whether a run has a letter is checked afterwards: an expression that checks it is quadratic in digits.
_LATIN_RUN = re.compile("[a-z0-9]+")
_DIGIT = re.compile("[0-9]")
_DIGIT_LETTERS = str.maketrans("03457", "oeast")
_SIGN_FOR_LETTER = re.compile("(?<=[a-z0-9@$])[@$](?=[a-z0-9@$])")
# An I after a small letter may be an l, and an l next to a capital an I; both may be a 1.
_STROKE = re.compile("(?<=[a-z])I|(?<=[A-Z])l|l(?=[A-Z])")
# Thai to Khmer, Hangul (whose particles are attached to words), kana, and ideographs.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff"
    "\u3040-\u318f\u31a0-\u31ff\u3400-\u9fff\uac00-\ud7ff\U0001b000-\U0001b16f\U00020000-\U000323af]"
)


class BlockEffect(models.TextChoices):
    HOLD = "hold", _("a moderator looks at the comment first")
    REFUSE = "refuse", _("the comment is not taken; its author may change it")


class BlocklistMatch(NamedTuple):
    """The blocked phrases in a text, as entered in the list."""

    held: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def fold(text: str) -> str:
    """Fold `text` for comparison, with its separators. Folding twice changes nothing."""
    return _resolve_digits(_fold_letters(text), "l")


def fold_phrase(phrase: str) -> str:
    """The folded phrase, which identifies an entry of the list; "" when nothing is left to search for."""
    words = _split_words(fold(phrase))
    return "".join(words) if _UNSPACED.search("".join(words)) else " ".join(words)


def can_be_found(folded: str) -> bool:
    """Whether a folded phrase may be in the list: a single letter would match too many texts."""
    return len(folded) > 1 or bool(_UNSPACED.search(folded))


def text_fingerprint(text: str, *, below: int | None = None) -> str:
    """Hex digest of 32 characters, equal for texts that differ in look-alikes, spacing or punctuation.

    With the id of a comment in `below`, equal only below that comment.
    """
    folded = fold(text)
    letters = "".join(_split_words(folded)) or "".join(folded.split())
    place = "" if below is None else f"{below}\n"
    return blake2b((place + letters).encode(), digest_size=16).hexdigest()


class Matcher:
    """A compiled blocklist.

    Matching time grows with the text and the lengths of phrases, not with their number.
    """

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """`entries` are pairs of a phrase and its BlockEffect."""
        self._entries: dict[str, tuple[str, str]] = {
            folded: (text, effect) for text, effect in entries if (folded := fold_phrase(text))
        }
        self._word_counts = sorted(
            {phrase.count(" ") + 1 for phrase in self._entries if not _UNSPACED.search(phrase)}
        )
        # Lengths of the unspaced phrases by their first character.
        self._lengths: dict[str, set[int]] = defaultdict(set)
        for phrase in self._entries:
            if _UNSPACED.search(phrase):
                self._lengths[phrase[0]].add(len(phrase))

    def find(self, text: str) -> BlocklistMatch:
        if not self._entries:
            return BlocklistMatch()
        partly_folded = _fold_letters(text)
        certain, guessed = set(), set()
        for folded in {_resolve_digits(partly_folded, letter) for letter in "li"}:
            words = _split_words(folded)
            certain |= self._whole_words(words) | self._substrings(" ".join(words))
            guessed |= (
                self._whole_words(_without_inner_punctuation(folded))
                | self._whole_words(_joined_single_letters(words))
                | self._substrings("".join(words))
            )
        refused = {phrase for phrase in certain if self._entries[phrase][1] == BlockEffect.REFUSE}
        return BlocklistMatch(self._as_entered((certain | guessed) - refused), self._as_entered(refused))

    def _as_entered(self, phrases: set[str]) -> tuple[str, ...]:
        return tuple(self._entries[phrase][0] for phrase in sorted(phrases))

    def _whole_words(self, words: list[str]) -> set[str]:
        """Phrases that are one or more successive words."""
        runs = (
            " ".join(words[start : start + count])
            for count in self._word_counts
            for start in range(len(words) - count + 1)
        )
        return {run for run in runs if run in self._entries}

    def _substrings(self, text: str) -> set[str]:
        """Phrases of unspaced scripts, anywhere in the text."""
        parts = (
            text[start : start + length]
            for start, first in enumerate(text)
            for length in self._lengths.get(first, ())
        )
        return {part for part in parts if part in self._entries}


def _fold_letters(text: str) -> str:
    """Lower case without accents or look-alikes; strokes that may be I or l become 1."""
    visible = without_unseen(unicodedata.normalize("NFKD", text))
    folded = _STROKE.sub("1", _without_accents(visible)).casefold()
    return _without_accents(unicodedata.normalize("NFKD", folded)).translate(_LOOKALIKES)


def _without_accents(text: str) -> str:
    """Drop accents and invisible characters. Each different character is looked up once: a text has few."""
    return text.translate({ord(character): None for character in set(text) if not _is_letter_part(character)})


def _is_letter_part(character: str) -> bool:
    return (
        unicodedata.category(character) not in ("Cf", "Me")
        and unicodedata.combining(character) in SPELLING_CLASSES
    )


def _resolve_digits(text: str, letter: str) -> str:
    """Replace digits within words by the letters they look like, 1 by `letter`. Numbers stay."""
    if not _DIGIT.search(text):  # as in most texts
        return text
    return _LATIN_RUN.sub(
        lambda run: run[0] if run[0].isdigit() else run[0].translate(_DIGIT_LETTERS).replace("1", letter),
        text,
    )


def _split_words(folded: str) -> list[str]:
    return folded.translate(
        {ord(character): " " for character in set(folded) if unicodedata.category(character)[0] not in "LMN"}
    ).split()


def _without_inner_punctuation(folded: str) -> list[str]:
    """The parts between spaces without their punctuation: "ca-si-no" and "c@sino" become one word."""
    signs = {"@": "a", "$": "s"}
    return [
        "".join(_split_words(part))
        for part in _SIGN_FOR_LETTER.sub(lambda sign: signs[sign[0]], folded).split()
    ]


def _joined_single_letters(words: list[str]) -> list[str]:
    """The words made by successive single letters, as in "c a s i n o"."""
    groups = groupby(words, lambda word: len(word) == 1)
    return ["".join(letters) for is_single, letters in groups if is_single]
