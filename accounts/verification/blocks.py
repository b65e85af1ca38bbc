"""Mailboxes whose owners said "this was not me": nobody can have mails sent there for a while."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models import BlockedMailbox

BLOCK_PERIOD = timedelta(days=30)
BLOCKED_MESSAGE = _("The owner of this mailbox has asked us not to send mail there. Use another address.")


def mailbox_fingerprint(address: str) -> str:
    """What is kept of a blocked address: enough to know it again, and nothing else."""
    return salted_hmac("accounts.blocked", address.lower(), algorithm="sha256").hexdigest()


def block_mailbox(address: str) -> None:
    """No sign-up, change of address or unasked mail with `address` from now on, for BLOCKED_FOR."""
    BlockedMailbox.objects.update_or_create(
        fingerprint=mailbox_fingerprint(address), defaults={"until": timezone.now() + BLOCK_PERIOD}
    )


def is_blocked(address: str) -> bool:
    return BlockedMailbox.objects.filter(
        fingerprint=mailbox_fingerprint(address), until__gt=timezone.now()
    ).exists()


def refuse_if_blocked(address: str) -> None:
    """Raises ValidationError. It tells of no account: the owner of the mailbox asked not to be written to."""
    if is_blocked(address):
        raise ValidationError(BLOCKED_MESSAGE, code="blocked")


def prune_blocks() -> int:
    """Forget blocks whose time is over. Returns how many."""
    rows, _kinds = BlockedMailbox.objects.filter(until__lte=timezone.now()).delete()
    return rows
