"""Accounts whose address is never confirmed: a reminder, then they are deleted with what waits under them.

Never staff, never an account that an app keeps (a byline's), never one that has proven an address.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.verification import addresses
from ictiger.mail.queue import enqueue

from .erasure import erase_account
from .hooks import cleanup_exemptions
from .models import UNVERIFIED_LIFETIME, User, UserQuerySet

REMINDED_AFTER = timedelta(days=10)
MIN_NOTICE = timedelta(days=3)  # between the reminder and the end, also when the worker was away
REMINDER_PURPOSE = "accounts/reminder"
PURGE_BATCH = 200  # accounts a round; the next round takes the next


def _unverified_users(joined_before: datetime) -> UserQuerySet:
    """Accounts that may be reminded and purged. The order is the one they joined in."""
    users = User.objects.filter(date_joined__lte=joined_before, is_staff=False, is_superuser=False)
    for kept in cleanup_exemptions:
        users = users.exclude(pk__in=kept())
    return users.exclude(emailaddress__verified=True).order_by("date_joined", "pk")


def send_reminders() -> int:
    """Queue a reminder for every account whose end is near and that had none. Returns how many."""
    users = _unverified_users(timezone.now() - REMINDED_AFTER).exclude(mails__purpose=REMINDER_PURPOSE)
    return sum(_send_reminder(user) for user in users[:PURGE_BATCH])


@transaction.atomic
def _send_reminder(user: User) -> bool:
    """Two rounds at once remind once: they wait for each other at the account's lock."""
    user = addresses.lock_user(user.pk)
    address = user and user.emailaddress_set.filter(verified=False, primary=True).first()
    if address is None or user.mails.filter(purpose=REMINDER_PURPOSE).exists():
        return False
    enqueue(
        REMINDER_PURPOSE, to=address.email, language=user.language, context={"address": address.pk}, user=user
    )
    return True


def purge_unverified() -> int:
    """Delete the accounts whose time is over and whose reminder went out long enough ago. Returns how many."""
    now = timezone.now()
    users = _unverified_users(now - UNVERIFIED_LIFETIME).filter(
        mails__purpose=REMINDER_PURPOSE, mails__created_at__lte=now - MIN_NOTICE
    )
    return sum(_purge_batch(user) for user in users[:PURGE_BATCH])


@transaction.atomic
def _purge_batch(user: User) -> bool:
    """A confirmation that was faster is seen under the lock."""
    user = addresses.lock_user(user.pk)
    if user is None or user.is_verified:
        return False
    erase_account(user)
    return True
