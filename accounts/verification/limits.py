"""How often a verification mail may be asked for. Counted from the mail ledger: what a page promises is what the server allows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from allauth.account.models import EmailAddress
from allauth.core.internal.ratelimit import get_ip
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from ictiger.mail.models import Mail

from .blocks import BLOCK_PERIOD, BLOCKED_MESSAGE, is_blocked

MIN_INTERVAL = timedelta(seconds=60)  # between two mails to one address
HOUR = timedelta(hours=1)
ADDRESS_LIMIT = 5  # mails an hour to one address, whoever asks
USER_LIMIT = 10  # mails an hour for one account, to whatever addresses
CLIENT_LIMIT = (
    20  # mails an hour for one network address, besides those of sign-ups, which have a limit of their own
)


@dataclass(frozen=True)
class RateLimit:
    """Why no mail is sent now."""

    seconds: int  # until one may be asked for
    message: str


def client_hash(request: HttpRequest) -> str:
    """A name for the network address that asks (for IPv6 its network), from which nobody can tell the address."""
    return salted_hmac("accounts.client", get_ip(request), algorithm="sha256").hexdigest()[:32]


def seconds_to_wait(address: EmailAddress, mails: Iterable[Mail]) -> int:
    """Seconds until a mail to `address` is within its limits again; `mails` as `verification.ledger` gives them."""
    to_address = [mail.created_at for mail in mails if mail.recipient == address.email]
    for_user = [mail.created_at for mail in mails if mail.user_id == address.user_id]
    pause = [asked + MIN_INTERVAL for asked in to_address[:1]]
    return _seconds_until([*pause, *_free_at(to_address, ADDRESS_LIMIT), *_free_at(for_user, USER_LIMIT)])


def seconds_for_client(client: str) -> int:
    """Seconds until `client` may ask again, for whatever address."""
    asked = (
        Mail.objects.filter(client=client)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:CLIENT_LIMIT]
    )
    return _seconds_until(_free_at(list(asked), CLIENT_LIMIT))


def _free_at(asked: Sequence[datetime], limit: int) -> list[datetime]:
    """When one more is within `limit` an hour again; `asked` is newest first."""
    return [moment + HOUR for moment in asked[limit - 1 : limit]]


def _seconds_until(moments: Sequence[datetime]) -> int:
    return max(0, ceil((max(moments) - timezone.now()).total_seconds())) if moments else 0


def wait_message(seconds: int) -> str:
    """Why no mail was sent to this address, and when one may be: seconds below two minutes, else minutes."""
    if seconds <= 120:
        template = ngettext(
            "A mail to this address was requested a moment ago. You can ask for another in %(count)s second.",
            "A mail to this address was requested a moment ago. You can ask for another in %(count)s seconds.",
            seconds,
        )
        return template % {"count": seconds}
    minutes = -(-seconds // 60)
    template = ngettext(
        "Several mails have been requested within the hour. You can ask for another in %(count)s minute.",
        "Several mails have been requested within the hour. You can ask for another in %(count)s minutes.",
        minutes,
    )
    return template % {"count": minutes}


def client_message(seconds: int) -> str:
    """Why this client gets no mail sent to any address."""
    minutes = -(-seconds // 60)
    template = ngettext(
        "Too many mails have been requested from your connection. Try again in %(count)s minute.",
        "Too many mails have been requested from your connection. Try again in %(count)s minutes.",
        minutes,
    )
    return template % {"count": minutes}


def check_resend_limit(address: EmailAddress, mails: Iterable[Mail], client: str = "") -> RateLimit | None:
    """Why no mail may go to `address` now, or None when one may."""
    if is_blocked(address.email):
        return RateLimit(int(BLOCK_PERIOD.total_seconds()), str(BLOCKED_MESSAGE))
    return check_client_limit(client) or _rate_limit(seconds_to_wait(address, mails), wait_message)


def check_client_limit(client: str) -> RateLimit | None:
    """Why `client` may not ask for a mail now, or None; nobody ("") is not limited."""
    return _rate_limit(seconds_for_client(client), client_message) if client else None


def _rate_limit(seconds: int, words: Callable[[int], str]) -> RateLimit | None:
    return RateLimit(seconds, words(seconds)) if seconds else None
