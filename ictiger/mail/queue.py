"""Asking for a mail. Nothing here talks to a mail server: whoever asks waits for one INSERT and no longer."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from ictiger.core.prepared import insert_prepared

from .composers import get_composer
from .message import NotAnAddress, parsed_address
from .models import Mail, MailState, one_line
from .tasks import wake_sweep


def enqueue(
    purpose: str,
    *,
    to: str,
    language: str,
    context: dict | None = None,
    expires_at: datetime | None = None,
    user: AbstractBaseUser | None = None,
    client: str = "",
    not_before: datetime | None = None,
) -> Mail:
    """Queue one mail, in the transaction of what caused it: both come true or neither.

    `context` holds the ids that the purpose's composer needs when the mail is sent. `expires_at` shortens or lengthens the life that the
    composer gives. With `user` the mail goes when the account goes; `client` is kept so that a limit can be counted by it. An address
    that cannot be one gives a row that is refused already. With `not_before` it waits until then, for more to join it, and wakes nobody.
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
    insert_prepared(mail)
    if not_before is None and mail.state == MailState.QUEUED:
        # Robust: when the wake-up fails the timer finds the row within a second, and the request must not fail for it.
        transaction.on_commit(wake_sweep.enqueue, robust=True)
    return mail


def send_again(mail: Mail) -> Mail | None:
    """Bring a waiting mail forward; ask anew for one that is settled. None for one that is being sent, or whose purpose is gone.

    A settled row stays as it is: the ledger does not forget, and the same Message-ID would be dropped as a duplicate.
    """
    if not mail.is_settled:
        brought_forward = Mail.objects.filter(pk=mail.pk, state=MailState.QUEUED).update(
            next_try_at=timezone.now()
        )
        return mail if brought_forward else None
    try:
        return enqueue(
            mail.purpose, to=mail.recipient, language=mail.language, context=mail.context, user=mail.user
        )
    except LookupError:
        return None


def cancel(mail: Mail) -> bool:
    """Take a waiting mail out of the queue. False when it is settled, or with the mail server already."""
    return bool(
        Mail.objects.filter(pk=mail.pk, state=MailState.QUEUED).update(
            state=MailState.CANCELLED, reply="cancelled at the desk"
        )
    )
