"""How often a verification mail may be requested, counted from the mail queue: what a page promises is what
the server allows.
"""

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
ADDRESS_LIMIT = 5  # mails an hour to one address, from any account
USER_LIMIT = 10  # mails an hour for one account, to any address
CLIENT_LIMIT = (
    20  # mails an hour for one network address; sign-ups have their own limit (ACCOUNT_RATE_LIMITS)
)


@dataclass(frozen=True)
class RateLimit:
    """A limit that is exceeded now."""

    seconds: int  # until the next mail may be requested
    message: str  # for the user


def client_hash(request: HttpRequest) -> str:
    """A keyed hash of the requester's network address (of its network for IPv6), which does not reveal the
    address.
    """
    return salted_hmac("accounts.client", get_ip(request), algorithm="sha256").hexdigest()[:32]


def seconds_to_wait(address: EmailAddress, mails: Iterable[Mail]) -> int:
    """Seconds until a mail to `address` is within its limits again; `mails` as `addresses.verification_mails`
    returns them.
    """
    to_address = [mail.created_at for mail in mails if mail.recipient == address.email]
    for_user = [mail.created_at for mail in mails if mail.user_id == address.user_id]
    pause = [sent_at + MIN_INTERVAL for sent_at in to_address[:1]]
    return _seconds_until([*pause, *_free_at(to_address, ADDRESS_LIMIT), *_free_at(for_user, USER_LIMIT)])


def seconds_for_client(client: str) -> int:
    """Seconds until `client` may request another mail, to any address."""
    times = (
        Mail.objects.filter(client=client)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:CLIENT_LIMIT]
    )
    return _seconds_until(_free_at(list(times), CLIENT_LIMIT))


def _free_at(times: Sequence[datetime], limit: int) -> list[datetime]:
    """The time at which one more is within `limit` an hour again, or nothing; `times` of the requests, newest
    first.
    """
    return [time + HOUR for time in times[limit - 1 : limit]]


def _seconds_until(times: Sequence[datetime]) -> int:
    """Seconds until the latest of `times`, rounded up; 0 for the past or no time."""
    return max(0, ceil((max(times) - timezone.now()).total_seconds())) if times else 0


def wait_message(seconds: int) -> str:
    """Why no mail was sent to this address and when one may be requested: in seconds up to two minutes, else
    in minutes.
    """
    if seconds <= 120:
        template = ngettext(
            "A mail to this address was requested a moment ago. You can ask for another in %(count)s second.",
            "A mail to this address was requested a moment ago. "
            "You can ask for another in %(count)s seconds.",
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
    """Why no mail was sent for this network address, and when one may be requested."""
    minutes = -(-seconds // 60)
    template = ngettext(
        "Too many mails have been requested from your connection. Try again in %(count)s minute.",
        "Too many mails have been requested from your connection. Try again in %(count)s minutes.",
        minutes,
    )
    return template % {"count": minutes}


def check_resend_limit(address: EmailAddress, mails: Iterable[Mail], client: str = "") -> RateLimit | None:
    """The limit that forbids a mail to `address` now, or None. A block of the mailbox counts as a limit of
    BLOCK_PERIOD.
    """
    if is_blocked(address.email):
        return RateLimit(int(BLOCK_PERIOD.total_seconds()), str(BLOCKED_MESSAGE))
    return check_client_limit(client) or _rate_limit(seconds_to_wait(address, mails), wait_message)


def check_client_limit(client: str) -> RateLimit | None:
    """The limit that forbids a mail for `client` now, or None; the client "" has no limit."""
    return _rate_limit(seconds_for_client(client), client_message) if client else None


def _rate_limit(seconds: int, message: Callable[[int], str]) -> RateLimit | None:
    return RateLimit(seconds, message(seconds)) if seconds else None
