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
from ictiger.compiled import Compiled
from ictiger.mail.models import Mail
from ictiger.mail.models import State as MailState
from ictiger.mail.queue import enqueue

from .models import Ban, Comment, Mute
from .policy import State

PURPOSE = "comments/reply"
LIVES = timedelta(days=3)
GATHERS_FOR = timedelta(minutes=3)
BETWEEN = timedelta(minutes=30)  # two mails about one thread
NEWS_FOR = timedelta(days=7)  # a reply that comes back later is none


def announce(reply: Comment) -> None:
    """`reply` can be read now, for the first time or again: queue a mail to whom it answers, in the transaction that shows it.

    Not to who does not want it, and of a reply that comes back only if no mail has told of it. The caller holds the row of the discussion,
    so that two replies at once ask for one mail.
    """
    answered = reply.answers or reply.parent
    if answered is None or answered.state == State.REMOVED or answered.author_id in (None, reply.author_id):
        return
    reader = answered.author
    now = timezone.now()
    if not (reader.is_active and reader.mail_replies) or reply.shown_at < now - NEWS_FOR:
        return
    known = _known.row(reader=reader.pk, thread=reply.parent_id, thread_in_words=str(reply.parent_id), lately=now - BETWEEN)
    if known.address is None or known.muted:
        return
    if not (known.waits and _join(reply, reader, known.address)) and not _has_been_told(reply, reader):
        context = {"thread": reply.parent_id, "since": reply.shown_at.isoformat()}
        not_before = max(now + GATHERS_FOR, known.last + BETWEEN) if known.last else now + GATHERS_FOR
        enqueue(PURPOSE, to=known.address, language=reader.language, context=context, user=reader, not_before=not_before)


def _ask_what_is_known(reader, thread, thread_in_words, lately) -> QuerySet:
    """What decides about a mail, in one query: the address, whether none is wanted, what waits and what went lately."""
    in_words = Cast(KeyTextTransform("thread", "context"), TextField())
    mails = Mail.objects.alias(thread=in_words).filter(purpose=PURPOSE, user=reader, thread=thread_in_words).order_by()
    return (
        User.objects.order_by()
        .filter(pk=reader)
        .values(
            address=Subquery(_proven(EmailAddress.objects.filter(user=reader)).values("email")[:1]),
            muted=Exists(Mute.objects.filter(user=reader, thread=thread)),
            waits=Exists(mails.filter(state=MailState.QUEUED)),
            last=Subquery(mails.filter(sent_at__gt=lately).order_by("-sent_at").values("sent_at")[:1]),
        )
    )


_known = Compiled(_ask_what_is_known, planned=True)


def _join(reply: Comment, reader: User, address: str) -> bool:
    """Whether a mail that waits takes the reply in."""
    waiting = _mails(reader, reply.parent_id).filter(recipient=address, state=MailState.QUEUED)
    # An UPDATE, not a look: it keeps the row from being sent before this transaction's reply can be read.
    if not waiting.update(not_after=timezone.now() + LIVES):
        return False
    for mail in waiting:
        if parse_datetime(mail.context["since"]) > reply.shown_at:
            Mail.objects.filter(pk=mail.pk).update(context=mail.context | {"since": reply.shown_at.isoformat()})
    return True


def _mails(reader: User, thread_id: int) -> QuerySet[Mail]:
    return Mail.objects.filter(purpose=PURPOSE, user=reader, context__thread=thread_id)


def _has_been_told(reply: Comment, reader: User) -> bool:
    return reply.pk is not None and reply.pk in told_by(_mails(reader, reply.parent_id))


def told_by(mails: QuerySet[Mail]) -> set[int]:
    """The ids of what the mails that were sent, or are being sent, have told of."""
    contexts = mails.filter(state__in=[MailState.SENT, MailState.SENDING]).values_list("context", flat=True)
    return {pk for context in contexts for pk in context.get("told", [])}


def remember_told(mail: Mail, ids: list[int]) -> None:
    """What `mail` tells of as it is sent: of that no other has to."""
    mail.context["told"] = ids
    Mail.objects.filter(pk=mail.pk).update(context=mail.context)


def proven_address(reader: User) -> EmailAddress | None:
    return _proven(reader.emailaddress_set).first()


def _proven(addresses: QuerySet[EmailAddress]) -> QuerySet[EmailAddress]:
    """The one that mails go to first."""
    return addresses.filter(verified=True).order_by("-primary", "pk")


def is_proven(mail: Mail) -> bool:
    """Whether the mail would still go to a mailbox that its user has proven."""
    return mail.user is not None and mail.user.emailaddress_set.filter(email=mail.recipient, verified=True).exists()


def wants(reader: User, thread_id: int) -> bool:
    """Whether they still want to be told, and can answer: whoever is banned is not shown what they must leave unanswered."""
    is_wanted = reader.is_active and reader.mail_replies and not Mute.objects.filter(user=reader, thread_id=thread_id).exists()
    return is_wanted and not Ban.objects.active().filter(user=reader).exists()


def replies_to_tell(mail: Mail) -> list[Comment]:
    """What can be read now of what others have answered the mail's reader since it was asked for, and no other mail has told."""
    thread_id, since = mail.context["thread"], datetime.fromisoformat(mail.context["since"])
    told = told_by(_mails(mail.user, thread_id).exclude(pk=mail.pk))
    return [reply for reply in _replies_to(mail.user, thread_id=thread_id, since=since) if reply.pk not in told]


def _replies_to(reader: User, *, thread_id: int, since: datetime) -> QuerySet[Comment]:
    """The oldest first."""
    # Whom a reply answered may have been deleted since: then it answers the thread.
    to_reader = Q(answers__author=reader) & ~Q(answers__state=State.REMOVED)
    to_thread = Q(answers=None, parent__author=reader) & ~Q(parent__state=State.REMOVED)
    below = Comment.objects.visible().filter(to_reader | to_thread, parent_id=thread_id, shown_at__gte=since)
    return below.exclude(author=reader).order_by("shown_at", "pk")
