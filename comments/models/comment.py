"""Comments and replies."""

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

AUTHOR_LABEL = pgettext_lazy("of a comment", "author")
FORMER_READER = _("Former reader")
MAX_NOTE_LENGTH = 700  # characters
MODERATE_CODENAME = "moderate_comment"  # of the permission to decide about comments


class CommentQuerySet(PublicQuerySet):
    def visible(self) -> "CommentQuerySet":
        """Comments that readers see."""
        return self.filter(state=State.VISIBLE)

    def in_discussion_of(self, article: Article) -> "CommentQuerySet":
        """Comments in the discussion that `article` shares with its translation."""
        return self.filter(discussion_id=article.translation_key)

    def threads(self) -> "CommentQuerySet":
        """Threads on public pages: visible first comments, and tombstones that have visible replies."""
        # Not EXISTS: PostgreSQL would gather all visible replies of the site first. And not `parent=None`,
        # which `thread_no` implies: SQLite would take it for selective and scan the first comments of the
        # whole site.
        reply = Subquery(Comment.objects.visible().filter(parent=OuterRef("pk")).values("pk")[:1])
        return self.alias(reply=reply).filter(
            Q(state=State.VISIBLE) | Q(reply__isnull=False), thread_no__isnull=False
        )

    def with_article(self) -> "CommentQuerySet":
        """With the article, but without its long texts, which would be fetched once for each comment."""
        return self.select_related("article").defer(*(f"article__{name}" for name in LONG_TEXTS))

    def newest_first(self) -> "CommentQuerySet":
        """Newest first: for one author, the order of an index."""
        return self.order_by("-created_at", "-pk")

    def newer_than(self, comment: "Comment") -> "CommentQuerySet":
        """Comments before `comment` in the order of `newest_first()`."""
        return self.filter(
            Q(created_at__gt=comment.created_at) | Q(created_at=comment.created_at, pk__gt=comment.pk)
        )

    def reported(self) -> "CommentQuerySet":
        """Visible comments with reports that no moderator has settled."""
        report = self.model._meta.get_field("reports").related_model
        return self.visible().filter(pk__in=report.objects.open().order_by().values("comment"))

    def queue(self) -> "CommentQuerySet":
        """Comments that wait for a moderator, longest wait first."""
        return self.filter(state=State.PENDING).order_by("held_at", "pk")


class Comment(PublicModel):
    """A comment, or a reply to one.

    `body` is plain text. `body_html`, `words`, `fingerprint`, `language` and the two dates in words are set
    with it by `services.transitions.set_body()`.
    """

    discussion = models.ForeignKey(
        Discussion, models.PROTECT, related_name="+", editable=False, verbose_name=_("discussion")
    )
    article = models.ForeignKey(Article, models.PROTECT, related_name="comments", verbose_name=_("article"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="comments",
        verbose_name=AUTHOR_LABEL,
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
    # Equal for texts that differ only in case, look-alike letters and the like: see text/blocklist.py.
    fingerprint = models.CharField(max_length=32, default="", editable=False)
    # Phrases of the blocklist in the text, for moderators only.
    matched_phrases = models.CharField(
        _("listed words found"), max_length=300, blank=True, editable=False, db_column="listed"
    )
    state = models.CharField(_("state"), max_length=10, choices=State)
    # According to the state: a HoldRule, the code of a Reason, or a RemovedBy.
    reason = models.CharField(_("reason"), max_length=20, blank=True)
    # The moderator's message to the author, in the author's language.
    note = models.CharField(_("what the author is told"), max_length=MAX_NOTE_LENGTH, blank=True)
    approved = models.BooleanField(_("approved"), default=False)  # the present text, by a moderator
    thread_no = models.PositiveIntegerField(_("thread"), null=True, editable=False)
    submission = models.UUIDField(_("submission"), default=uuid.uuid4, unique=True, editable=False)
    # Of the text that came with the submission: see submissions.text_digest. "" in rows of release 1.0.0.
    submitted_digest = models.CharField(max_length=32, default="", db_default="", editable=False)
    revision = models.PositiveSmallIntegerField(default=0, editable=False)  # number of changes of the text
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    created_en = models.CharField(max_length=60, editable=False)
    created_zh = models.CharField(max_length=60, editable=False)
    first_visible_at = models.DateTimeField(
        _("first visible"), null=True, editable=False, db_column="shown_at"
    )
    edited_at = models.DateTimeField(_("edited at"), null=True, editable=False)
    held_at = models.DateTimeField(null=True, editable=False)  # None unless it is pending
    # After a rejection a comment can be resubmitted once and appealed once.
    revised_at = models.DateTimeField(_("sent in again"), null=True, editable=False, db_column="mended_at")
    appealed_at = models.DateTimeField(_("appealed"), null=True, editable=False)
    appealed_against = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("appealed against"),
    )
    appeal = models.TextField(_("note to the moderators"), blank=True, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        permissions = [(MODERATE_CODENAME, _("Can decide about comments"))]
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
    def may_be_edited(self) -> bool:
        return policy.may_edit(self.state, self.reason, self.created_at, timezone.now())

    @property
    def may_be_removed(self) -> bool:
        return self.state != State.REMOVED

    @property
    def may_be_revised(self) -> bool:
        """Whether the author may revise the rejected comment and send it in again, which is possible once."""
        return self.state == State.REJECTED and self.revised_at is None

    @property
    def may_be_appealed(self) -> bool:
        """Whether the author may appeal against the rejection, which is possible once."""
        return self.state == State.REJECTED and self.appealed_at is None

    @property
    def version_token(self) -> str:
        """Identifies the state and text that a moderator saw. A decision with an old token is refused."""
        return f"{self.state}.{self.revision}"
