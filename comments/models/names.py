"""Names that moderators look at: before they are shown, or when a known author has changed one."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class NameState(models.TextChoices):
    HELD = "held", _("not shown yet")
    SHOWN = "shown", _("shown, not looked at yet")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("not accepted")


class NameReason(models.TextChoices):
    """Why a moderator looks at a name."""

    WORDS = "words", _("listed words")
    LOOKALIKE = "lookalike", _("looks like the name of another commenter")
    CHANGED = "changed", _("changed after a comment was approved")


UNDECIDED = (NameState.HELD, NameState.SHOWN)


class NameReview(models.Model):
    """A name that its user has chosen, and what moderators make of it. `previous` is shown while it waits."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="name_reviews", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=40)
    previous = models.CharField(_("name before"), max_length=40, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=NameState, db_index=True)
    reason = models.CharField(_("reason"), max_length=10, choices=NameReason)
    matched_phrases = models.CharField(_("listed words in it"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("chosen"), auto_now_add=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    class Meta:
        verbose_name = _("name to look at")
        verbose_name_plural = _("names to look at")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(state__in=UNDECIDED), name="name_review_one_undecided"
            ),
            models.CheckConstraint(condition=Q(state__in=NameState.values), name="name_review_state_known"),
        ]

    def __str__(self) -> str:
        """Without the name: the admin log outlives the account."""
        return f"{self.created_at:%Y-%m-%d}" if self.created_at else ""
