"""Rules for the names shown beside comments. Pure functions: no ORM, no settings."""

import re
import unicodedata

NAME_LENGTH = 40  # characters
# Letters of these scripts look alike, so a name may use only one of the scripts.
LOOKALIKE_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
RESERVED = (
    "admin",
    "administrator",
    "moderator",
    "editor",
    "webmaster",
    "support",
    "管理员",
    "版主",
    "编辑",
    "编辑部",
    "官方",
)
# Unicode categories of invisible characters, which would make two names that look the same differ.
INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
# Invisible characters of other categories: Default_Ignorable_Code_Point, and the Braille pattern without
# dots.
IGNORED_CHARACTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Accents on one letter: no written language needs more, and a pile of them covers the lines above and below.
MAX_MARKS = 3
# Letters that look like a Latin letter in lower or upper case.
LETTERS_ALIKE = str.maketrans(
    "абвгдезикмнорстухьѕіїјһԁԛԝґ" + "αβγεζηικμνορτυχω" + "օոսհցզ" + "ı",
    "a6brgegukmhopctyxbsiijhdqwr" + "abyezhikmvoptyxw" + "onuhgq" + "i",
)
# Digits and I, which look like l and o in print.
STROKES_ALIKE = str.maketrans("01iǀ", "olll")
PUBLICATION_NAME = "ictiger"  # not allowed anywhere in a name


def normalize_name(name: str) -> str:
    """`name` in Unicode's NFC, stripped, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def has_invisible(name: str) -> bool:
    return bool(IGNORED_CHARACTERS.search(name)) or any(
        unicodedata.category(character) in INVISIBLE for character in name
    )


def has_zalgo(name: str) -> bool:
    """Whether a letter has more than MAX_MARKS accents."""
    classes = "".join(unicodedata.category(character)[0] for character in unicodedata.normalize("NFD", name))
    return "M" * (MAX_MARKS + 1) in classes


def has_letter(name: str) -> bool:
    return any(unicodedata.category(character).startswith(("L", "N")) for character in name)


def mixes_scripts(name: str) -> bool:
    """Whether letters of two look-alike scripts occur in it, like a Cyrillic а in a Latin name."""
    scripts = {unicodedata.name(character, "").partition(" ")[0] for character in name if character.isalpha()}
    return len(scripts.intersection(LOOKALIKE_SCRIPTS)) > 1


def skeleton(name: str) -> str:
    """`name` without case, width, accents, spacing and differences of alphabet. Names with equal skeletons
    count as one name.
    """
    flat = unicodedata.normalize("NFKD", name).casefold().translate(LETTERS_ALIKE).translate(STROKES_ALIKE)
    return "".join(character for character in flat if unicodedata.category(character).startswith(("L", "N")))


def is_reserved(name: str) -> bool:
    return skeleton(PUBLICATION_NAME) in skeleton(name) or skeleton(name) in map(skeleton, RESERVED)


def initials(name: str) -> str:
    """The letters of the avatar: initials of the first and last word, or a Chinese name's first character.

    >>> initials("Anna van Larsen"), initials("李雷"), initials("…")
    ('AL', '李', '')
    """
    words = [letters for word in name.split() if (letters := [letter for letter in word if letter.isalnum()])]
    if not words:
        return ""
    first, last = words[0][0], words[-1][0]
    is_short = len(words) == 1 or unicodedata.east_asian_width(first) == "W"
    return first.upper() if is_short else f"{first}{last}".upper()
