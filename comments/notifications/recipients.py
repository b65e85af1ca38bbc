"""Which address a mail goes to, and which events the mails to an account have reported already."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import enqueue

_NOTIFIED_KEY = "told"  # in the context of mails in the database: ids of the comments or decisions reported


def verified_address(user: User) -> EmailAddress | None:
    """The address that notices to `user` go to; None without a verified one, and while it refuses mail."""
    return verified_addresses(user.emailaddress_set).first() if user.mail_refused_at is None else None


def verified_addresses(addresses: QuerySet[EmailAddress]) -> QuerySet[EmailAddress]:
    """The verified ones of one account, the one that mails go to first."""
    return addresses.filter(verified=True).order_by("-primary", "pk")


def has_recipient(mail: Mail) -> bool:
    """Address the mail to its user's verified address as it is now, which may have changed while it waited.

    False without one, and while the mailbox refuses mail.
    """
    address = verified_address(mail.user) if mail.user is not None else None
    if address is None:
        return False
    if address.email != mail.recipient:
        mail.recipient = address.email
        mail.save(update_fields=["recipient"])
    return True


def queue_decision_mail(
    purpose: str, user: User, decided_at: datetime, *, delay: timedelta, lifetime: timedelta
) -> None:
    """Queue a mail to `user` about decisions from `decided_at` on, or let the one that waits report this too.

    Does nothing without an address for notices. Runs in the transaction of the decision.
    """
    address = verified_address(user)
    if address is None:
        return
    queued = Mail.objects.filter(purpose=purpose, user=user, recipient=address.email, state=MailState.QUEUED)
    # An UPDATE, not a SELECT: its lock keeps the mail from being sent before this decision is committed.
    if not queued.update(expires_at=timezone.now() + lifetime):
        enqueue(
            purpose,
            to=address.email,
            language=user.language,
            context={"since": decided_at.isoformat()},
            user=user,
            not_before=timezone.now() + delay,
        )


def already_notified(mails: QuerySet[Mail]) -> set[int]:
    """The ids reported by those of the mails that were sent or are being sent."""
    contexts = mails.filter(state__in=[MailState.SENT, MailState.SENDING]).values_list("context", flat=True)
    return {pk for context in contexts for pk in context.get(_NOTIFIED_KEY, [])}


def record_notified(mail: Mail, ids: list[int]) -> None:
    """Save what `mail` reports as it is sent, so that no later mail reports it again."""
    mail.context[_NOTIFIED_KEY] = ids
    Mail.objects.filter(pk=mail.pk).update(context=mail.context)
