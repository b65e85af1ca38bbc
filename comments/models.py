"""The discussion of an article, in both of its languages: comments, what was decided about them, and by whom.

What readers see is written inside `ictiger.delivery.change.change()`, by the verbs of `services.py`.
"""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models import Article
from ictiger.delivery.change import change
from ictiger.delivery.guard import PublicQuerySet
from ictiger.delivery.models import PublicModel
from ictiger.languages import Language

from . import phrases, policy
from .policy import Rejection, Remover, State, Switch, Verb

AUTHOR = pgettext_lazy("of a comment", "author")
FORMER_READER = _("Former reader")
NOTE = 700  # characters


class Switched(models.Model):
    """Where readers may be kept from commenting for a while, or their comments from appearing."""

    switch = models.CharField(_("comments are"), max_length=10, choices=Switch, default=Switch.OPEN)
    switched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("changed by")
    )
    switched_at = models.DateTimeField(_("changed"), null=True, editable=False)

    class Meta:
        abstract = True


class House(PublicModel, Switched):
    """What holds for every discussion of the site: one row, from the first change on."""

    ONLY = 1

    sentence_en = models.CharField(_("sentence for readers, in English"), max_length=200, blank=True)
    sentence_zh = models.CharField(_("sentence for readers, in Chinese"), max_length=200, blank=True)
    # Becomes another with every change of the list of phrases: what a process has made of the list is good while this is the same.
    phrases_stamp = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = _("emergency switch")
        verbose_name_plural = _("emergency switch")
        default_permissions = ("view", "change")
        constraints = [models.CheckConstraint(condition=Q(switch__in=Switch.values), name="house_switch_known")]

    def __str__(self) -> str:
        return self.get_switch_display()


class Discussion(PublicModel, Switched):
    """What the languages of an article share: its key is their `translation_key`.

    The row is the lock under which threads are numbered and counted. `threads` never falls; `comments` counts what is visible now.
    """

    key = models.UUIDField(primary_key=True, editable=False)
    threads = models.PositiveIntegerField(default=0, editable=False)
    comments = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("discussion")
        verbose_name_plural = _("discussions")
        constraints = [models.CheckConstraint(condition=Q(switch__in=Switch.values), name="discussion_switch_known")]

    def __str__(self) -> str:
        return str(self.key)


class CommentQuerySet(PublicQuerySet):
    def visible(self) -> "CommentQuerySet":
        """Comments that readers see."""
        return self.filter(state=State.VISIBLE)

    def below(self, article: Article) -> "CommentQuerySet":
        """All of the discussion that `article` shares with its other language."""
        return self.filter(discussion_id=article.translation_key)

    def threads(self) -> "CommentQuerySet":
        """First comments that stand in the discussion: visible ones, and the places of others that still have visible replies."""
        # Not EXISTS: for that PostgreSQL gathers every visible reply of the site first.
        below = Subquery(Comment.objects.visible().filter(parent=OuterRef("pk")).values("pk")[:1])
        return self.alias(below=below).filter(Q(state=State.VISIBLE) | Q(below__isnull=False), parent=None, thread_no__isnull=False)

    def queue(self) -> "CommentQuerySet":
        """What waits for a moderator, the longest first."""
        return self.filter(state=State.PENDING).order_by("held_at", "pk")


class Comment(PublicModel):
    """A comment, or a reply to one. `body` is plain text; `body_html` and the two dates are made from it when it is written."""

    discussion = models.ForeignKey(Discussion, models.PROTECT, related_name="+", editable=False, verbose_name=_("discussion"))
    article = models.ForeignKey(Article, models.PROTECT, related_name="comments", verbose_name=_("article"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="comments", verbose_name=AUTHOR)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replies", verbose_name=_("thread"))
    answers = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("in reply to"))
    body = models.TextField(_("text"))
    body_html = models.TextField(editable=False)
    language = models.CharField(_("language"), max_length=10, choices=Language)
    words = models.PositiveSmallIntegerField(_("words"), editable=False)
    fingerprint = models.CharField(max_length=32, default="", editable=False)  # the same for texts that say the same; see phrases.py
    listed = models.CharField(_("listed words found"), max_length=300, blank=True, editable=False)  # for moderators alone
    state = models.CharField(_("state"), max_length=10, choices=State)
    reason = models.CharField(_("reason"), max_length=20, blank=True)  # a Hold, the code of a Reason or a Remover, according to the state
    note = models.CharField(_("what the author is told"), max_length=NOTE, blank=True)  # in the author's language, as it was given
    approved = models.BooleanField(_("approved"), default=False)  # by a moderator, the text as it stands
    thread_no = models.PositiveIntegerField(_("thread"), null=True, editable=False)
    submission = models.UUIDField(_("submission"), default=uuid.uuid4, unique=True, editable=False)
    revision = models.PositiveSmallIntegerField(default=0, editable=False)  # how often its author has changed the text
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    created_en = models.CharField(max_length=60, editable=False)
    created_zh = models.CharField(max_length=60, editable=False)
    shown_at = models.DateTimeField(_("first visible"), null=True, editable=False)
    edited_at = models.DateTimeField(_("edited at"), null=True, editable=False)
    held_at = models.DateTimeField(null=True, editable=False)  # since when it waits for a moderator, while it does
    mended_at = models.DateTimeField(_("sent in again"), null=True, editable=False)  # after a rejection, once
    appealed_at = models.DateTimeField(_("appealed"), null=True, editable=False)  # against a rejection, once
    appealed_against = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False, verbose_name=_("appealed against")
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
            models.Index(fields=["author", "discussion"], name="comment_of_author"),
            models.Index(fields=["author", "-created_at"], name="comment_speed"),
            models.Index(fields=["author", "fingerprint"], name="comment_same_text"),
            models.Index(fields=["discussion", "-shown_at"], condition=Q(state=State.VISIBLE), name="comment_newest"),
            models.Index(fields=["discussion", "language", "thread_no"], condition=Q(parent=None), name="comment_threads_in_language"),
            models.Index(fields=["discussion", "parent"], condition=Q(state=State.VISIBLE, parent__isnull=False), name="comment_answered"),
            models.Index(fields=["-shown_at", "-id"], condition=Q(state=State.VISIBLE), name="comment_newest_of_site"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["discussion", "thread_no"], name="comment_thread_no_once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="comment_state_known"),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="comment_language_known"),
            models.CheckConstraint(condition=Q(parent=None) | Q(thread_no=None), name="comment_reply_has_no_number"),
            models.CheckConstraint(condition=~Q(state=State.VISIBLE) | Q(shown_at__isnull=False), name="comment_visible_was_shown"),
            models.CheckConstraint(
                condition=Q(shown_at=None) | Q(parent__isnull=False) | Q(thread_no__isnull=False), name="comment_shown_thread_has_number"
            ),
            models.CheckConstraint(condition=Q(parent=None) | ~Q(parent=F("id")), name="comment_not_its_own_parent"),
            models.CheckConstraint(condition=Q(answers=None) | Q(parent__isnull=False), name="comment_answer_is_reply"),
            models.CheckConstraint(
                condition=~Q(body="") | Q(state=State.REMOVED, reason=Remover.ERASURE), name="comment_has_text_unless_erased"
            ),
            models.CheckConstraint(
                condition=Q(appeal="", appealed_at=None) | (~Q(appeal="") & Q(appealed_at__isnull=False)), name="comment_appeal_says_why"
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
        return policy.told_to_author(self.state, self.reason) or self.note

    @property
    def may_be_edited(self) -> bool:
        return policy.may_edit(self.state, self.reason, self.created_at, timezone.now())

    @property
    def may_be_removed(self) -> bool:
        return self.state != State.REMOVED

    @property
    def may_be_mended(self) -> bool:
        """Changed and sent in again after a rejection: once."""
        return self.state == State.REJECTED and self.mended_at is None

    @property
    def may_be_appealed(self) -> bool:
        """Sent to another moderator as it is: once."""
        return self.state == State.REJECTED and self.appealed_at is None

    @property
    def seen(self) -> str:
        """What a moderator who looks at this row sees, in short: a decision about anything else is refused."""
        return f"{self.state}.{self.revision}"


class ReasonQuerySet(models.QuerySet):
    def active(self) -> "ReasonQuerySet":
        """What may be given now."""
        return self.filter(active=True)


class Reason(models.Model):
    """Why a comment is turned down: words for its author, which moderators choose from and may change.

    A comment and its decision keep the words that were given. The code stays, so that what was decided for one reason can be counted.
    """

    code = models.SlugField(
        _("short name"), max_length=20, unique=True, help_text=_("Latin letters, digits, - and _. It is never shown to readers, and stays.")
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
                condition=~Q(code__in=["", *Remover.values]),
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
    """Who moved a comment from which state to which, and the text that was judged. Never changed."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="decisions", verbose_name=_("comment"))
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("moderator"))
    verb = models.CharField(_("decision"), max_length=10, choices=Verb)
    from_state = models.CharField(_("state before"), max_length=10, choices=State)
    to_state = models.CharField(_("state after"), max_length=10, choices=State)
    from_reason = models.CharField(max_length=20, blank=True)
    reason = models.ForeignKey(
        Reason, models.PROTECT, to_field="code", db_column="reason", null=True, related_name="+", verbose_name=_("reason")
    )
    note = models.CharField(_("what the author is told"), max_length=NOTE, blank=True)
    body = models.TextField(_("text that was judged"))
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)
    waited = models.DurationField(null=True, editable=False)  # from being held to this decision; None where nothing was held

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-decided_at", "-pk"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["decided_at"], name="decision_lately")]
        constraints = [
            models.CheckConstraint(condition=Q(verb__in=Verb.values), name="decision_verb_known"),
            models.CheckConstraint(condition=Q(from_state__in=State.values, to_state__in=State.values), name="decision_states_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_from_state_display()} → {self.get_to_state_display()}"


class Report(models.Model):
    """A reader finds that a comment should not stand. `counts` when the reporter was trusted at the time."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="reports", verbose_name=_("comment"))
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("reporter"))
    reason = models.CharField(_("reason"), max_length=20, choices=Rejection)
    note = models.CharField(_("note"), max_length=300, blank=True)
    counts = models.BooleanField(_("counts"), default=False)
    created_at = models.DateTimeField(_("reported"), default=timezone.now)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["comment", "reporter"], name="report_once_per_reader"),
            models.CheckConstraint(condition=Q(reason__in=Rejection.values), name="report_reason_known"),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()


class BanQuerySet(models.QuerySet):
    def active(self) -> "BanQuerySet":
        return self.filter(Q(until=None) | Q(until__gt=timezone.now()))


class Ban(models.Model):
    """Somebody who may not comment, until a time or for good."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="bans", verbose_name=_("user"))
    until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: for good."))
    why = models.CharField(_("why"), max_length=300, help_text=_("For moderators only."))
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    objects = BanQuerySet.as_manager()

    class Meta:
        verbose_name = _("ban")
        verbose_name_plural = _("bans")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return str(self.user)


class ClaimQuerySet(models.QuerySet):
    def active(self) -> "ClaimQuerySet":
        return self.filter(until__gt=timezone.now())


class Claim(models.Model):
    """A moderator is looking at a comment: until then, others who want to decide about it have to say that they take it over."""

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


class PhraseQuerySet(models.QuerySet):
    def delete(self):
        with transaction.atomic():
            _tell_processes()
            return super().delete()

    delete.alters_data = True
    delete.queryset_only = True


class Phrase(models.Model):
    """Words that hold a comment, or that a comment may not have."""

    text = models.CharField(
        _("word or phrase"),
        max_length=phrases.LONGEST,
        help_text=_(
            "Found in any letter case and width, with or without accents, and when look-alike letters, digits or invisible characters "
            "are mixed in. Words of scripts with spaces are found as whole words: enter each form. Chinese is found anywhere in the text; "
            "enter simplified and traditional forms. When letters are pulled apart (“w.o.r.d”) a comment is only held, never refused."
        ),
    )
    folded = models.CharField(max_length=phrases.LONGEST, unique=True, editable=False)
    effect = models.CharField(_("effect"), max_length=10, choices=phrases.Effect, default=phrases.Effect.HOLD)
    note = models.CharField(_("note"), max_length=300, blank=True, help_text=_("For moderators only."))

    objects = PhraseQuerySet.as_manager()

    class Meta:
        verbose_name = _("held or refused word")
        verbose_name_plural = _("held and refused words")
        ordering = ["folded"]
        constraints = [
            models.CheckConstraint(condition=Q(effect__in=phrases.Effect.values), name="phrase_effect_known"),
            models.CheckConstraint(condition=~Q(folded=""), name="phrase_can_be_found"),
        ]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        """Raise ValidationError for a phrase that could not be found, would be found everywhere, or is in the list."""
        self.folded = folded = phrases.fold_phrase(self.text)
        if not phrases.can_be_found(folded):
            raise ValidationError({"text": _("Enter a word of two letters or more, or at least one Chinese character.")})
        if len(folded) > phrases.LONGEST:
            raise ValidationError({"text": _("This is too long.")})
        known = Phrase.objects.filter(folded=folded).exclude(pk=self.pk).first()
        if known is not None:
            raise ValidationError({"text": _("“%(known)s” in the list already finds this.") % {"known": known}})

    def save(self, *args, **kwargs):
        self.folded = phrases.fold_phrase(self.text)
        with transaction.atomic():
            _tell_processes()
            super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        with transaction.atomic():
            _tell_processes()
            return super().delete(*args, **kwargs)


def _tell_processes() -> None:
    """Every process makes its list of phrases anew. Shows on no page: nothing is touched."""
    with change():
        House.objects.update_or_create(pk=House.ONLY, defaults={"phrases_stamp": uuid.uuid4()})


class Mute(models.Model):
    """Somebody wants no mails about answers in this thread."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mutes")
    thread = models.ForeignKey(Comment, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "thread"], name="mute_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.thread_id}"


class WaitingText(models.Model):
    """What somebody who was not logged in has written. It waits until it is posted, under the cookie `waiting`, whose value is `token`.

    Whoever logs in or out where it waits becomes its `account`: then it waits for them in every browser, and for no other account.
    """

    token = models.UUIDField(db_index=True)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="waiting_texts", editable=False)
    submission = models.UUIDField(unique=True)
    article = models.ForeignKey(Article, models.CASCADE, related_name="+")
    parent = models.ForeignKey(Comment, models.SET_NULL, null=True, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("waiting text")
        verbose_name_plural = _("waiting texts")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=~Q(body=""), name="waiting_has_text")]

    def __str__(self) -> str:
        return f"{self.article}: {len(self.body)}"

    def get_absolute_url(self) -> str:
        return new_url(self.article, self.parent_id)


def new_url(article: Article, parent_id: int | None) -> str:
    """The page with the form for a comment on `article`, or for a reply."""
    with translation.override(article.language):
        url = reverse("comments:new", args=[article.slug])
    return f"{url}?parent={parent_id}" if parent_id else url
