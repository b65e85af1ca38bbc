"""The working copy of an article."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .article import Article, ArticleText


class Draft(ArticleText):
    """The working copy of an article's text, invisible to readers until it is published."""

    article = models.OneToOneField(Article, models.CASCADE, related_name="draft", verbose_name=_("article"))
    updated_at = models.DateTimeField(_("saved"), auto_now=True)
    history = HistoricalRecords(excluded_fields=["updated_at"])

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")

    def __str__(self) -> str:
        return self.title
