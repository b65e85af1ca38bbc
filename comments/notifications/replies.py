"""Mails about replies.

One mail reports all replies in a thread since it was queued; while it waits, no second one is queued. It
waits REPLY_DELAY, so that a burst of replies makes one mail and a reply removed at once makes none, and
MIN_INTERVAL after an earlier mail about the same thread.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from allauth.account.models import EmailAddress
from django.db.models import Exists, Q, QuerySet, Subquery, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from comments.models import Ban, Comment, ThreadMute
from comments.policy import State
from ictiger.core.prepared import PreparedQuery
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import enqueue

from .recipients import already_notified, verified_addresses

REPLY_PURPOSE = "comments/reply"
REPLY_LIFETIME = timedelta(days=3)
REPLY_DELAY = timedelta(minutes=3)
MIN_INTERVAL = timedelta(minutes=30)  # between two mails about one thread
NEWS_PERIOD = timedelta(days=7)  # a reply that becomes visible again later than this is not reported


class ReplyMailRow(NamedTuple):
    """What the database knows about mails to the author who was replied to: the one row of the query."""

    address: str | None  # None without a verified address
    is_muted: bool  # the thread, by this user
    has_queued: bool  # a mail about the thread waits
    last_sent_at: datetime | None  # of mails about the thread; None when longer ago than MIN_INTERVAL


def notify_reply(reply: Comment) -> None:
    """Queue a mail about `reply`, which has become visible, to the author it replies to, if they want it.

    Runs in the transaction that makes the reply visible. A reply that is visible again is reported only if no
    mail has reported it. The caller holds the lock of the discussion's row, so that two replies at once queue
    one mail.
    """
    parent = reply.replied_to or reply.parent
    if parent is None or parent.state == State.REMOVED or parent.author_id in (None, reply.author_id):
        return
    reader = parent.author
    now = timezone.now()
    if reader.mail_refused_at is not None:
        return
    if not (reader.is_active and reader.mail_replies) or reply.first_visible_at < now - NEWS_PERIOD:
        return
    row = _reply_mail_row(reader, reply.parent_id, sent_since=now - MIN_INTERVAL)
    if row.address is None or row.is_muted:
        return
    if row.has_queued and _add_to_queued_mail(reply, reader, row.address):
        return
    if not _was_notified(reply, reader):
        earliest = now + REPLY_DELAY
        enqueue(
            REPLY_PURPOSE,
            to=row.address,
            language=reader.language,
            context={"thread": reply.parent_id, "since": reply.first_visible_at.isoformat()},
            user=reader,
            not_before=max(earliest, row.last_sent_at + MIN_INTERVAL) if row.last_sent_at else earliest,
        )


def _build_reply_mail_query(reader, thread, thread_text, sent_since) -> QuerySet:
    """The columns are the fields of ReplyMailRow."""
    mails = (
        Mail.objects.alias(thread=Cast(KeyTextTransform("thread", "context"), TextField()))
        .filter(purpose=REPLY_PURPOSE, user=reader, thread=thread_text)
        .order_by()
    )
    addresses = verified_addresses(EmailAddress.objects.filter(user=reader))
    sent = mails.filter(sent_at__gt=sent_since).order_by("-sent_at")
    return (
        User.objects.order_by()
        .filter(pk=reader)
        .values(
            address=Subquery(addresses.values("email")[:1]),
            is_muted=Exists(ThreadMute.objects.filter(user=reader, thread=thread)),
            has_queued=Exists(mails.filter(state=MailState.QUEUED)),
            last_sent_at=Subquery(sent.values("sent_at")[:1]),
        )
    )


_REPLY_MAIL_QUERY = PreparedQuery(_build_reply_mail_query, server_side=True)


def _reply_mail_row(reader: User, thread_id: int, *, sent_since: datetime) -> ReplyMailRow:
    row = _REPLY_MAIL_QUERY.row(
        reader=reader.pk, thread=thread_id, thread_text=str(thread_id), sent_since=sent_since
    )
    return ReplyMailRow(**row._asdict())


def _add_to_queued_mail(reply: Comment, reader: User, address: str) -> bool:
    """Let a queued mail about the thread report this reply as well. False when there is none any more."""
    queued = _thread_mails(reader, reply.parent_id).filter(recipient=address, state=MailState.QUEUED)
    # An UPDATE, not a SELECT: its lock keeps the mail from being sent before this transaction is committed.
    if not queued.update(expires_at=timezone.now() + REPLY_LIFETIME):
        return False
    for mail in queued:
        if parse_datetime(mail.context["since"]) > reply.first_visible_at:
            Mail.objects.filter(pk=mail.pk).update(
                context=mail.context | {"since": reply.first_visible_at.isoformat()}
            )
    return True


def _thread_mails(reader: User, thread_id: int) -> QuerySet[Mail]:
    return Mail.objects.filter(purpose=REPLY_PURPOSE, user=reader, context__thread=thread_id)


def _was_notified(reply: Comment, reader: User) -> bool:
    return reply.pk is not None and reply.pk in already_notified(_thread_mails(reader, reply.parent_id))


def wants_reply_mails(reader: User, thread_id: int) -> bool:
    """Whether the user still wants mails about the thread. A banned user, who cannot reply, gets none."""
    is_wanted = (
        reader.is_active
        and reader.mail_replies
        and not ThreadMute.objects.filter(user=reader, thread_id=thread_id).exists()
    )
    return is_wanted and not Ban.objects.active().filter(user=reader).exists()


def replies_to_notify(mail: Mail) -> list[Comment]:
    """Visible replies to the mail's user since it was queued, oldest first, without those reported."""
    thread_id, since = mail.context["thread"], datetime.fromisoformat(mail.context["since"])
    notified = already_notified(_thread_mails(mail.user, thread_id).exclude(pk=mail.pk))
    replies = _replies_to(mail.user, thread_id=thread_id, since=since)
    return [reply for reply in replies if reply.pk not in notified]


def _replies_to(reader: User, *, thread_id: int, since: datetime) -> QuerySet[Comment]:
    """Visible replies by others to the user's comments in the thread, oldest first."""
    # If the comment replied to was deleted since, the reply counts as one to the thread.
    to_reader = Q(replied_to__author=reader) & ~Q(replied_to__state=State.REMOVED)
    to_thread = Q(replied_to=None, parent__author=reader) & ~Q(parent__state=State.REMOVED)
    replies = Comment.objects.visible().filter(
        to_reader | to_thread, parent_id=thread_id, first_visible_at__gte=since
    )
    return replies.exclude(author=reader).order_by("first_visible_at", "pk")
