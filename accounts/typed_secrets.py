"""Passwords and codes as they are compared, whatever the keyboard typed. Pure: no ORM, no settings."""

import unicodedata

MAX_PASSWORD, MAX_CODE = 1_000, 100  # characters


def normal_password(password: str) -> str:
    """The form in which a password is hashed: RFC 8265, OpaqueString (NFC, and every space an ordinary one).

    A longer one than MAX_PASSWORD stays as it is: normalising takes quadratic time in a row of marks.
    """
    if len(password) > MAX_PASSWORD:
        return password
    spaced = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in password)
    return unicodedata.normalize("NFC", spaced)


def password_forms(password: str) -> list[str]:
    """The forms of `password` to compare with a hash: the normal one, then those that hashes made before
    passwords were normalised may be of, as it was typed and decomposed. One form for ASCII.
    """
    if password.isascii() or len(password) > MAX_PASSWORD:
        return [password]
    decomposed = unicodedata.normalize("NFD", password)
    return list(dict.fromkeys([normal_password(password), password, decomposed]))


def normal_code(code: str) -> str:
    """A code without the signs that do not count: full width becomes ASCII, every dash goes, so does space.

    allauth compares codes without regard to case.
    """
    flat = unicodedata.normalize("NFKC", code[:MAX_CODE])
    return "".join(sign for sign in flat if not _is_separator(sign))


def _is_separator(sign: str) -> bool:
    """Whether it is a dash of any kind, white space or a sign that cannot be seen. U+2212 is the minus sign,
    U+30FC the Japanese sign for a long vowel, which stand for dashes on their keyboards.
    """
    return sign in "\u2212\u30fc\u4e00_~" or unicodedata.category(sign) in (
        "Pd",
        "Zs",
        "Zl",
        "Zp",
        "Cc",
        "Cf",
    )
