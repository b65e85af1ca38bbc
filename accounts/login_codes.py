"""Log-in codes that need not be kept to be sent later.

A code is drawn from a nonce and SECRET_KEY. The session keeps the code, the mail ledger keeps the nonce, and the composer draws the same
code again when the mail is sent: whoever reads the ledger learns nothing to log in with.
"""

from django.utils.crypto import get_random_string, salted_hmac

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, no digits: nothing to misread, no words by accident (RFC 8628, section 6.1)
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
