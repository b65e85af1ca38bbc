"""A comment, or a reply to one, and what its author may do with it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models import LONG_TEXTS, Article
from comments import policy
from comments.policy import RemovedBy, State
from ictiger.core.languages import Language
from ictiger.pagecache.guard import PublicQuerySet
from ictiger.pagecache.models import PublicModel

from .discussion import Discussion

AUTHOR = pgettext_lazy("of a comment", "author")
FORMER_READER = _("Former reader")
NOTE = 700  # characters


class CommentQuerySet(PublicQuerySet):
    def visible(self) -> "CommentQuerySet":
        """Comments that readers see."""
        return self.filter(state=State.VISIBLE)

    def in_discussion_of(self, article: Article) -> "CommentQuerySet":
        """All of the discussion that `article` shares with its other language."""
        return self.filter(discussion_id=article.translation_key)

    def threads(self) -> "CommentQuerySet":
        """First comments that stand in the discussion: visible ones, and the places of others that still have visible replies."""
        # Not EXISTS: for that PostgreSQL gathers every visible reply of the site first. And not `parent=None`, which a number implies:
        # SQLite takes "no parent" for as rare as any one parent, and looks through the first comments of the whole site.
        below = Subquery(Comment.objects.visible().filter(parent=OuterRef("pk")).values("pk")[:1])
        return self.alias(below=below).filter(
            Q(state=State.VISIBLE) | Q(below__isnull=False), thread_no__isnull=False
        )

    def with_article(self) -> "CommentQuerySet":
        """With what a list says of the article: with a thousand comments there would be its text a thousand times."""
        return self.select_related("article").defer(*(f"article__{name}" for name in LONG_TEXTS))

    def newest_first(self) -> "CommentQuerySet":
        """In the order that there is an index for, of one author's."""
        return self.order_by("-created_at", "-pk")

    def newer_than(self, comment: "Comment") -> "CommentQuerySet":
        """Those before it in that order."""
        return self.filter(
            Q(created_at__gt=comment.created_at) | Q(created_at=comment.created_at, pk__gt=comment.pk)
        )

    def queue(self) -> "CommentQuerySet":
        """What waits for a moderator, the longest first."""
        return self.filter(state=State.PENDING).order_by("held_at", "pk")


class Comment(PublicModel):
    """A comment, or a reply to one. `body` is plain text; `body_html` and the two dates are made from it when it is written."""

    discussion = models.ForeignKey(
        Discussion, models.PROTECT, related_name="+", editable=False, verbose_name=_("discussion")
    )
    article = models.ForeignKey(Article, models.PROTECT, related_name="comments", verbose_name=_("article"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="comments", verbose_name=AUTHOR
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replies", verbose_name=_("thread")
    )
    replied_to = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("in reply to"),
        db_column="answers_id",
    )
    body = models.TextField(_("text"))
    body_html = models.TextField(editable=False)
    language = models.CharField(_("language"), max_length=10, choices=Language)
    words = models.PositiveSmallIntegerField(_("words"), editable=False)
    fingerprint = models.CharField(
        max_length=32, default="", editable=False
    )  # the same for texts that say the same; see phrases.py
    matched_phrases = models.CharField(
        _("listed words found"), max_length=300, blank=True, editable=False, db_column="listed"
    )  # for moderators alone
    state = models.CharField(_("state"), max_length=10, choices=State)
    reason = models.CharField(
        _("reason"), max_length=20, blank=True
    )  # a Hold, the code of a Reason or a Remover, according to the state
    note = models.CharField(
        _("what the author is told"), max_length=NOTE, blank=True
    )  # in the author's language, as it was given
    approved = models.BooleanField(_("approved"), default=False)  # by a moderator, the text as it stands
    thread_no = models.PositiveIntegerField(_("thread"), null=True, editable=False)
    submission = models.UUIDField(_("submission"), default=uuid.uuid4, unique=True, editable=False)
    revision = models.PositiveSmallIntegerField(
        default=0, editable=False
    )  # how often its author has changed the text
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    created_en = models.CharField(max_length=60, editable=False)
    created_zh = models.CharField(max_length=60, editable=False)
    first_visible_at = models.DateTimeField(
        _("first visible"), null=True, editable=False, db_column="shown_at"
    )
    edited_at = models.DateTimeField(_("edited at"), null=True, editable=False)
    held_at = models.DateTimeField(
        null=True, editable=False
    )  # since when it waits for a moderator, while it does
    revised_at = models.DateTimeField(
        _("sent in again"), null=True, editable=False, db_column="mended_at"
    )  # after a rejection, once
    appealed_at = models.DateTimeField(_("appealed"), null=True, editable=False)  # against a rejection, once
    appealed_against = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("appealed against"),
    )
    appeal = models.TextField(_("note to the moderators"), blank=True, editable=False)  # why it should stand

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("moderate_comment", _("Can decide about comments"))]
        indexes = [
            models.Index(fields=["parent", "state"], name="comment_replies"),
            models.Index(fields=["state", "created_at"], name="comment_queue"),
            models.Index(fields=["held_at", "id"], condition=Q(state=State.PENDING), name="comment_waiting"),
            models.Index(fields=["author", "discussion"], name="comment_of_author"),
            models.Index(fields=["author", "-created_at"], name="comment_speed"),
            models.Index(fields=["author", "fingerprint"], name="comment_same_text"),
            models.Index(
                fields=["discussion", "-first_visible_at"],
                condition=Q(state=State.VISIBLE),
                name="comment_newest",
            ),
            models.Index(
                fields=["discussion", "language", "thread_no"],
                condition=Q(thread_no__isnull=False),
                name="comment_threads_in_language",
            ),
            models.Index(
                fields=["discussion", "parent"],
                condition=Q(state=State.VISIBLE, parent__isnull=False),
                name="comment_answered",
            ),
            models.Index(
                fields=["-first_visible_at", "-id"],
                condition=Q(state=State.VISIBLE),
                name="comment_newest_of_site",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["discussion", "thread_no"], name="comment_thread_no_once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="comment_state_known"),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="comment_language_known"),
            models.CheckConstraint(
                condition=Q(parent=None) | Q(thread_no=None), name="comment_reply_has_no_number"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.VISIBLE) | Q(first_visible_at__isnull=False),
                name="comment_visible_was_shown",
            ),
            models.CheckConstraint(
                condition=Q(first_visible_at=None) | Q(parent__isnull=False) | Q(thread_no__isnull=False),
                name="comment_shown_thread_has_number",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="comment_not_its_own_parent"
            ),
            models.CheckConstraint(
                condition=Q(replied_to=None) | Q(parent__isnull=False), name="comment_answer_is_reply"
            ),
            models.CheckConstraint(
                condition=~Q(body="") | Q(state=State.REMOVED, reason=RemovedBy.ERASURE),
                name="comment_has_text_unless_erased",
            ),
            models.CheckConstraint(
                condition=Q(appeal="", appealed_at=None) | (~Q(appeal="") & Q(appealed_at__isnull=False)),
                name="comment_appeal_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.body if len(self.body) <= 60 else f"{self.body[:59]}…"

    def get_absolute_url(self) -> str:
        return reverse("comments:permalink", args=[self.pk])

    @property
    def author_name(self) -> str:
        return self.author.public_name if self.author else str(FORMER_READER)

    @property
    def reason_text(self) -> str:
        """What its author is told about the state it is in."""
        return policy.author_message(self.state, self.reason) or self.note

    @property
    def may_be_edited(self) -> bool:
        return policy.may_edit(self.state, self.reason, self.created_at, timezone.now())

    @property
    def may_be_removed(self) -> bool:
        return self.state != State.REMOVED

    @property
    def may_be_revised(self) -> bool:
        """Changed and sent in again after a rejection: once."""
        return self.state == State.REJECTED and self.revised_at is None

    @property
    def may_be_appealed(self) -> bool:
        """Sent to another moderator as it is: once."""
        return self.state == State.REJECTED and self.appealed_at is None

    @property
    def version_token(self) -> str:
        """What a moderator who looks at this row sees, in short: a decision about anything else is refused."""
        return f"{self.state}.{self.revision}"
