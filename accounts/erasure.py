"""Erasure: the person goes, with everything that is theirs alone. What others have answered leaves a tombstone (comments does that)."""

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
    """Delete `user` for good, in one transaction with every app's step, and say so by a last mail to a proven address.

    What may be much goes before that. Whatever is cut short on the way, the account is still there, and can be erased again. Whoever comes
    second does nothing.
    """
    for beginning in before_erasure_steps:
        beginning(user)
    proven = user.emailaddress_set.filter(verified=True).first()
    with public_write(user):
        if not User.objects.filter(pk=user.pk).exists():  # it was locked, if there was one
            return
        for step in erasure_steps:
            step(user)
        end_sessions(user)
        _anonymize_admin_log({user.email, *user.emailaddress_set.values_list("email", flat=True)})
        user.delete()
        if proven is not None:
            about = {"event": "erased", "at": timezone.now().isoformat()}
            enqueue("accounts/security_notice", to=proven.email, language=user.language, context=about)


def _anonymize_admin_log(addresses: set[str]) -> None:
    """The admin's log calls each row by what it was called when it was changed: an account by its address."""
    for address in filter(None, addresses):
        LogEntry.objects.filter(object_repr__icontains=address).update(object_repr="…")


@transaction.atomic
def delete_as_not_me(address: EmailAddress) -> bool:
    """Take `address` from the account that never proved it, and block it: its owner says that somebody else gave it.

    The account goes as well when it has proven no other. False, and nothing is done, when the address was proven in between.
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
