"""Header fields encoded by ourselves, so that what is typed is what is read, whatever the Python.

The folding of the standard library loses spaces between encoded words, makes words of 76 octets and more
(RFC 2047 allows 75), and drops the quotes of a name that it folds, so that a comma ends the mailbox.
"""

import base64
import re
from collections.abc import Iterator
from email.headerregistry import UniqueSingleAddressHeader, UniqueUnstructuredHeader
from email.policy import Policy

LINE_OCTETS = 76  # of a line with an encoded word (RFC 2047, section 2)
WORD_OCTETS = 75
_FRAME = len("=?utf-8?q??=")
# What an encoded word holds as it is, in a phrase too (RFC 2047, section 5.3).
_LITERAL = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_SINGLE_SPACE = re.compile("(?<! ) (?! )")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?: [A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")


class UrlHeader(UniqueUnstructuredHeader):
    """A URL on one line.

    Folded like text, a long one would become an encoded word, which no mail program opens.
    """

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # set by HeaderRegistry


class TextHeader(UniqueUnstructuredHeader):
    """A text for people, like the subject. What looks like an encoded word in it is text as well."""

    @classmethod
    def parse(cls, value: str, kwds: dict) -> None:
        kwds["parse_tree"], kwds["decoded"] = cls.value_parser(""), value

    def fold(self, *, policy: Policy) -> str:
        name = self.name  # type: ignore[attr-defined]
        lines = encode_text(str(self), first=LINE_OCTETS - len(name) - 2)
        return f"{name}: {f'{policy.linesep} '.join(lines)}{policy.linesep}"


class SenderHeader(UniqueSingleAddressHeader):
    """One mailbox with a display name of any length."""

    def fold(self, *, policy: Policy) -> str:
        name = self.name  # type: ignore[attr-defined]
        lines = encode_phrase(self.address.display_name, first=LINE_OCTETS - len(name) - 2)
        address = f"<{self.address.addr_spec}>" if lines else self.address.addr_spec
        if lines and len(name) + len(lines[-1]) + len(address) + 3 <= LINE_OCTETS:
            lines[-1] += f" {address}"
        else:
            lines.append(address)
        return f"{name}: {f'{policy.linesep} '.join(lines)}{policy.linesep}"


def encode_text(text: str, *, first: int = LINE_OCTETS) -> list[str]:
    """The lines of a header field's body: `text` as it is where it is plain ASCII, else encoded words.

    `first` is the room on the first line, in octets. Decoded and joined as RFC 2047 says, they are `text`.
    """
    if _PLAIN.fullmatch(text) and "=?" not in text:
        lines = _folded(text, first)
        if lines:
            return lines
    return list(_encoded_words(text, first)) if text else [""]


def encode_phrase(name: str, *, first: int = LINE_OCTETS) -> list[str]:
    """The lines of a display name: atoms, a quoted string, or encoded words. None for an empty one."""
    if not name:
        return []
    if _PLAIN.fullmatch(name) and "=?" not in name:
        quoted = name if _ATOMS.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        lines = _folded(quoted, first)
        if lines:
            return lines
    return list(_encoded_words(name, first))


def _folded(text: str, first: int) -> list[str]:
    """The lines of an ASCII text, broken in the place of single spaces; [] where a line would be too long."""
    lines, line, room = [], "", first
    for part in _SINGLE_SPACE.split(text):
        if line and len(line) + 1 + len(part) > room:
            lines.append(line)
            line, room = part, LINE_OCTETS - 1
        else:
            line = f"{line} {part}" if line else part
        if len(line) > room:
            return []
    return [*lines, line]


def _encoded_words(text: str, first: int) -> Iterator[str]:
    """Encoded words, one for each line. No character is divided between two of them (section 5)."""
    characters = [character.encode("utf-8", "replace") for character in text]
    is_mostly_ascii = 3 * sum(map(_q_length, characters)) < 4 * sum(map(len, characters)) + 12
    length, encode = (_q_length, _q_encoded) if is_mostly_ascii else (len, _b_encoded)
    room = _room(min(first, WORD_OCTETS), is_mostly_ascii)
    chunk, used = b"", 0
    for character in characters:
        if used + length(character) > room and chunk:
            yield encode(chunk)
            chunk, used, room = b"", 0, _room(WORD_OCTETS, is_mostly_ascii)
        chunk += character
        used += length(character)
    yield encode(chunk)


def _room(octets: int, is_q: bool) -> int:
    """What a word of so many octets holds: characters of Q, or bytes of B."""
    inner = max(octets - _FRAME, 12)
    return inner if is_q else inner // 4 * 3


def _q_length(character: bytes) -> int:
    return sum(1 if byte in _LITERAL or byte == 0x20 else 3 for byte in character)


def _q_encoded(chunk: bytes) -> str:
    letters = (chr(byte) if byte in _LITERAL else "_" if byte == 0x20 else f"={byte:02X}" for byte in chunk)
    return f"=?utf-8?q?{''.join(letters)}?="


def _b_encoded(chunk: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(chunk).decode('ascii')}?="
