"""The Mail row: an entry in the queue of mails to send, and in the ledger of mails that were sent.

A row holds purpose and recipient, never the text: links and codes are made when the mail is sent, so nobody
who reads the ledger can use them.
"""

import uuid
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import Language

REPLY_CHARACTERS = 1_000


class MailState(models.TextChoices):
    QUEUED = "queued", _("queued")  # waits for `next_try_at`
    SENDING = "sending", _("being sent")  # by a worker, until `lease_until`
    SENT = "sent", _("handed to the mail server")
    REFUSED = "refused", _("refused")  # permanently: by the mail server, or because the address is invalid
    EXPIRED = "expired", _("expired")  # `expires_at` passed before it was sent
    CANCELLED = "cancelled", _("cancelled")  # no longer needed


UNSETTLED = (MailState.QUEUED, MailState.SENDING)


def new_message_id() -> str:
    return f"<{uuid.uuid4()}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"


class MailQuerySet(models.QuerySet):
    def due(self) -> "MailQuerySet":
        """Mails that a worker may take: their next attempt is due, or the worker that leased them died."""
        now = timezone.now()
        return self.filter(
            Q(state=MailState.QUEUED, next_try_at__lte=now) | Q(state=MailState.SENDING, lease_until__lte=now)
        )

    def settled(self) -> "MailQuerySet":
        return self.exclude(state__in=UNSETTLED)


class Mail(models.Model):
    """One mail to one person."""

    purpose = models.CharField(_("purpose"), max_length=80)  # "app/name", as registered with `@composer`
    recipient = models.CharField(_("recipient"), max_length=320)
    language = models.CharField(_("language"), max_length=10, choices=Language)
    # Ids that the composer needs; no text, no link, no code.
    context = models.JSONField(default=dict, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="mails",
        verbose_name=_("user"),
    )
    # The client that requested the mail, where that is rate-limited: a keyed hash, never an IP address.
    client = models.CharField(max_length=32, blank=True, editable=False)
    # The same at every attempt.
    message_id = models.CharField(max_length=320, unique=True, default=new_message_id)
    state = models.CharField(_("state"), max_length=10, choices=MailState, default=MailState.QUEUED)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # The mail server's last reply, or why there was none.
    reply = models.TextField(_("last reply"), blank=True)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    next_try_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    # The mail is pointless from then on: a code is not sent after it has expired.
    expires_at = models.DateTimeField(_("not after"), db_column="not_after")
    # Since when it could not even be offered: the mail server was unreachable, or the text could not be made.
    # Null when the server deferred it.
    undeliverable_since = models.DateTimeField(null=True, blank=True, editable=False, db_column="stuck_since")
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("handed over"), null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(state__in=["queued", "sending"]), name="mail_unsettled"
            ),
            models.Index(fields=["recipient", "purpose", "-created_at"], name="mail_to_whom"),
            models.Index(fields=["created_at"], name="mail_age"),
            models.Index(fields=["client", "-created_at"], condition=~Q(client=""), name="mail_asked_from"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="mail_state_known"),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="mail_language_known"),
            models.CheckConstraint(
                condition=~Q(purpose="") & ~Q(recipient=""), name="mail_says_what_to_whom"
            ),
            models.CheckConstraint(
                condition=Q(state="sending", lease_until__isnull=False)
                | (~Q(state="sending") & Q(lease_until=None)),
                name="mail_leased_while_sending",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="mail_sent_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} → {self.recipient}"

    @property
    def is_settled(self) -> bool:
        return self.state not in UNSETTLED

    def lease(self, until: datetime) -> None:
        """Take the mail for one attempt until `until`. The caller holds the row's lock."""
        self.state, self.lease_until, self.attempts = MailState.SENDING, until, self.attempts + 1
        # Behind all others: a mail that kills its worker each time must not come first each time.
        self.next_try_at = until
        self.save(update_fields=["state", "lease_until", "next_try_at", "attempts"])

    def record_sent(self, reply: str) -> None:
        """The mail server took it. Recorded whatever happened to the row meanwhile, because it is a fact."""
        self._record(Mail.objects.filter(pk=self.pk), MailState.SENT, reply, sent_at=timezone.now())

    def record_failure(
        self, state: MailState, reply: str, *, next_try_at: datetime | None = None, is_stuck: bool = False
    ) -> None:
        """End this attempt in `state`, unless another worker has the lease or the mail was cancelled."""
        undeliverable_since = (self.undeliverable_since or timezone.now()) if is_stuck else None
        leased = Mail.objects.filter(pk=self.pk, state=MailState.SENDING, lease_until=self.lease_until)
        self._record(
            leased,
            state,
            reply,
            next_try_at=next_try_at or self.next_try_at,
            undeliverable_since=undeliverable_since,
        )

    def _record(self, rows: MailQuerySet, state: MailState, reply: str, **fields: datetime | None) -> None:
        changes = {"state": state, "reply": one_line(reply), "lease_until": None, **fields}
        rows.update(**changes)
        for name, value in changes.items():
            setattr(self, name, value)


def one_line(text: str) -> str:
    """`text` as one line that a database and a page can hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:REPLY_CHARACTERS]
