"""Unsubscribe links in mails.

The signed token works for ever, for anybody who has the link, signed in or not.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from comments.models import Comment, ThreadMute

UNSUBSCRIBE_SALT = "comments.unsubscribe"
OLD_DIGEST_SALT = "comments.digest"  # of tokens in digests sent before tokens had a kind


class MailKind(models.TextChoices):
    """What a link unsubscribes from.

    The values are part of the tokens in mails already sent; labels are page titles.
    """

    REPLIES = "replies", _("Mails about replies")
    DECISIONS = "decisions", _("Mails about comments turned down")
    DIGEST = "digest", _("Mails about what waits")


SUBSCRIPTION_FIELDS = {  # of the User, for each kind
    MailKind.REPLIES: "mail_replies",
    MailKind.DECISIONS: "mail_decisions",
    MailKind.DIGEST: "mail_digest",
}


@dataclass(frozen=True)
class Subscription:
    """Mails of one kind to `user`. Mails about replies name the `thread`, which can be muted alone."""

    user: User
    kind: MailKind
    thread: Comment | None = None

    @property
    def url(self) -> str:
        """The absolute URL that ends the subscription, in the active language."""
        payload = [self.user.pk, self.kind, *([self.thread.pk] if self.thread else [])]
        token = signing.dumps(payload, salt=UNSUBSCRIBE_SALT)
        return settings.SITE_URL + reverse("comments:unsubscribe", args=[token])

    def mute_thread(self) -> None:
        """End the mails about replies in `thread`."""
        ThreadMute.objects.get_or_create(user=self.user, thread=self.thread)

    def end(self) -> None:
        """End all mails of this kind."""
        User.objects.filter(pk=self.user.pk).update(**{SUBSCRIPTION_FIELDS[self.kind]: False})


def subscription_from_token(token: str) -> Subscription | None:
    """The subscription of a link; None when the token was altered, or its account or thread is gone."""
    payload = _load_payload(token)
    if payload is None:
        return None
    user_id, kind, thread_id = payload
    user = User.objects.filter(pk=user_id).first()
    if user is None or kind != MailKind.REPLIES:
        return Subscription(user, kind) if user else None
    thread = Comment.objects.filter(pk=thread_id).first()
    return Subscription(user, kind, thread) if thread else None


def _load_payload(token: str) -> tuple[int, MailKind, int | None] | None:
    """User id, kind and thread id.

    Also reads the two old formats: [user, thread] and, under its own salt, the moderator.
    """
    try:
        user_id, kind, *thread_ids = signing.loads(token, salt=UNSUBSCRIBE_SALT)
    except signing.BadSignature:
        try:
            return signing.loads(token, salt=OLD_DIGEST_SALT), MailKind.DIGEST, None
        except signing.BadSignature:
            return None
    if isinstance(kind, int):
        return user_id, MailKind.REPLIES, kind
    return user_id, MailKind(kind), thread_ids[0] if thread_ids else None
