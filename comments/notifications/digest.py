"""The daily mail to each moderator who wants it about the comments that wait for a decision.

The Mail rows record who got today's mail: a job that is killed or runs twice, even at once, still queues one
mail a day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from comments.models import Comment
from comments.moderators import group_moderators
from ictiger.mail.models import Mail
from ictiger.mail.queue import enqueue

from .recipients import verified_address

DIGEST_PURPOSE = "comments/digest"
DIGEST_LIFETIME = timedelta(hours=12)
DIGEST_HOUR = 8  # o'clock, in the site's time zone


@dataclass(frozen=True)
class PendingSummary:
    """How many comments are pending, since when the oldest, and how many each rule holds, most first;
    `reported` counts visible comments with open reports.
    """

    count: int
    oldest_held_at: datetime | None
    count_by_rule: list[tuple[str, int]]
    reported: int


def has_pending_work() -> bool:
    """Whether a comment or a report waits for a moderator."""
    return Comment.objects.queue().exists() or Comment.objects.reported().exists()


def pending_summary() -> PendingSummary | None:
    """The summary of what waits for moderators; None when nothing does."""
    queue, reported = Comment.objects.queue(), Comment.objects.reported().count()
    oldest = queue.first()
    if oldest is None and not reported:
        return None
    rules = queue.order_by().values("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    count_by_rule = list(rules.values_list("reason", "count"))
    return PendingSummary(
        count=sum(count for _rule, count in count_by_rule),
        oldest_held_at=oldest.held_at if oldest else None,
        count_by_rule=count_by_rule,
        reported=reported,
    )


def queue_digests() -> int:
    """Queue today's digests that are not queued yet, from DIGEST_HOUR on while comments or reports wait.

    Returns how many.
    """
    now = timezone.localtime()
    if now.hour < DIGEST_HOUR or not has_pending_work():
        return 0
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    moderator_ids = group_moderators().filter(mail_digest=True).values_list("pk", flat=True)
    return sum(_queue_digest(pk, midnight) for pk in moderator_ids)


def _queue_digest(moderator_id: int, midnight: datetime) -> bool:
    """Queue today's digest for one moderator. False when it is queued already or not wanted."""
    with transaction.atomic():
        # The lock of the moderator's row lets the second of two jobs at once see the first one's mail.
        moderator = User.objects.select_for_update(no_key=True).filter(pk=moderator_id).first()
        if moderator is None:
            return False
        todays_mails = Mail.objects.filter(purpose=DIGEST_PURPOSE, user=moderator, created_at__gte=midnight)
        if todays_mails.exists():
            return False
        address = verified_address(moderator)
        if address is None or not wants_digest(moderator):
            return False
        enqueue(DIGEST_PURPOSE, to=address.email, language=moderator.language, user=moderator)
    return True


def wants_digest(user: User) -> bool:
    """Whether the user is a moderator by task and wants the digest."""
    return group_moderators().filter(pk=user.pk, mail_digest=True).exists()
