"""Discussions, the settings of all of them, and the emergency switches of both."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from comments.policy import Switch
from ictiger.pagecache.models import PublicModel


class SwitchableMixin(models.Model):
    """An emergency switch, and who turned it when."""

    switch = models.CharField(_("comments are"), max_length=10, choices=Switch, default=Switch.OPEN)
    switched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("changed by"),
    )
    switched_at = models.DateTimeField(_("changed"), null=True, editable=False)

    class Meta:
        abstract = True


class SiteCommentSettings(PublicModel, SwitchableMixin):
    """The settings of all discussions of the site: one row, created at the first change."""

    ONLY = 1

    notice_en = models.CharField(
        _("sentence for readers, in English"), max_length=200, blank=True, db_column="sentence_en"
    )
    notice_zh = models.CharField(
        _("sentence for readers, in Chinese"), max_length=200, blank=True, db_column="sentence_zh"
    )
    # A new value after each change of the blocklist: processes then rebuild their matchers.
    blocklist_version = models.UUIDField(default=uuid.uuid4, editable=False, db_column="phrases_stamp")

    class Meta:
        db_table = "comments_house"
        verbose_name = _("emergency switch")
        verbose_name_plural = _("emergency switch")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(condition=Q(switch__in=Switch.values), name="house_switch_known")
        ]

    def __str__(self) -> str:
        return self.get_switch_display()


class Discussion(PublicModel, SwitchableMixin):
    """The discussion that the languages of an article share. Its key is their `translation_key`.

    The row is the lock under which threads are numbered and comments counted. `threads` never decreases;
    `comments` is the number of visible comments.
    """

    key = models.UUIDField(primary_key=True, editable=False)
    threads = models.PositiveIntegerField(default=0, editable=False)
    comments = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("discussion")
        verbose_name_plural = _("discussions")
        constraints = [
            models.CheckConstraint(condition=Q(switch__in=Switch.values), name="discussion_switch_known")
        ]

    def __str__(self) -> str:
        return str(self.key)
