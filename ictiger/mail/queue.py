"""Queues mails.

Queueing is one INSERT; the worker's sweep, which polls the rows, talks to the mail server.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone

from .composers import get_composer
from .message import NotAnAddress, parsed_address
from .models import Mail, MailState, one_line


def enqueue(
    purpose: str,
    *,
    to: str,
    language: str,
    context: dict | None = None,
    expires_at: datetime | None = None,
    user: Any = None,
    client: str = "",
    not_before: datetime | None = None,
) -> Mail:
    """Queue one mail, in the transaction of what caused it: both are committed or neither.

    `context` holds the ids that the purpose's composer needs when the mail is sent. `expires_at` replaces the
    lifetime that the composer was registered with. With `user` the mail is deleted with the account. `client`
    is a keyed hash by which a rate limit can be counted. `not_before` delays the mail, so that more can be
    said in it. An invalid address gives a row that is refused already. Raises LookupError for a purpose
    without a composer.
    """
    mail = Mail(
        purpose=purpose, recipient=to, language=language, context=context or {}, user=user, client=client
    )
    mail.expires_at = expires_at or timezone.now() + get_composer(purpose).lifetime
    mail.next_try_at = not_before or mail.next_try_at
    try:
        parsed_address(to)
    except NotAnAddress as error:
        mail.recipient, mail.state, mail.reply = one_line(to)[:320] or "?", MailState.REFUSED, str(error)
    mail.save(force_insert=True)
    return mail


def send_again(mail: Mail) -> Mail | None:
    """Make a waiting mail due now, or queue a settled one again as a new row.

    Returns None for a mail that is being sent, or whose purpose no longer exists. A settled row stays as it
    is: the ledger is a record, and a mail with the same Message-ID would be dropped as a duplicate.
    """
    if not mail.is_settled:
        waiting = Mail.objects.filter(pk=mail.pk, state=MailState.QUEUED)
        return mail if waiting.update(next_try_at=timezone.now()) else None
    try:
        return enqueue(
            mail.purpose, to=mail.recipient, language=mail.language, context=mail.context, user=mail.user
        )
    except LookupError:
        return None


def cancel(mail: Mail) -> bool:
    """Cancel a waiting mail. False when it is settled or being sent."""
    return bool(
        Mail.objects.filter(pk=mail.pk, state=MailState.QUEUED).update(
            state=MailState.CANCELLED, reply="cancelled at the desk"
        )
    )
