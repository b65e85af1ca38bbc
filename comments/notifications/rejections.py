"""Telling authors by mail that a comment of theirs was turned down or removed, with the reason, their text and what they can do.

One mail speaks of everything that was turned down since it was asked for. It waits a few minutes: a moderator may take a decision back.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from comments.models import Decision
from comments.policy import ModerationAction, State
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import enqueue

from . import replies

REJECTION_PURPOSE = "comments/rejection"
REJECTION_LIFETIME = timedelta(days=7)
REJECTION_DELAY = timedelta(minutes=5)


def notify_rejection(decision: Decision) -> None:
    """A comment was turned down or removed: queue a mail to its author, if they want it, in the transaction of the decision."""
    author = decision.comment.author
    address = (
        replies.verified_address(author) if author and author.is_active and author.mail_decisions else None
    )
    if address is None:
        return
    waiting = Mail.objects.filter(
        purpose=REJECTION_PURPOSE, user=author, recipient=address.email, state=MailState.QUEUED
    )
    # An UPDATE, not a look: it keeps the row from being sent before this decision can be read.
    if not waiting.update(expires_at=timezone.now() + REJECTION_LIFETIME):
        context = {"since": decision.decided_at.isoformat()}
        not_before = timezone.now() + REJECTION_DELAY
        enqueue(
            REJECTION_PURPOSE,
            to=address.email,
            language=author.language,
            context=context,
            user=author,
            not_before=not_before,
        )


def decisions_to_notify(mail: Mail) -> list[Decision]:
    """What turned a comment of the mail's reader down and still holds, the oldest first; without what another mail has told."""
    since = datetime.fromisoformat(mail.context["since"])
    holds = Q(verb=ModerationAction.REJECT, comment__state=State.REJECTED) | Q(
        verb=ModerationAction.REMOVE, comment__state=State.REMOVED
    )
    rejections: QuerySet[Decision] = Decision.objects.filter(
        holds, decided_at__gte=since, comment__author=mail.user
    )
    told = replies.already_notified(
        Mail.objects.filter(purpose=REJECTION_PURPOSE, user=mail.user).exclude(pk=mail.pk)
    )
    latest = {
        decision.comment_id: decision
        for decision in rejections.select_related("comment__article").order_by("decided_at", "pk")
    }
    return [decision for decision in latest.values() if decision.pk not in told]
