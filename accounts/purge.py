"""Accounts whose address is never confirmed: a reminder, then they are deleted with what waits under them.

Never staff, never an account that an app keeps (a byline's), never one that has proven an address.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ictiger.mail.queue import enqueue

from . import verification
from .erasure import erase
from .models import UNPROVEN_KEPT, User, UserQuerySet
from .registries import kept_accounts

REMINDED_AFTER = timedelta(days=10)
LEAST_NOTICE = timedelta(days=3)  # between the reminder and the end, also when the worker was away
REMINDER = "accounts/reminder"
BATCH = 200  # accounts a round; the next round takes the next


def _unproven(joined_before: datetime) -> UserQuerySet:
    """Accounts that may be reminded and purged. The order is the one they joined in."""
    users = User.objects.filter(date_joined__lte=joined_before, is_staff=False, is_superuser=False)
    for kept in kept_accounts:
        users = users.exclude(pk__in=kept())
    return users.exclude(emailaddress__verified=True).order_by("date_joined", "pk")


def remind() -> int:
    """Queue a reminder for every account whose end is near and that had none. Returns how many."""
    users = _unproven(timezone.now() - REMINDED_AFTER).exclude(mails__purpose=REMINDER)
    return sum(_remind(user) for user in users[:BATCH])


@transaction.atomic
def _remind(user: User) -> bool:
    """Two rounds at once remind once: they wait for each other at the account's lock."""
    user = verification.lock(user.pk)
    address = user and user.emailaddress_set.filter(verified=False, primary=True).first()
    if address is None or user.mails.filter(purpose=REMINDER).exists():
        return False
    enqueue(REMINDER, to=address.email, language=user.language, context={"address": address.pk}, user=user)
    return True


def purge() -> int:
    """Delete the accounts whose time is over and whose reminder went out long enough ago. Returns how many."""
    now = timezone.now()
    users = _unproven(now - UNPROVEN_KEPT).filter(mails__purpose=REMINDER, mails__created_at__lte=now - LEAST_NOTICE)
    return sum(_purge(user) for user in users[:BATCH])


@transaction.atomic
def _purge(user: User) -> bool:
    """A confirmation that was faster is seen under the lock."""
    user = verification.lock(user.pk)
    if user is None or user.is_verified:
        return False
    erase(user)
    return True
