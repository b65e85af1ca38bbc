"""Mailboxes of verified addresses that refuse our mail: no notices go there until the reader says that the
mailbox works again, or confirms an address.

A server that says that there is no such mailbox is believed at once, any other refusal after three in a row.
"""

import re

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import User
from ictiger.mail.hooks import on_refusal
from ictiger.mail.models import Mail, MailState

REFUSALS_IN_A_ROW = 3
# "Bad destination mailbox address", "bad destination system address" and "mailbox has moved" (RFC 3463, 3.2).
NO_SUCH_MAILBOX = re.compile(r"5\d\d[ -]5\.1\.[1236]\b")


@on_refusal
def record_refusal(mail: Mail) -> None:
    """Note at the account that its verified address refuses mail."""
    if NO_SUCH_MAILBOX.match(mail.reply) or _is_always_refused(mail.recipient):
        User.objects.filter(
            pk=mail.user_id,
            mail_refused_at=None,
            emailaddress__email=mail.recipient,
            emailaddress__verified=True,
        ).update(mail_refused_at=timezone.now())


def _is_always_refused(recipient: str) -> bool:
    answered = Mail.objects.filter(recipient=recipient, state__in=[MailState.SENT, MailState.REFUSED])
    states = list(answered.order_by("-pk").values_list("state", flat=True)[:REFUSALS_IN_A_ROW])
    return states == [MailState.REFUSED] * REFUSALS_IN_A_ROW


def clear_refusal(user: User) -> None:
    """Send notices again."""
    User.objects.filter(pk=user.pk).update(mail_refused_at=None)
    user.mail_refused_at = None


@receiver(email_confirmed)
def on_address_confirmed(*, email_address: EmailAddress, **kwargs) -> None:
    clear_refusal(email_address.user)
