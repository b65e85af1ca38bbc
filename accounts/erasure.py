"""Erasure: the person goes, with everything that is theirs alone. What others have answered leaves a tombstone (comments does that)."""

from django.utils import timezone

from ictiger.delivery.change import change
from ictiger.mail.queue import enqueue

from .models import User
from .registries import erasure_steps
from .sessions import end_sessions


def erase(user: User) -> None:
    """Delete `user` for good, in one transaction with every app's step, and say so by a last mail to a proven address."""
    proven = user.emailaddress_set.filter(verified=True).first()
    with change(user):
        for step in erasure_steps:
            step(user)
        end_sessions(user)
        user.delete()
        if proven is not None:
            about = {"event": "erased", "at": timezone.now().isoformat()}
            enqueue("accounts/security_notice", to=proven.email, language=user.language, context=about)
