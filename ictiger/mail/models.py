"""The Mail row: the queue of what is to be sent, and the ledger of what became of it.

A row says what to write to whom, never what was written: links and codes are made when the mail is sent, so that nobody who sees the
ledger can use them.
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
    SENDING = "sending", _("being sent")  # a worker has it until `lease_until`
    SENT = "sent", _("handed to the mail server")
    REFUSED = "refused", _("refused")  # for good: by the mail server, or because the address cannot be one
    EXPIRED = "expired", _("expired")  # `expires_at` came first
    CANCELLED = "cancelled", _("cancelled")  # no longer needed


UNSETTLED = (MailState.QUEUED, MailState.SENDING)


def new_message_id() -> str:
    return f"<{uuid.uuid4()}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"


class MailQuerySet(models.QuerySet):
    def due(self) -> "MailQuerySet":
        """Mails that a worker may take now: their time has come, or the worker that had them did not live to settle them."""
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
    context = models.JSONField(
        default=dict, blank=True
    )  # ids that the composer needs; no text, no link, no code
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="mails",
        verbose_name=_("user"),
    )
    client = models.CharField(
        max_length=32, blank=True, editable=False
    )  # who asked, where that is limited: a keyed hash, never an address
    message_id = models.CharField(
        max_length=320, unique=True, default=new_message_id
    )  # the same at every attempt
    state = models.CharField(_("state"), max_length=10, choices=MailState, default=MailState.QUEUED)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    reply = models.TextField(
        _("last reply"), blank=True
    )  # the mail server's last words, or why there were none
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    next_try_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    expires_at = models.DateTimeField(
        _("not after"), db_column="not_after"
    )  # its sense ends here: a code is not sent after it has died
    # Since when it could not even be offered: no mail server to talk to, or no text. What a server puts off is no such trouble.
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
        """Take the mail for one attempt; nobody else touches it before `until`. The caller holds the row's lock."""
        self.state, self.lease_until, self.attempts = MailState.SENDING, until, self.attempts + 1
        self.next_try_at = (
            until  # behind all others: a mail that ends its worker each time must not be the first each time
        )
        self.save(update_fields=["state", "lease_until", "next_try_at", "attempts"])

    def record_sent(self, reply: str) -> None:
        """The mail server has it. Recorded whatever happened to the row meanwhile, because it is true."""
        self._record(Mail.objects.filter(pk=self.pk), MailState.SENT, reply, sent_at=timezone.now())

    def record_failure(
        self, state: MailState, reply: str, *, next_try_at: datetime | None = None, is_stuck: bool = False
    ) -> None:
        """End this attempt in `state`; not when the lease has passed to somebody else or a person has decided otherwise."""
        undeliverable_since = (self.undeliverable_since or timezone.now()) if is_stuck else None
        ours = Mail.objects.filter(pk=self.pk, state=MailState.SENDING, lease_until=self.lease_until)
        self._record(
            ours,
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
