"""Characters that nobody sees, and where spelling needs them. Pure: no ORM, no settings.

Every rule about unseen characters, in comments, names, notes and addresses, asks this module.
"""

import re
import unicodedata

from idna.core import valid_contextj

# For the inside of a character class. Unicode's Default_Ignorable_Code_Point, the controls of annotations,
# the Braille pattern without dots, the Khitan filler and the musical note without a head.
UNSEEN_RANGES = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U00016fe4\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
UNSEEN = re.compile(f"[{UNSEEN_RANGES}]")
# Unicode categories of characters that are not seen, or not by everybody: controls, formats, private use,
# surrogates, unassigned, line and paragraph separators.
UNSEEN_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
# Marks of these combining classes belong to the spelling (7 nukta, 8 kana voicing, 9 virama, 0 vowel signs);
# others are accents.
SPELLING_CLASSES = {0, 7, 8, 9}

_JOINERS = "\u200c\u200d"
# Bengali র‍্য and Kannada ರ‍್: a joiner between RA and the virama (Unicode core specification, chapter 12).
_JOINER_BEFORE_VIRAMA = {("\u09b0", "\u09cd"), ("\u0cb0", "\u0ccd")}
_MONGOLIAN_SELECTORS = "\u180b\u180c\u180d\u180e\u180f"
_IDEOGRAPH_SELECTORS = re.compile("[\ufe00-\ufe02\U000e0100-\U000e01ef]")
_MYANMAR_SELECTOR = "\ufe00"


def without_unseen(text: str) -> str:
    """`text` without the characters that nobody sees. White space stays."""
    return UNSEEN.sub("", text)


def has_unseen(text: str) -> bool:
    """Whether `text` has an unseen character that the spelling does not need at that place."""
    return without_misplaced(text) != text


def without_misplaced(text: str) -> str:
    """`text` without the unseen characters that the spelling does not need where they are."""
    return "".join(
        character
        for position, character in enumerate(text)
        if not (UNSEEN.match(character) or unicodedata.category(character) in UNSEEN_CATEGORIES)
        or _is_spelling(text, position)
    )


def has_stacked_marks(text: str, *, limit: int, accents: int | None = None) -> bool:
    """Whether a letter bears more than `limit` combining marks, or more than `accents` that are no part of
    its spelling: they would cover the lines around it.

    Characters of the category Cf do not end a stack.
    """
    # Looked up once for each different character, of which a text has few.
    kinds = {character: _mark_kind(character) for character in set(text)}
    if "M" not in kinds.values() and "A" not in kinds.values():
        return False
    visible = "".join(kinds[character] for character in text)
    too_many_accents = accents is not None and re.search(f"(?:M*A){{{accents + 1}}}", visible)
    return bool(too_many_accents or re.search(f"[MA]{{{limit + 1}}}", visible))


def _mark_kind(character: str) -> str:
    """M for a mark of the spelling, A for an accent, "" for a format character, "x" for any other."""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category[0] != "M":
        return "x"
    return "M" if unicodedata.combining(character) in SPELLING_CLASSES else "A"


def _is_spelling(text: str, position: int) -> bool:
    """Whether the unseen character at `position` is one that the script of its neighbours needs there.

    Joiners: the contexts A1, A2 and B of UAX #31, as RFC 5892, A.1 and A.2 state them. Variation selectors:
    after an ideograph, a Mongolian or a Burmese letter.
    """
    character, before = text[position], text[position - 1 : position]
    after = text[position + 1 : position + 2]
    if character in _JOINERS:
        is_before_virama = (before, after) in _JOINER_BEFORE_VIRAMA
        return bool(before) and (valid_contextj(text, position) or is_before_virama)
    if character in _MONGOLIAN_SELECTORS:
        return "\u1820" <= before <= "\u18aa"
    if character == _MYANMAR_SELECTOR and "\u1000" <= before <= "\u109f":
        return True
    return bool(_IDEOGRAPH_SELECTORS.match(character)) and _is_ideograph(before)


def _is_ideograph(character: str) -> bool:
    return character != "" and unicodedata.name(character, "").startswith("CJK ")
