"""What the tests of the mails share."""

import re

from django.core.mail import EmailMultiAlternatives

from ictiger.mail.composers import compose_message
from ictiger.mail.models import Mail, MailState


def compose_queued(purpose: str) -> list[EmailMultiAlternatives]:
    """The messages that the queued mails would be if they were sent now, without those no longer needed."""
    queued = Mail.objects.filter(purpose=purpose, state=MailState.QUEUED).order_by("pk")
    return [message for message in map(compose_message, queued) if message]


def unsubscribe_path(message: EmailMultiAlternatives) -> str:
    """The path of the unsubscribe link in the message's headers."""
    return re.fullmatch(r"<http://testserver(/\S+)>", message.extra_headers["List-Unsubscribe"])[1]
