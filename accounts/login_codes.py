"""Log-in codes that are computed again when their mail is sent, so that the mail queue does not store them.

A code is derived from a nonce and SECRET_KEY. The session stores the code, the mail queue stores the nonce,
and the composer derives the same code from it when the mail is sent. Nobody can log in with what the queue
holds.
"""

from django.utils.crypto import get_random_string, salted_hmac

# No vowels and no digits: nothing to misread, no words by accident (RFC 8628, section 6.1).
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8  # 20⁸ codes; three guesses are allowed


def new_nonce() -> str:
    return get_random_string(32)


def login_code(nonce: str) -> str:
    """The code that belongs to `nonce`, like "BCDF-GHJK"."""
    number = int.from_bytes(salted_hmac("accounts.login_code", nonce, algorithm="sha256").digest(), "big")
    letters = ""
    for _ in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        letters += ALPHABET[index]
    return f"{letters[:4]}-{letters[4:]}"
