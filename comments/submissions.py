"""What a form carries besides its text: the digest of the text that came first with its submission id, and
the account for which it was made.
"""

import hashlib
import uuid
from collections.abc import Mapping

from django.contrib.auth.models import AnonymousUser
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare

from accounts.models import User
from comments.text import word_count

OWNER_FIELD = "made_for"  # empty in a form for a visitor who was not logged in


def text_digest(submission: uuid.UUID, text: str) -> str:
    """32 hexadecimal digits that identify `text` as it is stored. Equal texts of two submissions differ."""
    return hashlib.sha256(submission.bytes + word_count.clean_text(text).encode()).hexdigest()[:32]


def owner_token(user: User | AnonymousUser) -> str:
    """The signed id of the account for which a form is made; "" for an anonymous visitor."""
    return _signer().sign(user.pk) if user.is_authenticated else ""


def is_made_for(data: Mapping, user: User | AnonymousUser) -> bool:
    """Whether the form was made for `user`. True for a form without the field: those of release 1.0.0."""
    token = data.get(OWNER_FIELD)
    return token is None or constant_time_compare(token, owner_token(user))


def owner_id(data: Mapping) -> int | None:
    """The id of the account for which the form was made; None for nobody, or when the field was altered."""
    try:
        return int(_signer().unsign(data.get(OWNER_FIELD, "")))
    except (BadSignature, ValueError):
        return None


def _signer() -> Signer:
    return Signer(salt="comments.form")
