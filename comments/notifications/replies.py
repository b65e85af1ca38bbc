"""Telling people by mail that somebody has answered them.

One mail speaks of everything that has come in one thread since it was asked for: while it waits, no other joins it. It waits a few minutes,
so that a burst is one mail and what is taken back at once is none, and longer after another about the same thread.
"""

from datetime import datetime, timedelta

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

REPLY_PURPOSE = "comments/reply"
REPLY_LIFETIME = timedelta(days=3)
REPLY_DELAY = timedelta(minutes=3)
MIN_INTERVAL = timedelta(minutes=30)  # two mails about one thread
NEWS_PERIOD = timedelta(days=7)  # a reply that comes back later is none


def notify_reply(reply: Comment) -> None:
    """`reply` can be read now, for the first time or again: queue a mail to whom it answers, in the transaction that shows it.

    Not to who does not want it, and of a reply that comes back only if no mail has told of it. The caller holds the row of the discussion,
    so that two replies at once ask for one mail.
    """
    answered = reply.replied_to or reply.parent
    if answered is None or answered.state == State.REMOVED or answered.author_id in (None, reply.author_id):
        return
    reader = answered.author
    now = timezone.now()
    if not (reader.is_active and reader.mail_replies) or reply.first_visible_at < now - NEWS_PERIOD:
        return
    known = _NOTICE_CONTEXT.row(
        reader=reader.pk,
        thread=reply.parent_id,
        thread_in_words=str(reply.parent_id),
        lately=now - MIN_INTERVAL,
    )
    if known.address is None or known.muted:
        return
    if not (known.waits and _join(reply, reader, known.address)) and not _was_notified(reply, reader):
        context = {"thread": reply.parent_id, "since": reply.first_visible_at.isoformat()}
        not_before = max(now + REPLY_DELAY, known.last + MIN_INTERVAL) if known.last else now + REPLY_DELAY
        enqueue(
            REPLY_PURPOSE,
            to=known.address,
            language=reader.language,
            context=context,
            user=reader,
            not_before=not_before,
        )


def _notice_query(reader, thread, thread_in_words, lately) -> QuerySet:
    """What decides about a mail, in one query: the address, whether none is wanted, what waits and what went lately."""
    in_words = Cast(KeyTextTransform("thread", "context"), TextField())
    mails = (
        Mail.objects.alias(thread=in_words)
        .filter(purpose=REPLY_PURPOSE, user=reader, thread=thread_in_words)
        .order_by()
    )
    return (
        User.objects.order_by()
        .filter(pk=reader)
        .values(
            address=Subquery(
                _verified_addresses(EmailAddress.objects.filter(user=reader)).values("email")[:1]
            ),
            muted=Exists(ThreadMute.objects.filter(user=reader, thread=thread)),
            waits=Exists(mails.filter(state=MailState.QUEUED)),
            last=Subquery(mails.filter(sent_at__gt=lately).order_by("-sent_at").values("sent_at")[:1]),
        )
    )


_NOTICE_CONTEXT = PreparedQuery(_notice_query, server_side=True)


def _join(reply: Comment, reader: User, address: str) -> bool:
    """Whether a mail that waits takes the reply in."""
    waiting = _mails(reader, reply.parent_id).filter(recipient=address, state=MailState.QUEUED)
    # An UPDATE, not a look: it keeps the row from being sent before this transaction's reply can be read.
    if not waiting.update(expires_at=timezone.now() + REPLY_LIFETIME):
        return False
    for mail in waiting:
        if parse_datetime(mail.context["since"]) > reply.first_visible_at:
            Mail.objects.filter(pk=mail.pk).update(
                context=mail.context | {"since": reply.first_visible_at.isoformat()}
            )
    return True


def _mails(reader: User, thread_id: int) -> QuerySet[Mail]:
    return Mail.objects.filter(purpose=REPLY_PURPOSE, user=reader, context__thread=thread_id)


def _was_notified(reply: Comment, reader: User) -> bool:
    return reply.pk is not None and reply.pk in already_notified(_mails(reader, reply.parent_id))


def already_notified(mails: QuerySet[Mail]) -> set[int]:
    """The ids of what the mails that were sent, or are being sent, have told of."""
    contexts = mails.filter(state__in=[MailState.SENT, MailState.SENDING]).values_list("context", flat=True)
    return {pk for context in contexts for pk in context.get("told", [])}


def record_notified(mail: Mail, ids: list[int]) -> None:
    """What `mail` tells of as it is sent: of that no other has to."""
    mail.context["told"] = ids
    Mail.objects.filter(pk=mail.pk).update(context=mail.context)


def verified_address(reader: User) -> EmailAddress | None:
    return _verified_addresses(reader.emailaddress_set).first()


def _verified_addresses(addresses: QuerySet[EmailAddress]) -> QuerySet[EmailAddress]:
    """The one that mails go to first."""
    return addresses.filter(verified=True).order_by("-primary", "pk")


def is_verified_address(mail: Mail) -> bool:
    """Whether the mail would still go to a mailbox that its user has proven."""
    return (
        mail.user is not None
        and mail.user.emailaddress_set.filter(email=mail.recipient, verified=True).exists()
    )


def wants_reply_mails(reader: User, thread_id: int) -> bool:
    """Whether they still want to be told, and can answer: whoever is banned is not shown what they must leave unanswered."""
    is_wanted = (
        reader.is_active
        and reader.mail_replies
        and not ThreadMute.objects.filter(user=reader, thread_id=thread_id).exists()
    )
    return is_wanted and not Ban.objects.active().filter(user=reader).exists()


def replies_to_notify(mail: Mail) -> list[Comment]:
    """What can be read now of what others have answered the mail's reader since it was asked for, and no other mail has told."""
    thread_id, since = mail.context["thread"], datetime.fromisoformat(mail.context["since"])
    told = already_notified(_mails(mail.user, thread_id).exclude(pk=mail.pk))
    return [
        reply for reply in _replies_to(mail.user, thread_id=thread_id, since=since) if reply.pk not in told
    ]


def _replies_to(reader: User, *, thread_id: int, since: datetime) -> QuerySet[Comment]:
    """The oldest first."""
    # Whom a reply answered may have been deleted since: then it answers the thread.
    to_reader = Q(replied_to__author=reader) & ~Q(replied_to__state=State.REMOVED)
    to_thread = Q(replied_to=None, parent__author=reader) & ~Q(parent__state=State.REMOVED)
    below = Comment.objects.visible().filter(
        to_reader | to_thread, parent_id=thread_id, first_visible_at__gte=since
    )
    return below.exclude(author=reader).order_by("first_visible_at", "pk")
