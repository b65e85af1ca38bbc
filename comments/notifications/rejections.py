"""Mails to authors whose comments were rejected or removed: the reason, their text, and what they can do.

One mail reports all decisions since it was queued. It waits REJECTION_DELAY, since a moderator may undo a
decision.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from comments.models import Decision
from comments.policy import ModerationAction, State
from ictiger.mail.models import Mail

from .recipients import already_notified, queue_decision_mail

REJECTION_PURPOSE = "comments/rejection"
REJECTION_LIFETIME = timedelta(days=7)
REJECTION_DELAY = timedelta(minutes=5)


def notify_rejection(decision: Decision) -> None:
    """Queue a mail about a rejected or removed comment to its author, if they want it.

    Runs in the transaction of the decision.
    """
    author = decision.comment.author
    if author and author.is_active and author.mail_decisions:
        queue_decision_mail(
            REJECTION_PURPOSE,
            author,
            decision.decided_at,
            delay=REJECTION_DELAY,
            lifetime=REJECTION_LIFETIME,
        )


def decisions_to_notify(mail: Mail) -> list[Decision]:
    """The decision about each comment that still holds and that no other mail has reported, oldest first."""
    since = datetime.fromisoformat(mail.context["since"])
    holds = Q(verb=ModerationAction.REJECT, comment__state=State.REJECTED) | Q(
        verb=ModerationAction.REMOVE, comment__state=State.REMOVED
    )
    rejections = Decision.objects.filter(holds, decided_at__gte=since, comment__author=mail.user)
    notified = already_notified(
        Mail.objects.filter(purpose=REJECTION_PURPOSE, user=mail.user).exclude(pk=mail.pk)
    )
    latest = {
        decision.comment_id: decision
        for decision in rejections.select_related("comment__article").order_by("decided_at", "pk")
    }
    return [decision for decision in latest.values() if decision.pk not in notified]
