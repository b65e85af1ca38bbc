"""Rules for the names shown beside comments. Pure functions: no ORM, no settings."""

import re
import unicodedata
from enum import Enum

from ictiger.core.characters import has_stacked_marks, has_unseen
from ictiger.core.lookalikes import mixes_scripts, skeleton
from ictiger.core.web_addresses import has_web_address

NAME_LENGTH = 40  # characters
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
# What pages show in the place of a name: User.public_name without one, and comments by people who have left.
# In both languages, whatever the reader's.
_PLACEHOLDERS = ("reader", "former reader", "a former moderator", "somebody who has left", "deleted user")
_PLACEHOLDERS_ZH = ("读者", "已注销的读者", "一位前版主", "一位已离开的成员", "已注销用户")
_NUMBERED = re.compile(r"(?:reader|读者)[\dol]+")
# No written language needs more accents on one letter, or more marks with its vowel signs (Tibetan, Burmese).
MAX_ACCENTS, MAX_MARKS = 3, 7
PUBLICATION_NAME = "ictiger"  # not allowed anywhere in a name


class NameFault(Enum):
    """Why a name cannot be taken, whoever asks for it."""

    UNSEEN = "invisible"
    MARKS = "marks"
    NO_LETTER = "no_letter"
    ADDRESS = "address"
    MIXED = "mixed"


def normalize_name(name: str) -> str:
    """`name` in Unicode's NFC, stripped, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def fault_of(name: str) -> NameFault | None:
    """What is wrong with a name by itself; None when nothing is. Names of all living scripts are welcome."""
    if has_unseen(name):
        return NameFault.UNSEEN
    if has_stacked_marks(unicodedata.normalize("NFD", name), limit=MAX_MARKS, accents=MAX_ACCENTS):
        return NameFault.MARKS
    if not any(unicodedata.category(character)[0] in "LN" for character in name):
        return NameFault.NO_LETTER
    if re.search("[@/＠／﹫]", name) or has_web_address(name):
        return NameFault.ADDRESS
    return NameFault.MIXED if mixes_scripts(name) else None


def is_reserved(name: str) -> bool:
    """Whether it looks like a name of the staff or of the publication."""
    return skeleton(PUBLICATION_NAME) in skeleton(name) or skeleton(name) in map(skeleton, RESERVED)


def is_placeholder(name: str) -> bool:
    """Whether it looks like what stands in the place of a name: “Reader 14”, “Former reader”."""
    shape = skeleton(name)
    return bool(_NUMBERED.fullmatch(shape)) or shape in map(skeleton, _PLACEHOLDERS + _PLACEHOLDERS_ZH)


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
