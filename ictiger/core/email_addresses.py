"""The one form of an e-mail address in which it is checked, compared, stored and sent to. Pure.

Domains follow IDNA 2008 (RFC 5891) with the mapping of UTS 46, non-transitional: `faß.example` is another
domain than `fass.example`. They are kept with the letters of their script, and go to mail servers as `xn--`.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum

import idna

from .characters import UNSEEN_RANGES
from .lookalikes import mixes_scripts, skeleton

MAX_TYPED = 1_000  # characters; idna and Unicode's normal forms take quadratic time
MAX_DOMAIN = 253  # octets (RFC 1035)

# Full-width forms of ASCII, which Chinese input methods type, and the small @.
_FULL_WIDTH = {0xFEE0 + code: code for code in range(0x21, 0x7F)} | {ord("﹫"): "@"}
_CHINESE_STOPS = str.maketrans("。｡．", "...")
# Characters that a mailbox cannot have outside quotes: separators, spaces, control and invisible characters.
_NOT_IN_ATOM = (
    r"\x00-\x20()<>\[\]:;,@\\\".\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufff0-\uffff"
    rf"{UNSEEN_RANGES}\ud800-\udfff"
)
_ATOM = rf"[^{_NOT_IN_ATOM}]+"
_QUOTED = r'"(?:[!#-\[\]-~]|\\[\x20-\x7e])*"'
# An encoded word (RFC 2047) is refused: the e-mail package of the standard library would decode it.
MAILBOX = re.compile(rf"^(?!.*=\?)(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})\Z")
_TOP_LEVEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")


class AddressFault(Enum):
    SHAPE = "shape"  # no @, or a mailbox that cannot exist
    DOMAIN = "domain"


class InvalidAddress(ValueError):
    """The text is no address, for the reason in `fault`."""

    def __init__(self, fault: AddressFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def canonical_address(typed: str) -> str:
    """The one form of the address `typed`: lower case, Unicode's NFC, the domain in its script's letters.

    Full-width signs and Chinese full stops become ordinary ones (`is_folded` tells). Raises InvalidAddress
    for what is no address after that. The canonical form of a canonical form is itself.
    """
    if len(typed) > MAX_TYPED:
        raise InvalidAddress(AddressFault.SHAPE)
    mailbox, at, domain = _fold(typed).rpartition("@")
    mailbox = unicodedata.normalize("NFC", unicodedata.normalize("NFC", mailbox).lower())
    if not at or not MAILBOX.match(mailbox) or not mailbox.isprintable():
        raise InvalidAddress(AddressFault.SHAPE)
    return f"{mailbox}@{idna.decode(_ascii_labels(domain))}"


def same_address(typed: str) -> str:
    """`canonical_address()`, or `typed` in lower case where that is no address: to look addresses up."""
    try:
        return canonical_address(typed)
    except InvalidAddress:
        lower = typed.strip().lower()
        return unicodedata.normalize("NFC", lower) if len(typed) <= MAX_TYPED else lower


def is_folded(typed: str) -> bool:
    """Whether `canonical_address()` reads full-width signs or a Chinese full stop in it as ordinary ones."""
    return _fold(typed) != typed.strip()


def is_mail_domain(domain: str) -> bool:
    """Whether a mail server could have this name in public DNS."""
    try:
        return bool(_ascii_labels(domain))
    except InvalidAddress:
        return False


def ascii_domain(domain: str) -> str:
    """The domain as mail servers and DNS take it. ASCII comes back unchanged. Raises InvalidAddress."""
    return domain if domain.isascii() else _encode(domain)


def has_lookalike_domain(address: str, known_domains: Iterable[str]) -> bool:
    """Whether the domain mixes alphabets whose letters look alike in one of its labels, or looks like one of
    `known_domains` without being it.
    """
    domain = address.rpartition("@")[2]
    if domain.isascii():
        return False
    return any(map(mixes_scripts, domain.split("."))) or skeleton(domain) in map(skeleton, known_domains)


def _fold(typed: str) -> str:
    """`typed` without space around it, with ordinary signs for full-width ones and Chinese full stops.

    A Chinese full stop at the end ended the sentence.
    """
    stripped = typed.strip()
    mailbox, at, domain = stripped.translate(_FULL_WIDTH).rpartition("@")
    if not at:
        return stripped
    domain = domain.removesuffix("。").removesuffix("｡")
    if stripped.endswith("．"):
        domain = domain.removesuffix(".")
    return f"{mailbox}@{domain.translate(_CHINESE_STOPS)}"


def _ascii_labels(domain: str) -> str:
    """The domain in ASCII if it has two labels or more and could be public. Raises InvalidAddress."""
    encoded = _encode(domain)
    labels = encoded.split(".")
    if len(labels) < 2 or not _TOP_LEVEL.fullmatch(labels[-1]):
        raise InvalidAddress(AddressFault.DOMAIN)
    return encoded


def _encode(domain: str) -> str:
    if len(domain) > MAX_DOMAIN:
        raise InvalidAddress(AddressFault.DOMAIN)
    try:
        encoded = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
        idna.decode(encoded)  # an `xn--` label may hold what nobody may register
    except (UnicodeError, IndexError) as error:  # IDNAError is a UnicodeError
        raise InvalidAddress(AddressFault.DOMAIN) from error
    return encoded
