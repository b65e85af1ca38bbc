"""What waits at the desk, told by mail to each moderator who wants it, once a day at most.

The ledger of mails is what remembers: a sweep that is killed, or runs twice or twice at once, asks for one mail a day all the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from comments.models import Comment
from comments.moderators import group_moderators
from ictiger.mail.models import Mail
from ictiger.mail.queue import enqueue

from .replies import verified_address

DIGEST_PURPOSE = "comments/digest"
DIGEST_LIFETIME = timedelta(hours=12)
DIGEST_HOUR = 8  # o'clock, in the site's time zone
DIGEST_SALT = "comments.digest"


@dataclass(frozen=True)
class PendingSummary:
    """How many wait, for how long the oldest has, and how many each rule holds: the most first."""

    number: int
    since: datetime
    by_rule: list[tuple[str, int]]


def pending_summary() -> PendingSummary | None:
    """None when nothing does."""
    queue = Comment.objects.queue()
    oldest = queue.first()
    if oldest is None:
        return None
    rules = queue.order_by().values("reason").annotate(number=Count("pk")).order_by("-number", "reason")
    by_rule = list(rules.values_list("reason", "number"))
    return PendingSummary(sum(number for _rule, number in by_rule), oldest.held_at, by_rule)


def queue_digests() -> int:
    """Queue today's mails that have not been asked for yet, from the morning on and while something waits. Returns how many."""
    now = timezone.localtime()
    if now.hour < DIGEST_HOUR or not Comment.objects.queue().exists():
        return 0
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return sum(
        _queue_digest(pk, today)
        for pk in group_moderators().filter(mail_digest=True).values_list("pk", flat=True)
    )


def _queue_digest(moderator_id: int, today: datetime) -> bool:
    with transaction.atomic():
        # Under the lock of the moderator's row: two sweeps at once see each other's mail.
        moderator = User.objects.select_for_update(no_key=True).filter(pk=moderator_id).first()
        if (
            moderator is None
            or Mail.objects.filter(purpose=DIGEST_PURPOSE, user=moderator, created_at__gte=today).exists()
        ):
            return False
        address = verified_address(moderator)
        if address is None or not wants_digest(moderator):
            return False
        enqueue(DIGEST_PURPOSE, to=address.email, language=moderator.language, user=moderator)
    return True


def wants_digest(moderator: User) -> bool:
    return group_moderators().filter(pk=moderator.pk, mail_digest=True).exists()


# --- no longer -----------------------------------------------------------------------------------------------------------------------


def digest_key(moderator: User) -> str:
    """What allows the link of a mail to end these mails. It works for good."""
    return signing.dumps(moderator.pk, salt=DIGEST_SALT)


def moderator_from_key(key: str) -> User | None:
    """Whose mails the link with `key` may end; None when it was altered, or when the account is gone."""
    try:
        return User.objects.filter(pk=signing.loads(key, salt=DIGEST_SALT)).first()
    except signing.BadSignature:
        return None


def end_digest(moderator: User) -> None:
    User.objects.filter(pk=moderator.pk).update(mail_digest=False)
