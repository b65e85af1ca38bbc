"""Erasure of an account with everything that belongs to it alone. Comments with replies leave a tombstone
(see comments).
"""

from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.utils import timezone

from accounts.verification import addresses as verification
from accounts.verification import blocks
from ictiger.mail.queue import enqueue
from ictiger.pagecache.public_write import public_write

from .hooks import before_erasure_steps, erasure_steps
from .models import User
from .sessions import end_sessions


def erase_account(user: User) -> None:
    """Delete `user` for good, in one transaction with every app's step, and confirm it by a last mail to a
    verified address.

    The steps before it, which may be long, have transactions of their own. When they are cut short, the
    account still exists and can be erased again. A second call at the same time does nothing.
    """
    for step in before_erasure_steps:
        step(user)
    verified = user.emailaddress_set.filter(verified=True).first()
    with public_write(user):
        if not User.objects.filter(pk=user.pk).exists():  # public_write has locked the row, if it exists
            return
        for step in erasure_steps:
            step(user)
        end_sessions(user)
        _anonymize_admin_log({user.email, *user.emailaddress_set.values_list("email", flat=True)})
        user.delete()
        if verified is not None:
            context = {"event": "erased", "at": timezone.now().isoformat()}
            enqueue("accounts/security_notice", to=verified.email, language=user.language, context=context)


def _anonymize_admin_log(addresses: set[str]) -> None:
    """Remove the addresses from the admin's log, which stores the name that each changed object had: an
    account's is its address.
    """
    for address in filter(None, addresses):
        LogEntry.objects.filter(object_repr__icontains=address).update(object_repr="…")


@transaction.atomic
def delete_as_not_me(address: EmailAddress) -> bool:
    """Delete the unverified `address` and block it: the mailbox's owner reports that somebody else gave it.

    The account is erased as well unless it has verified another address. Returns False, with nothing done,
    for staff and when the address was verified in between.
    """
    user = verification.lock_user(address.user_id)
    if (
        user is None
        or user.is_staff
        or not user.emailaddress_set.filter(pk=address.pk, verified=False).exists()
    ):
        return False
    blocks.block_mailbox(address.email)
    if user.is_verified:
        user.emailaddress_set.filter(pk=address.pk).delete()
    else:
        erase_account(user)
    return True
