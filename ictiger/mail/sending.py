"""Sends the mails that are due, and decides when a failed one is tried again. The worker runs it.

Any number of workers may do so at the same time; a lease gives each mail to one of them.
"""

import logging
import random
import re
import smtplib
from collections.abc import Callable
from datetime import timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from .backend import HARD_LIMIT, MailDeferred, MailRefused, reply_text
from .composers import compose_message
from .hooks import refusal_listeners
from .message import LedgerMessage
from .models import Mail, MailState

logger = logging.getLogger("ictiger.mail")

# Longer than any delivery can take: when it ends, the worker that took the mail is dead.
LEASE = timedelta(seconds=2 * HARD_LIMIT)

ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"]+@[^\s<>()\[\]:;,\"]+")

# Pauses before the next attempt, in seconds: doubled each time up to the longest, and spread by a quarter
# either way, so that mails which failed together are not tried again together.
FIRST_PAUSE = 30
LONGEST_PAUSE = 3_600  # when the server deferred this one mail
LONGEST_OUTAGE_PAUSE = 120  # when the server took no mail at all


def send_due_mail(limit: int, *, keep_going: Callable[[], bool] = lambda: True) -> int:
    """Try to send up to `limit` due mails, the longest due first, while `keep_going()`. Returns how many it
    tried.

    A mail that fails waits for its next attempt and delays no other. An unreachable mail server ends the
    sweep: the next mail would only wait for the same time-out.
    """
    if not Mail.objects.due().exists():
        return 0
    Mail.objects.due().filter(expires_at__lte=timezone.now()).update(
        state=MailState.EXPIRED, lease_until=None
    )
    connection = get_connection(keep_open=True)
    tried = 0
    try:
        while tried < limit and keep_going() and (mail := lease_next_mail()):
            tried += 1
            if not _attempt(mail, connection):
                break
    finally:
        connection.close()
    return tried


def lease_next_mail() -> Mail | None:
    """Lease one due mail.

    Rows that another worker has locked are skipped (SQLite has one writer at a time).
    """
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
    """Compose and deliver one leased mail, and record the result.

    False when the mail server is unreachable.
    """
    try:
        message = compose_message(mail)
    # Whatever an app's composer or template raises, the other mails must not wait until it is fixed.
    except Exception as error:
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
        logger.warning("mail %s (%s): refused: %s", mail.pk, mail.purpose, _without_addresses(str(refusal)))
        mail.record_failure(MailState.REFUSED, str(refusal))
        _call_refusal_listeners(mail)
    except MailDeferred as reply:
        _defer(mail, str(reply), LONGEST_PAUSE)
    except OSError as error:
        trouble = _without_addresses(_error_text(error))
        logger.warning("mail %s (%s): not handed over: %s", mail.pk, mail.purpose, trouble)
        _defer(mail, _error_text(error), LONGEST_OUTAGE_PAUSE, is_stuck=True)
        return False
    # Whatever the e-mail package raises for this message, the other mails are sent.
    except Exception as error:
        logger.exception("mail %s (%s): the message could not be written", mail.pk, mail.purpose)
        _defer(
            mail, f"the message could not be written: {type(error).__name__}", LONGEST_PAUSE, is_stuck=True
        )
    else:
        mail.record_sent(message.server_reply)
    return True


def _call_refusal_listeners(mail: Mail) -> None:
    for listener in refusal_listeners:
        try:
            listener(mail)
        # The mail is settled. Whatever an app's listener raises, the other mails are sent.
        except Exception:
            logger.exception("mail %s (%s): a listener failed", mail.pk, mail.purpose)


def _defer(mail: Mail, reply: str, longest: int, *, is_stuck: bool = False) -> None:
    next_try_at = timezone.now() + backoff(mail.attempts, longest)
    state = MailState.QUEUED if next_try_at < mail.expires_at else MailState.EXPIRED
    mail.record_failure(state, reply, next_try_at=next_try_at, is_stuck=is_stuck)


def backoff(attempts: int, longest: int) -> timedelta:
    """The pause after `attempts` attempts, at most `longest` seconds before it is spread."""
    seconds = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), longest)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 (no secret)


def _without_addresses(reply: str) -> str:
    """A mail server's reply for the log, which holds no person's address. The ledger has the whole reply."""
    return ADDRESS.sub("…", reply)


def _error_text(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return reply_text(error.smtp_code, error.smtp_error)
    return str(error) or type(error).__name__
