"""Letters that look alike, in names, in words and in the domains of addresses. Pure: no ORM, no settings."""

import unicodedata

from .characters import SPELLING_CLASSES, without_unseen

# Letters of these scripts look alike, so one word may use only one of the scripts.
LOOKALIKE_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
# Letters that look like a Latin letter in lower or upper case.
LETTERS_ALIKE = str.maketrans(
    "абвгдезикмнорстухьѕіїјһԁԛԝґӏ" + "αβγεζηικμνορτυχω" + "օոսհցզ" + "ı",
    "a6brgegukmhopctyxbsiijhdqwrl" + "abyezhikmvoptyxw" + "onuhgq" + "i",
)
# Digits and I, which look like l and o in print.
STROKES_ALIKE = str.maketrans("01iǀ", "olll")


def mixes_scripts(text: str) -> bool:
    """Whether letters of two look-alike scripts occur in it, like a Cyrillic а in a Latin name."""
    scripts = {unicodedata.name(character, "").partition(" ")[0] for character in text if character.isalpha()}
    return len(scripts.intersection(LOOKALIKE_SCRIPTS)) > 1


def skeleton(text: str) -> str:
    """`text` without case, width, accents, spacing and differences of alphabet. Texts with equal skeletons
    look alike. The vowel signs of Indic and other scripts are no accents, and stay.
    """
    flat = unicodedata.normalize("NFKD", without_unseen(text)).casefold()
    flat = flat.translate(LETTERS_ALIKE).translate(STROKES_ALIKE)
    return "".join(filter(_is_letter_part, flat))


def _is_letter_part(character: str) -> bool:
    category = unicodedata.category(character)
    if category[0] == "M":
        return category != "Me" and unicodedata.combining(character) in SPELLING_CLASSES
    return category[0] in "LN"
