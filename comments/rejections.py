"""Telling authors by mail that a comment of theirs was turned down or removed, with the reason, their text and what they can do.

One mail speaks of everything that was turned down since it was asked for. It waits a few minutes: a moderator may take a decision back.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from ictiger.mail.models import Mail
from ictiger.mail.models import State as MailState
from ictiger.mail.queue import enqueue

from . import notices
from .models import Decision
from .policy import State, Verb

PURPOSE = "comments/rejection"
LIVES = timedelta(days=7)
GATHERS_FOR = timedelta(minutes=5)


def announce(decision: Decision) -> None:
    """A comment was turned down or removed: queue a mail to its author, if they want it, in the transaction of the decision."""
    author = decision.comment.author
    address = notices.proven_address(author) if author and author.is_active and author.mail_decisions else None
    if address is None:
        return
    waiting = Mail.objects.filter(purpose=PURPOSE, user=author, recipient=address.email, state=MailState.QUEUED)
    # An UPDATE, not a look: it keeps the row from being sent before this decision can be read.
    if not waiting.update(not_after=timezone.now() + LIVES):
        context = {"since": decision.decided_at.isoformat()}
        not_before = timezone.now() + GATHERS_FOR
        enqueue(PURPOSE, to=address.email, language=author.language, context=context, user=author, not_before=not_before)


def decisions_to_tell(mail: Mail) -> list[Decision]:
    """What turned a comment of the mail's reader down and still holds, the oldest first; without what another mail has told."""
    since = datetime.fromisoformat(mail.context["since"])
    holds = Q(verb=Verb.REJECT, comment__state=State.REJECTED) | Q(verb=Verb.REMOVE, comment__state=State.REMOVED)
    rejections: QuerySet[Decision] = Decision.objects.filter(holds, decided_at__gte=since, comment__author=mail.user)
    told = notices.told_by(Mail.objects.filter(purpose=PURPOSE, user=mail.user).exclude(pk=mail.pk))
    latest = {decision.comment_id: decision for decision in rejections.select_related("comment__article").order_by("decided_at", "pk")}
    return [decision for decision in latest.values() if decision.pk not in told]
