"""Bans that outlive an erased account: deleting an account and signing up again does not end them.

A keyed hash of the address with an end is all that is kept (GDPR, article 17 (3): what is needed to keep the
ban).
"""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import User
from comments.models import Ban, ErasedBan

PERMANENT_BAN_KEPT = timedelta(days=3 * 365)


def address_fingerprint(address: str) -> str:
    """A keyed hash, which does not reveal the address."""
    return salted_hmac("comments.erased_ban", address.lower(), algorithm="sha256").hexdigest()


def keep_ban(user: User) -> None:
    """A step of erasure: keep the user's active ban, the longest of several, by their verified addresses."""
    ends = list(Ban.objects.active().filter(user=user).values_list("until", flat=True))
    if not ends:
        return
    latest = timezone.now() + PERMANENT_BAN_KEPT
    until = latest if None in ends else min(max(ends), latest)
    for address in EmailAddress.objects.filter(user=user, verified=True):
        fingerprint = address_fingerprint(address.email)
        ErasedBan.objects.update_or_create(fingerprint=fingerprint, defaults={"until": until})


def apply_kept_ban(address: EmailAddress) -> None:
    """Ban the account that has verified an address with an erased ban."""
    erased = ErasedBan.objects.filter(
        fingerprint=address_fingerprint(address.email), until__gt=timezone.now()
    ).first()
    if erased is not None and not Ban.objects.filter(user=address.user, until=erased.until).exists():
        why = _("Goes on from an account with the same address that was deleted.")
        Ban.objects.create(user=address.user, until=erased.until, why=why)


def prune_erased_bans() -> int:
    """Delete those that have ended. Returns how many."""
    count, _per_model = ErasedBan.objects.filter(until__lte=timezone.now()).delete()
    return count
