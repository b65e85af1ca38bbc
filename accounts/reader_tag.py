"""An opaque name of an account, by which scripts tell whether a page shows the present reader's content."""

from functools import lru_cache

from django.contrib.auth.models import AnonymousUser
from django.utils.crypto import salted_hmac

from .models import User


def reader_tag(user: User | AnonymousUser) -> str:
    """16 hexadecimal digits, always the same for one account; "" for an anonymous visitor."""
    return _tag(user.pk) if user.is_authenticated else ""


@lru_cache(10_000)
def _tag(user_id: int) -> str:
    return salted_hmac("accounts.reader_tag", str(user_id), algorithm="sha256").hexdigest()[:16]
