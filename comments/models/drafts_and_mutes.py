"""Drafts that wait for a log-in, and muted threads."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from articles.models import Article

from .comment import Comment


class ThreadMute(models.Model):
    """The user wants no mails about replies in this thread."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mutes")
    thread = models.ForeignKey(Comment, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "comments_mute"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "thread"], name="mute_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.thread_id}"


class CommentDraft(models.Model):
    """A comment that an anonymous visitor wrote. The cookie `waiting` of their browser has its `token`.

    A user who logs in or out in that browser becomes its `account`: then it waits for them in every browser,
    and for no other account.
    """

    token = models.UUIDField(db_index=True)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="comment_drafts", editable=False
    )
    submission = models.UUIDField(unique=True)
    article = models.ForeignKey(Article, models.CASCADE, related_name="+")
    parent = models.ForeignKey(Comment, models.SET_NULL, null=True, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "comments_waitingtext"
        verbose_name = _("waiting text")
        verbose_name_plural = _("waiting texts")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=~Q(body=""), name="waiting_has_text")]

    def __str__(self) -> str:
        return f"{self.article}: {len(self.body)}"

    @property
    def title(self) -> str:
        """The article's title."""
        return self.article.title

    @property
    def may_go_on(self) -> bool:
        """Whether the page to post it exists: the article is public."""
        return self.article.is_public

    def get_absolute_url(self) -> str:
        return compose_url(self.article, self.parent_id)


def compose_url(article: Article, parent_id: int | None) -> str:
    """The URL of the form for a comment on `article`, or for a reply to the comment `parent_id`."""
    with translation.override(article.language):
        url = reverse("comments:new", args=[article.slug])
    return f"{url}?parent={parent_id}" if parent_id else url
