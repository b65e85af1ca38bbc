"""Sending what is due. Any number of workers may sweep at once; each mail is with one of them at a time."""

import logging
import random
import smtplib
from collections.abc import Callable
from datetime import timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from .backend import HARD_LIMIT, MailDeferred, MailRefused, reply_text
from .composers import compose_message
from .message import LedgerMessage
from .models import Mail, MailState

logger = logging.getLogger("ictiger.mail")

# Longer than any delivery can take: when it is over, the worker that took the mail is dead.
LEASE = timedelta(seconds=2 * HARD_LIMIT)

# Pauses before the next attempt, in seconds: doubled each time up to the longest, then spread by a quarter either way so that mails
# which failed together do not come back together.
FIRST_PAUSE = 30
LONGEST_PAUSE = 3_600  # when the server has put off this one mail
LONGEST_OUTAGE_PAUSE = 120  # when it took none at all: all of them wait for its return


def send_due_mail(limit: int, *, keep_going: Callable[[], bool] = lambda: True) -> int:
    """Try to send up to `limit` due mails, the longest due first, while `keep_going()`. Returns how many it tried.

    A mail that fails waits for its next attempt and stops no other; a mail server that cannot be talked to ends the sweep, because the
    next mail would only wait for the same time-out.
    """
    if not Mail.objects.due().exists():
        return 0
    Mail.objects.due().filter(expires_at__lte=timezone.now()).update(
        state=MailState.EXPIRED, lease_until=None
    )
    connection = get_connection(keep_open=True)
    tried = 0
    try:
        while tried < limit and keep_going() and (mail := _lease_next()):
            tried += 1
            if not _attempt(mail, connection):
                break
    finally:
        connection.close()
    return tried


def _lease_next() -> Mail | None:
    """Lease one due mail. Workers pass over rows that another is taking just now (SQLite has one writer at a time anyway)."""
    with transaction.atomic():
        mail = (
            Mail.objects.due()
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("next_try_at", "pk")
            .first()
        )
        if mail is not None:
            mail.lease(timezone.now() + LEASE)
    return mail


def _attempt(mail: Mail, connection: BaseEmailBackend) -> bool:
    """Compose and deliver one leased mail, and record what came of it. False when there is no talking to the mail server."""
    try:
        message = compose_message(mail)
    except Exception as error:  # an app's composer or template, whatever it does: the other mails must not wait for its repair
        logger.exception("mail %s (%s): composing failed", mail.pk, mail.purpose)
        _defer(mail, f"the text could not be made: {type(error).__name__}", LONGEST_PAUSE, is_stuck=True)
        return True
    if message is None:
        mail.record_failure(MailState.CANCELLED, "no longer needed")
        return True
    return _deliver(mail, message, connection)


def _deliver(mail: Mail, message: LedgerMessage, connection: BaseEmailBackend) -> bool:
    try:
        connection.send_messages([message])
    except MailRefused as refusal:
        logger.warning("mail %s (%s): refused: %s", mail.pk, mail.purpose, refusal)
        mail.record_failure(MailState.REFUSED, str(refusal))
    except MailDeferred as reply:
        _defer(mail, str(reply), LONGEST_PAUSE)
    except OSError as trouble:
        logger.warning("mail %s (%s): not handed over: %s", mail.pk, mail.purpose, _error_text(trouble))
        _defer(mail, _error_text(trouble), LONGEST_OUTAGE_PAUSE, is_stuck=True)
        return False
    except (
        Exception
    ) as error:  # whatever the e-mail package cannot write or read: this mail waits, the others go on
        logger.exception("mail %s (%s): the message could not be written", mail.pk, mail.purpose)
        _defer(
            mail, f"the message could not be written: {type(error).__name__}", LONGEST_PAUSE, is_stuck=True
        )
    else:
        mail.record_sent(message.server_reply)
    return True


def _defer(mail: Mail, reply: str, longest: int, *, is_stuck: bool = False) -> None:
    next_try_at = timezone.now() + backoff(mail.attempts, longest)
    state = MailState.QUEUED if next_try_at < mail.expires_at else MailState.EXPIRED
    mail.record_failure(state, reply, next_try_at=next_try_at, is_stuck=is_stuck)


def backoff(attempts: int, longest: int) -> timedelta:
    """How long to wait after `attempts` attempts, at most about `longest` seconds."""
    seconds = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), longest)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 (spread, not secrecy)


def _error_text(trouble: OSError) -> str:
    if isinstance(trouble, smtplib.SMTPResponseException):
        return reply_text(trouble.smtp_code, trouble.smtp_error)
    return str(trouble) or type(trouble).__name__
