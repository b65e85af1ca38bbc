"""An article, as readers see it, with its topics and its authors in order."""

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import models
from django.db.models import Expression, F, Q
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import Language
from ictiger.core.prepared import Param, PreparedQueryFamily
from ictiger.core.url_cache import cached_reverse
from ictiger.pagecache.guard import PublicQuerySet
from ictiger.pagecache.models import PublicModel

from .image import Image
from .slugs import SlugField, language_known, slug_shape
from .topic import Topic


class ArticleText(models.Model):
    """What an author writes: the live article has it, and so has its working copy."""

    title = models.CharField(_("title"), max_length=200)
    slug = SlugField(_("slug"))
    summary = models.TextField(
        _("summary"),
        max_length=600,
        blank=True,
        help_text=_("One or two sentences: the standfirst, and what search engines show."),
    )
    body = models.TextField(_("body"), max_length=200_000, blank=True, help_text=_("Markdown."))
    cover = models.ForeignKey(
        Image, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("cover")
    )
    seo_title = models.CharField(_("title for search engines"), max_length=120, blank=True)
    seo_description = models.CharField(_("description for search engines"), max_length=300, blank=True)
    canonical_url = models.URLField(_("first published at"), blank=True)

    TEXT_FIELDS = (
        "title",
        "slug",
        "summary",
        "body",
        "cover",
        "seo_title",
        "seo_description",
        "canonical_url",
    )

    class Meta:
        abstract = True


class Status(models.TextChoices):
    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    PUBLISHED = "published", _("published")


LONG_TEXTS = (
    "body",
    "body_html",
    "contents",
    "search_text",
)  # what only the article's own page and the desk's form need


class ArticleQuerySet(PublicQuerySet):
    def public(
        self,
        language: str = "",
        now: datetime | Expression | None = None,
        until: datetime | Expression | None = None,
    ) -> "ArticleQuerySet":
        """Articles that readers may see now. The only place where that is decided.

        `until`: only those published by then. Said here, so that the database has one bound to begin at instead of two to choose from.
        """
        now = now or timezone.now()
        by = now if until is None else Least(now, until, output_field=models.DateTimeField())
        public = self.filter(
            Q(expires_at=None) | Q(expires_at__gt=now), status=Status.PUBLISHED, publish_at__lte=by
        )
        return public.filter(language=language) if language else public

    def expired(self, language: str) -> "ArticleQuerySet":
        """Articles that were public and have been taken down."""
        return self.filter(language=language, status=Status.PUBLISHED, expires_at__lte=timezone.now())

    def next_visibility_changes(self, after: datetime) -> tuple[datetime | None, datetime | None]:
        """When the next of these appears, and when the next is taken down: no stored page that shows them may outlive that."""
        pending = ids_with_future_dates(after)
        return self.moments(after, pending).get() if pending else (None, None)

    def moments(self, after: datetime | Expression, pending: Collection[int] | Expression) -> models.QuerySet:
        """The same as a query, of one row; `pending` are the keys of whatever is pending in the whole site."""
        appears, expires = Q(publish_at__gt=after), Q(expires_at__gt=after)
        found = (
            self.filter(status=Status.PUBLISHED, pk__in=pending).order_by().values(together=models.Value(1))
        )
        found = found.annotate(
            appears=models.Min("publish_at", filter=appears), expires=models.Min("expires_at", filter=expires)
        )
        return found.values_list("appears", "expires")

    def for_lists(self) -> "ArticleQuerySet":
        """With what a list shows of each, in a number of queries that does not grow; without the long texts. Newest first."""
        return self.for_reading().defer(*LONG_TEXTS).order_by("-publish_at", "-pk")

    def for_reading(self) -> "ArticleQuerySet":
        """With what the page of an article shows of it."""
        return self.select_related("cover").prefetch_related(*_siblings()).defer("body", "search_text")


def _siblings() -> tuple[models.Prefetch, models.Prefetch]:
    """What is always shown with an article: its topics, the first being the one that was added first, and who wrote it."""
    return (
        models.Prefetch("topics", Topic.objects.order_by("articletopic")),
        models.Prefetch("bylines", Byline.objects.select_related("author")),
    )


class Article(PublicModel, ArticleText):
    """What readers see: one row per language, tied by `translation_key`. Times are instants; `words` counts the body (`markdown.py`)."""

    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.EN)
    translation_key = models.UUIDField(_("translation key"), default=uuid.uuid4, editable=False)
    body_html = models.TextField(
        editable=False, blank=True
    )  # rendered and sanitised on save: the one field templates print as it is
    contents = models.JSONField(
        default=list, editable=False
    )  # the table of contents: [{"id", "title", "level"}, …]
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    publish_at = models.DateTimeField(_("published at"), null=True, blank=True, db_index=True)
    expires_at = models.DateTimeField(_("taken down at"), null=True, blank=True)
    updated_at = models.DateTimeField(
        _("text changed"), null=True, blank=True, editable=False
    )  # set by publishing over a published text
    featured = models.BooleanField(_("lead of the home page"), default=False)
    comments_open = models.BooleanField(_("discussion open"), default=True)
    comments_close_at = models.DateTimeField(_("discussion closes at"), null=True, blank=True)
    words = models.PositiveIntegerField(editable=False, default=0)
    reading_minutes = models.PositiveSmallIntegerField(editable=False, default=0)
    search_text = models.TextField(editable=False, blank=True)
    topics = models.ManyToManyField(
        Topic, through="ArticleTopic", related_name="articles", verbose_name=_("topics")
    )
    authors = models.ManyToManyField(
        "Author", through="Byline", related_name="articles", verbose_name=_("authors")
    )
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["-publish_at", "-pk"]
        permissions = [("publish_article", _("Can publish, schedule and unpublish articles"))]
        indexes = [
            models.Index(
                fields=["language", "status", "-publish_at", "-id", "expires_at"],
                name="article_public_newest",
            ),
            models.Index(
                fields=["language", "status", "-publish_at", "-id", "expires_at"],
                condition=Q(featured=True),
                name="article_featured_newest",
            ),
            models.Index(
                fields=["expires_at"], condition=Q(expires_at__isnull=False), name="article_expiring"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["language", "slug"], name="article_slug_per_language"),
            models.UniqueConstraint(fields=["translation_key", "language"], name="article_one_per_language"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="article_status_known"),
            models.CheckConstraint(
                condition=~Q(status=Status.PUBLISHED) | Q(publish_at__isnull=False),
                name="article_published_has_time",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(publish_at=None) | Q(expires_at__gt=F("publish_at")),
                name="article_expires_after",
                violation_error_message=_("The article would be taken down before it is published."),
            ),
            slug_shape("article_slug_shape"),
            language_known("article_language_known"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def first_topic(self) -> Topic | None:
        """The topic above the title."""
        return next(iter(self.topics.all()), None)

    @property
    def is_public(self) -> bool:
        """What `Article.objects.public()` asks the database, for this row as it is in memory."""
        now = timezone.now()
        return (
            self.status == Status.PUBLISHED
            and self.publish_at <= now
            and (self.expires_at is None or now < self.expires_at)
        )

    @property
    def is_scheduled(self) -> bool:
        return self.status == Status.PUBLISHED and self.publish_at > timezone.now()

    @property
    def has_expired(self) -> bool:
        return (
            self.status == Status.PUBLISHED
            and self.expires_at is not None
            and self.expires_at <= timezone.now()
        )

    def next_visibility_changes(self, after: datetime) -> Iterator[datetime | None]:
        """When its discussion next closes by the clock alone, or it or its translation comes or goes."""
        yield from Article.objects.filter(translation_key=self.translation_key).next_visibility_changes(after)
        yield self.closing_after(after)

    def closing_after(self, after: datetime) -> datetime | None:
        """When its discussion closes by the clock, where that is still to come."""
        closes = self.comments_close_at
        return closes if closes is not None and closes > after else None

    def get_absolute_url(self) -> str:
        # An article lives under its own language's prefix, whatever page links to it.
        return cached_reverse("articles:article", self.slug, language=self.language)


_PENDING = PreparedQueryFamily(
    lambda: (
        Article.objects.filter(publish_at__gt=Param("after"))
        .order_by()
        .values_list("pk", flat=True)
        .union(Article.objects.filter(expires_at__gt=Param("after")).order_by().values_list("pk", flat=True))
    )
)


def ids_with_future_dates(moment: datetime) -> list[int]:
    """Articles with a date that is still to come: few in the whole site, and found by it. What is asked of their future is asked of them
    alone: all others are not gone through, however many they are."""
    return _PENDING.rows(after=moment)


class ArticleTopic(PublicModel):
    """The order is the order of adding; the first topic stands above the title."""

    article = models.ForeignKey(Article, models.CASCADE)
    topic = models.ForeignKey(Topic, models.PROTECT, verbose_name=_("topic"))

    class Meta:
        verbose_name = _("topic of an article")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["article", "topic"], name="article_topic_once")]

    def __str__(self) -> str:
        return str(self.topic)


class Byline(PublicModel):
    """Puts an article's authors in order."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="bylines")
    author = models.ForeignKey("Author", models.PROTECT, related_name="bylines", verbose_name=_("author"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("byline")
        verbose_name_plural = _("bylines")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["article", "author"], name="byline_author_once")]

    def __str__(self) -> str:
        return str(self.author)
