"""Clean-up of accounts without a verified address: a reminder, then deletion with the content that waits for
the address.

It never touches staff, accounts that an app exempts (those of bylines), or accounts that have verified an
address.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.verification import addresses
from ictiger.mail.queue import enqueue

from .erasure import erase_account
from .hooks import cleanup_exemptions
from .models import UNVERIFIED_LIFETIME, User, UserQuerySet

REMINDER_AGE = timedelta(days=10)
MIN_NOTICE = timedelta(days=3)  # from the reminder to the deletion, also after a time without a worker
REMINDER_PURPOSE = "accounts/reminder"
BATCH_SIZE = 200  # accounts per run of the job; the next run takes the next ones


def _unverified_users(joined_before: datetime) -> UserQuerySet:
    """Accounts that may be reminded and deleted, oldest first."""
    users = User.objects.filter(date_joined__lte=joined_before, is_staff=False, is_superuser=False)
    for exempt_ids in cleanup_exemptions:
        users = users.exclude(pk__in=exempt_ids())
    return users.exclude(emailaddress__verified=True).order_by("date_joined", "pk")


def send_reminders() -> int:
    """Queue a reminder for accounts older than REMINDER_AGE that had none. Returns how many."""
    users = _unverified_users(timezone.now() - REMINDER_AGE).exclude(mails__purpose=REMINDER_PURPOSE)
    return sum(_send_reminder(user) for user in users[:BATCH_SIZE])


@transaction.atomic
def _send_reminder(user: User) -> bool:
    """Queue one reminder. Two runs at the same time wait for each other at the user's lock, so that only one
    of them sends it.
    """
    user = addresses.lock_user(user.pk)
    address = user and user.emailaddress_set.filter(verified=False, primary=True).first()
    if address is None or user.mails.filter(purpose=REMINDER_PURPOSE).exists():
        return False
    enqueue(
        REMINDER_PURPOSE, to=address.email, language=user.language, context={"address": address.pk}, user=user
    )
    return True


def purge_unverified() -> int:
    """Delete accounts older than UNVERIFIED_LIFETIME whose reminder is at least MIN_NOTICE old. Returns how
    many.
    """
    now = timezone.now()
    users = _unverified_users(now - UNVERIFIED_LIFETIME).filter(
        mails__purpose=REMINDER_PURPOSE, mails__created_at__lte=now - MIN_NOTICE
    )
    return sum(_purge_user(user) for user in users[:BATCH_SIZE])


@transaction.atomic
def _purge_user(user: User) -> bool:
    """Delete one account, unless the lock shows that an address was verified in between."""
    user = addresses.lock_user(user.pk)
    if user is None or user.is_verified:
        return False
    erase_account(user)
    return True
