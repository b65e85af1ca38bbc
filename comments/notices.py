"""Telling people by mail that somebody has answered them, and no longer telling them.

One mail speaks of everything that has come in one thread since it was asked for: while it waits, no other joins it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core import signing
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from ictiger.mail.models import Mail
from ictiger.mail.models import State as MailState
from ictiger.mail.queue import enqueue

from .models import Comment, Mute
from .policy import State

PURPOSE = "comments/reply"
LIVES = timedelta(days=3)
SALT = "comments.unsubscribe"


def announce(reply: Comment) -> None:
    """`reply` is seen for the first time: queue a mail to whom it answers, if they want it, in the transaction that shows it.

    The caller holds the row of the discussion, so that two replies at once ask for one mail.
    """
    answered = reply.answers or reply.parent
    if answered is None or answered.state == State.REMOVED or answered.author_id in (None, reply.author_id):
        return
    reader = answered.author
    address = _proven_address(reader)
    if address is None or not wants(reader, reply.parent_id):
        return
    waiting = Mail.objects.filter(purpose=PURPOSE, user=reader, recipient=address.email, state=MailState.QUEUED)
    # An UPDATE, not a look: it keeps the row from being sent before this transaction's reply can be read.
    if not waiting.filter(context__thread=reply.parent_id).update(not_after=timezone.now() + LIVES):
        context = {"thread": reply.parent_id, "since": reply.shown_at.isoformat()}
        enqueue(PURPOSE, to=address.email, language=reader.language, context=context, user=reader, at_once=False)


def _proven_address(reader: User) -> EmailAddress | None:
    return reader.emailaddress_set.filter(verified=True).order_by("-primary", "pk").first()


def wants(reader: User, thread_id: int) -> bool:
    return reader.is_active and reader.mail_replies and not Mute.objects.filter(user=reader, thread_id=thread_id).exists()


def replies_to(reader: User, *, thread_id: int, since: datetime) -> QuerySet[Comment]:
    """What can be read now of what others have answered `reader` in the thread since then, the oldest first."""
    # Whom a reply answered may have been deleted since: then it answers the thread.
    to_reader = Q(answers__author=reader) & ~Q(answers__state=State.REMOVED)
    to_thread = Q(answers=None, parent__author=reader) & ~Q(parent__state=State.REMOVED)
    below = Comment.objects.visible().filter(to_reader | to_thread, parent_id=thread_id, shown_at__gte=since)
    return below.exclude(author=reader).order_by("shown_at", "pk")


# --- no longer -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subscription:
    """What the link of a mail may end: the mails to `reader` about one thread, or all mails about answers."""

    reader: User
    thread: Comment

    @property
    def key(self) -> str:
        return signing.dumps([self.reader.pk, self.thread.pk], salt=SALT)

    def mute_thread(self) -> None:
        Mute.objects.get_or_create(user=self.reader, thread=self.thread)

    def end(self) -> None:
        User.objects.filter(pk=self.reader.pk).update(mail_replies=False)


def read_key(key: str) -> Subscription | None:
    """What the link with `key` may end; None when it was altered, or when the account or the thread is gone. It works for good."""
    try:
        reader_id, thread_id = signing.loads(key, salt=SALT)
    except signing.BadSignature:
        return None
    reader, thread = User.objects.filter(pk=reader_id).first(), Comment.objects.filter(pk=thread_id).first()
    return Subscription(reader, thread) if reader and thread else None
