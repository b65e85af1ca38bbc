"""Mailboxes whose owners reported “this was not me”: no mail is sent there for a while."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models import BlockedMailbox
from ictiger.core.email_addresses import same_address

BLOCK_PERIOD = timedelta(days=30)
BLOCKED_MESSAGE = _("The owner of this mailbox has asked us not to send mail there. Use another address.")


def mailbox_fingerprint(address: str) -> str:
    """What is stored of a blocked address: a keyed hash, which does not reveal the address."""
    return salted_hmac("accounts.blocked", same_address(address), algorithm="sha256").hexdigest()


def block_mailbox(address: str) -> None:
    """Refuse sign-up, change of address and unasked mail with `address` for BLOCK_PERIOD from now."""
    BlockedMailbox.objects.update_or_create(
        fingerprint=mailbox_fingerprint(address), defaults={"until": timezone.now() + BLOCK_PERIOD}
    )


def is_blocked(address: str) -> bool:
    return BlockedMailbox.objects.filter(
        fingerprint=mailbox_fingerprint(address), until__gt=timezone.now()
    ).exists()


def refuse_if_blocked(address: str) -> None:
    """Raise ValidationError for a blocked address. The message reveals no account, only the wish of the
    mailbox's owner.
    """
    if is_blocked(address):
        raise ValidationError(BLOCKED_MESSAGE, code="blocked")


def prune_blocks() -> int:
    """Delete expired blocks. Returns how many."""
    count, _per_model = BlockedMailbox.objects.filter(until__lte=timezone.now()).delete()
    return count
