"""What a name shown beside comments may be. Pure: no ORM, no settings."""

import re
import unicodedata

NAME_LENGTH = 40  # characters
# Letters of these scripts look alike; one name uses one of them.
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
# Categories of characters that cannot be seen: two names that look the same would differ.
INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
# And those that Unicode counts among letters, signs and accents (Default_Ignorable_Code_Point, and the Braille pattern without a dot).
IGNORED_CHARACTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
MARKS = 3  # accents on one letter; written languages need no more, and a pile of them covers the lines above and below
# Letters that a reader takes for a Latin one, by their small or their large shape.
LETTERS_ALIKE = str.maketrans(
    "абвгдезикмнорстухьѕіїјһԁԛԝґ" + "αβγεζηικμνορτυχω" + "օոսհցզ" + "ı",
    "a6brgegukmhopctyxbsiijhdqwr" + "abyezhikmvoptyxw" + "onuhgq" + "i",
)
# In a name, digits and I stand for l and o as they do in print.
STROKES_ALIKE = str.maketrans("01iǀ", "olll")
PUBLICATION_NAMES = "ictiger"  # in no reader's name, whatever stands beside it


def normalize_name(name: str) -> str:
    """`name` in one normal form, without space around it or runs of it inside."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def has_invisible(name: str) -> bool:
    return bool(IGNORED_CHARACTERS.search(name)) or any(
        unicodedata.category(character) in INVISIBLE for character in name
    )


def has_zalgo(name: str) -> bool:
    """Whether a letter bears more accents than any language puts on it."""
    kinds = "".join(unicodedata.category(character)[0] for character in unicodedata.normalize("NFD", name))
    return "M" * (MARKS + 1) in kinds


def has_letter(name: str) -> bool:
    return any(unicodedata.category(character).startswith(("L", "N")) for character in name)


def mixes_scripts(name: str) -> bool:
    """Whether letters of look-alike scripts stand together, like a Cyrillic а in a Latin name."""
    words = {unicodedata.name(character, "").partition(" ")[0] for character in name if character.isalpha()}
    return len(words.intersection(LOOKALIKE_SCRIPTS)) > 1


def skeleton(name: str) -> str:
    """What is left of a name when case, width, accents, spacing and alphabet are taken away: equal skeletons are taken for one name."""
    flat = unicodedata.normalize("NFKD", name).casefold().translate(LETTERS_ALIKE).translate(STROKES_ALIKE)
    return "".join(character for character in flat if unicodedata.category(character).startswith(("L", "N")))


def is_reserved(name: str) -> bool:
    return skeleton(PUBLICATION_NAMES) in skeleton(name) or skeleton(name) in map(skeleton, RESERVED)


def initials(name: str) -> str:
    """What stands for `name` in a small circle: the first letters of its first and last word; of a Chinese name, the family name.

    >>> initials("Anna van Larsen"), initials("李雷"), initials("…")
    ('AL', '李', '')
    """
    words = [letters for word in name.split() if (letters := [letter for letter in word if letter.isalnum()])]
    if not words:
        return ""
    first, last = words[0][0], words[-1][0]
    is_short = len(words) == 1 or unicodedata.east_asian_width(first) == "W"
    return first.upper() if is_short else f"{first}{last}".upper()
