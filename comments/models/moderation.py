"""Decisions and their reasons, reports, bans and review claims."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from comments.policy import ModerationAction, RemovedBy, ReportReason, State
from ictiger.core.languages import Language

from .comment import MAX_NOTE_LENGTH, Comment


class ReasonQuerySet(models.QuerySet):
    def active(self) -> "ReasonQuerySet":
        """Reasons that moderators can choose now."""
        return self.filter(active=True)


class Reason(models.Model):
    """A reason for rejecting or removing a comment: a text for its author, which moderators may change.

    Comment and decision store the text as it was given. The code never changes, so that decisions can be
    counted by it.
    """

    code = models.SlugField(
        _("short name"),
        max_length=20,
        unique=True,
        help_text=_("Latin letters, digits, - and _. It is never shown to readers, and stays."),
    )
    text_en = models.CharField(_("words in English"), max_length=300)
    text_zh = models.CharField(_("words in Chinese"), max_length=300)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    active = models.BooleanField(_("in use"), default=True)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        verbose_name = _("reason for turning down")
        verbose_name_plural = _("reasons for turning down")
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(code__in=["", *RemovedBy.values]),
                name="reason_code_is_no_remover",
                violation_error_message=_("This short name has a meaning of its own. Choose another."),
            ),
            models.CheckConstraint(condition=~Q(text_en="") & ~Q(text_zh=""), name="reason_has_words"),
        ]

    def __str__(self) -> str:
        return self.text_in(Language.active())

    def text_in(self, language: str) -> str:
        return self.text_zh if language == Language.ZH_HANS else self.text_en


class Decision(models.Model):
    """A moderator's action: the state before and after, and the text it was about.

    Never changed, only erased.
    """

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="decisions", verbose_name=_("comment"))
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("moderator")
    )
    verb = models.CharField(_("decision"), max_length=10, choices=ModerationAction)
    from_state = models.CharField(_("state before"), max_length=10, choices=State)
    to_state = models.CharField(_("state after"), max_length=10, choices=State)
    from_reason = models.CharField(max_length=20, blank=True)
    reason = models.ForeignKey(
        Reason,
        models.PROTECT,
        to_field="code",
        db_column="reason",
        null=True,
        related_name="+",
        verbose_name=_("reason"),
    )
    note = models.CharField(_("what the author is told"), max_length=MAX_NOTE_LENGTH, blank=True)
    body = models.TextField(_("text that was judged"))
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)
    # From being held to this decision; None for a comment that was not held.
    waited = models.DurationField(null=True, editable=False)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-decided_at", "-pk"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["decided_at"], name="decision_lately")]
        constraints = [
            models.CheckConstraint(condition=Q(verb__in=ModerationAction.values), name="decision_verb_known"),
            models.CheckConstraint(
                condition=Q(from_state__in=State.values, to_state__in=State.values),
                name="decision_states_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_from_state_display()} → {self.get_to_state_display()}"


class ReportQuerySet(models.QuerySet):
    def with_decision(self) -> "ReportQuerySet":
        """Annotate `settled_by`, the action of the newest decision about the comment since the report.

        None where there is none; UNDO where it was taken back.
        """
        later = Decision.objects.filter(comment=OuterRef("comment"), decided_at__gte=OuterRef("created_at"))
        return self.annotate(settled_by=Subquery(later.order_by("-decided_at", "-pk").values("verb")[:1]))

    def open(self) -> "ReportQuerySet":
        """Reports that no decision has settled, of comments that can still be decided about."""
        return self.with_decision().filter(
            Q(settled_by=None) | Q(settled_by=ModerationAction.UNDO),
            comment__state__in=[State.VISIBLE, State.PENDING],
        )


class Report(models.Model):
    """A reader's report of a comment.

    `counts` if it helps to hold the comment: the reporter was trusted, and had not reported many that day.
    """

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="reports", verbose_name=_("comment"))
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("reporter")
    )
    reason = models.CharField(_("reason"), max_length=20, choices=ReportReason)
    note = models.CharField(_("note"), max_length=300, blank=True)
    counts = models.BooleanField(_("counts"), default=False)
    created_at = models.DateTimeField(_("reported"), default=timezone.now)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=ReportReason.values), name="report_reason_known"),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()


class BanQuerySet(models.QuerySet):
    def active(self, at: datetime | None = None) -> "BanQuerySet":
        """Bans that have not ended at the time `at`, by default now."""
        return self.filter(Q(until=None) | Q(until__gt=at or timezone.now()))


class Ban(models.Model):
    """The user may not comment, until a time or for good."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="bans", verbose_name=_("user")
    )
    until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: for good."))
    why = models.CharField(_("why"), max_length=300, help_text=_("For moderators only."))
    banned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("banned by"),
    )
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    objects = BanQuerySet.as_manager()

    class Meta:
        verbose_name = _("ban")
        verbose_name_plural = _("bans")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        """Without the user: the admin log outlives the account, and moderators may not see addresses."""
        return f"{self.created_at:%Y-%m-%d} – {f'{self.until:%Y-%m-%d}' if self.until else '∞'}"


class ErasedBan(models.Model):
    """A ban whose account was erased: it applies to the next account that verifies the address.

    Only a keyed hash of the address is stored, until the ban ends.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    until = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.fingerprint[:8]}… until {self.until:%Y-%m-%d}"


class ClaimQuerySet(models.QuerySet):
    def active(self) -> "ClaimQuerySet":
        """Claims that have not expired."""
        return self.filter(until__gt=timezone.now())


class Claim(models.Model):
    """A review claim: until it expires, other moderators decide about the comment only by taking it over."""

    comment = models.OneToOneField(Comment, models.CASCADE, related_name="claim")
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="claims")
    until = models.DateTimeField(db_index=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.moderator_id}: {self.comment_id}"

    @property
    def is_active(self) -> bool:
        return self.until > timezone.now()
