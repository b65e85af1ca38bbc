"""What the link at the foot of a mail may end. It is signed and works for good, whoever is signed in."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import User
from comments.models import Comment, ThreadMute

UNSUBSCRIBE_SALT = "comments.unsubscribe"
DECISIONS = "decisions"  # in the place of a thread's number


@dataclass(frozen=True)
class Subscription:
    """The mails to `reader` about answers in one thread, and all mails about answers; without a thread the mails about decisions."""

    reader: User
    thread: Comment | None = None

    @property
    def url(self) -> str:
        """Absolute, in the active language."""
        key = signing.dumps(
            [self.reader.pk, self.thread.pk if self.thread else DECISIONS], salt=UNSUBSCRIBE_SALT
        )
        return settings.SITE_URL + reverse("comments:unsubscribe", args=[key])

    def mute_thread(self) -> None:
        ThreadMute.objects.get_or_create(user=self.reader, thread=self.thread)

    def end(self) -> None:
        User.objects.filter(pk=self.reader.pk).update(
            **{"mail_replies" if self.thread else "mail_decisions": False}
        )


def subscription_from_key(key: str) -> Subscription | None:
    """What the link with `key` may end; None when it was altered, or when the account or the thread is gone."""
    try:
        reader_id, about = signing.loads(key, salt=UNSUBSCRIBE_SALT)
    except signing.BadSignature:
        return None
    reader = User.objects.filter(pk=reader_id).first()
    if about == DECISIONS:
        return Subscription(reader) if reader else None
    thread = Comment.objects.filter(pk=about).first()
    return Subscription(reader, thread) if reader and thread else None
