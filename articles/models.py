"""What readers read: articles and what ties them together.

Everything here shows on public pages and is written inside `ictiger.delivery.change.change()`; Draft alone is an editor's own.
"""

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Expression, F, Q
from django.db.models.functions import Least
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from ictiger.compiled import CompiledForms, Given
from ictiger.delivery.guard import PublicQuerySet
from ictiger.delivery.models import PublicModel
from ictiger.languages import Language, in_language

SLUG_BYTES = 240  # a file name may have 255 bytes; a Chinese character takes three

# First path segments that belong to the house: no page may be called so.
# fmt: off
RESERVED_SLUGS = [
    "page", "articles", "topics", "authors", "archive", "search", "feed", "preview", "accounts", "comments", "me", "admin",
    "static", "media", "mailbox", "healthz", "readyz", "status", "zh-hans", "en",
]
# fmt: on


def validate_slug_bytes(value: str) -> None:
    if len(value.encode("utf-8", "replace")) > SLUG_BYTES:
        raise ValidationError(
            _("This slug is too long: at most %(bytes)s bytes, which is 80 Chinese characters."), params={"bytes": SLUG_BYTES}
        )


# Raw UTF-8, words joined by hyphens. No dots (a file's ending), no slashes, no control or format characters.
validate_slug = RegexValidator(r"^[\w-]+\Z", _("Use letters, digits, Chinese characters and hyphens."))

SlugField = partial(models.CharField, max_length=SLUG_BYTES, validators=[validate_slug, validate_slug_bytes])


def slug_shape(name: str) -> models.CheckConstraint:
    """The database's own part of the slug rule: what would break a path."""
    return models.CheckConstraint(condition=~Q(slug="") & ~Q(slug__contains="/") & ~Q(slug__contains="."), name=name)


def language_known(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(language__in=Language.values), name=name)


class Image(PublicModel):
    """A picture with what must be said about it. `width` and `height` are in pixels and keep its place while it loads."""

    file = models.FileField(_("file"), upload_to="images/%Y/%m/")
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    alt = models.CharField(_("text for those who cannot see it"), max_length=300)
    caption = models.CharField(_("caption"), max_length=300, blank=True)
    credit = models.CharField(_("credit"), max_length=120, blank=True)
    renditions = models.JSONField(default=list, editable=False)  # [{"file": name, "type": "image/webp", "width": 640}, …], made by a job
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.alt


class Topic(PublicModel):
    slug = SlugField(_("slug"), unique=True)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80)
    description_en = models.CharField(_("description in English"), max_length=300, blank=True)
    description_zh = models.CharField(_("description in Chinese"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position", "pk"]
        constraints = [slug_shape("topic_slug_shape")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self, "name")

    @property
    def description(self) -> str:
        return in_language(self, "description")

    def get_absolute_url(self) -> str:
        return reverse("articles:topic", args=[self.slug])


class AuthorQuerySet(PublicQuerySet):
    def published(self) -> "AuthorQuerySet":
        """Authors of public articles: nobody else has a page, so that drafts name nobody."""
        return self.filter(models.Exists(Article.objects.public().filter(bylines__author=models.OuterRef("pk"))))


class Author(PublicModel):
    """A name on articles. A byline is not a log-in: `user` is set only where the author also uses the desk."""

    slug = SlugField(_("slug"), unique=True)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    bio_en = models.CharField(_("note in English"), max_length=500, blank=True)
    bio_zh = models.CharField(_("note in Chinese"), max_length=500, blank=True)
    user = models.OneToOneField("accounts.User", models.SET_NULL, null=True, blank=True, related_name="author", verbose_name=_("log-in"))

    objects = AuthorQuerySet.as_manager()

    class Meta:
        verbose_name = _("author")
        verbose_name_plural = _("authors")
        ordering = ["name_en", "pk"]
        constraints = [slug_shape("author_slug_shape")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self, "name")

    @property
    def bio(self) -> str:
        return in_language(self, "bio")

    def get_absolute_url(self) -> str:
        return reverse("articles:author", args=[self.slug])


class ArticleText(models.Model):
    """What an author writes: the live article has it, and so has its working copy."""

    title = models.CharField(_("title"), max_length=200)
    slug = SlugField(_("slug"))
    summary = models.TextField(
        _("summary"), max_length=600, blank=True, help_text=_("One or two sentences: the standfirst, and what search engines show.")
    )
    body = models.TextField(_("body"), max_length=200_000, blank=True, help_text=_("Markdown."))
    cover = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("cover"))
    seo_title = models.CharField(_("title for search engines"), max_length=120, blank=True)
    seo_description = models.CharField(_("description for search engines"), max_length=300, blank=True)
    canonical_url = models.URLField(_("first published at"), blank=True)

    TEXT_FIELDS = ("title", "slug", "summary", "body", "cover", "seo_title", "seo_description", "canonical_url")

    class Meta:
        abstract = True


class Status(models.TextChoices):
    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    PUBLISHED = "published", _("published")


class ArticleQuerySet(PublicQuerySet):
    def public(
        self, language: str = "", now: datetime | Expression | None = None, until: datetime | Expression | None = None
    ) -> "ArticleQuerySet":
        """Articles that readers may see now. The only place where that is decided.

        `until`: only those published by then. Said here, so that the database has one bound to begin at instead of two to choose from.
        """
        now = now or timezone.now()
        by = now if until is None else Least(now, until, output_field=models.DateTimeField())
        public = self.filter(Q(expires_at=None) | Q(expires_at__gt=now), status=Status.PUBLISHED, publish_at__lte=by)
        return public.filter(language=language) if language else public

    def expired(self, language: str) -> "ArticleQuerySet":
        """Articles that were public and have been taken down."""
        return self.filter(language=language, status=Status.PUBLISHED, expires_at__lte=timezone.now())

    def next_moments(self, after: datetime) -> tuple[datetime | None, datetime | None]:
        """When the next of these appears, and when the next is taken down: no stored page that shows them may outlive that."""
        pending = pending_after(after)
        return self.moments(after, pending).get() if pending else (None, None)

    def moments(self, after: datetime | Expression, pending: Collection[int] | Expression) -> models.QuerySet:
        """The same as a query, of one row; `pending` are the keys of whatever is pending in the whole site."""
        appears, expires = Q(publish_at__gt=after), Q(expires_at__gt=after)
        found = self.filter(status=Status.PUBLISHED, pk__in=pending).order_by().values(together=models.Value(1))
        found = found.annotate(appears=models.Min("publish_at", filter=appears), expires=models.Min("expires_at", filter=expires))
        return found.values_list("appears", "expires")

    def for_lists(self) -> "ArticleQuerySet":
        """With what a list shows of each, in a number of queries that does not grow; without the long texts. Newest first."""
        return self.for_reading().defer("body", "body_html", "contents", "search_text").order_by("-publish_at", "-pk")

    def for_reading(self) -> "ArticleQuerySet":
        """With what the page of an article shows of it."""
        return self.select_related("cover").prefetch_related(*_beside_it()).defer("body", "search_text")


def _beside_it() -> tuple[models.Prefetch, models.Prefetch]:
    """What is always shown with an article: its topics, the first being the one that was added first, and who wrote it."""
    return (
        models.Prefetch("topics", Topic.objects.order_by("articletopic")),
        models.Prefetch("bylines", Byline.objects.select_related("author")),
    )


class Article(PublicModel, ArticleText):
    """What readers see: one row per language, tied by `translation_key`. Times are instants; `words` counts the body (`markdown.py`)."""

    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.EN)
    translation_key = models.UUIDField(_("translation key"), default=uuid.uuid4, editable=False)
    body_html = models.TextField(editable=False, blank=True)  # rendered and sanitised on save: the one field templates print as it is
    contents = models.JSONField(default=list, editable=False)  # the table of contents: [{"id", "title", "level"}, …]
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    publish_at = models.DateTimeField(_("published at"), null=True, blank=True, db_index=True)
    expires_at = models.DateTimeField(_("taken down at"), null=True, blank=True)
    updated_at = models.DateTimeField(_("text changed"), null=True, blank=True, editable=False)  # set by publishing over a published text
    featured = models.BooleanField(_("lead of the home page"), default=False)
    comments_open = models.BooleanField(_("discussion open"), default=True)
    comments_close_at = models.DateTimeField(_("discussion closes at"), null=True, blank=True)
    words = models.PositiveIntegerField(editable=False, default=0)
    reading_minutes = models.PositiveSmallIntegerField(editable=False, default=0)
    search_text = models.TextField(editable=False, blank=True)
    topics = models.ManyToManyField(Topic, through="ArticleTopic", related_name="articles", verbose_name=_("topics"))
    authors = models.ManyToManyField(Author, through="Byline", related_name="articles", verbose_name=_("authors"))
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, editable=False, related_name="+")

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["-publish_at", "-pk"]
        permissions = [("publish_article", _("Can publish, schedule and unpublish articles"))]
        indexes = [
            models.Index(fields=["language", "status", "-publish_at", "-id", "expires_at"], name="article_public_newest"),
            models.Index(
                fields=["language", "status", "-publish_at", "-id", "expires_at"],
                condition=Q(featured=True),
                name="article_featured_newest",
            ),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="article_expiring"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["language", "slug"], name="article_slug_per_language"),
            models.UniqueConstraint(fields=["translation_key", "language"], name="article_one_per_language"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="article_status_known"),
            models.CheckConstraint(condition=~Q(status=Status.PUBLISHED) | Q(publish_at__isnull=False), name="article_published_has_time"),
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
        return self.status == Status.PUBLISHED and self.publish_at <= now and (self.expires_at is None or now < self.expires_at)

    @property
    def is_scheduled(self) -> bool:
        return self.status == Status.PUBLISHED and self.publish_at > timezone.now()

    @property
    def has_expired(self) -> bool:
        return self.status == Status.PUBLISHED and self.expires_at is not None and self.expires_at <= timezone.now()

    def next_moments(self, after: datetime) -> Iterator[datetime | None]:
        """When its discussion next closes by the clock alone, or it or its translation comes or goes."""
        yield from Article.objects.filter(translation_key=self.translation_key).next_moments(after)
        yield self.closing_after(after)

    def closing_after(self, after: datetime) -> datetime | None:
        """When its discussion closes by the clock, where that is still to come."""
        closes = self.comments_close_at
        return closes if closes is not None and closes > after else None

    def get_absolute_url(self) -> str:
        with translation.override(self.language):  # an article lives under its own language's prefix, whatever page links to it
            return reverse("articles:article", args=[self.slug])


_PENDING = CompiledForms(
    lambda: (
        Article.objects.filter(publish_at__gt=Given("after"))
        .order_by()
        .values_list("pk", flat=True)
        .union(Article.objects.filter(expires_at__gt=Given("after")).order_by().values_list("pk", flat=True))
    )
)


def pending_after(moment: datetime) -> list[int]:
    """Articles with a date that is still to come: few in the whole site, and found by it. What is asked of their future is asked of them
    alone: all others are not gone through, however many they are."""
    return _PENDING.rows(after=moment)


class Draft(ArticleText):
    """The working copy of an article. Publishing copies it over; until then readers see the article as it was."""

    article = models.OneToOneField(Article, models.CASCADE, related_name="draft", verbose_name=_("article"))
    updated_at = models.DateTimeField(_("saved"), auto_now=True)
    history = HistoricalRecords(excluded_fields=["updated_at"])

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")

    def __str__(self) -> str:
        return self.title


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
    author = models.ForeignKey(Author, models.PROTECT, related_name="bylines", verbose_name=_("author"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("byline")
        verbose_name_plural = _("bylines")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["article", "author"], name="byline_author_once")]

    def __str__(self) -> str:
        return str(self.author)


class SlugRedirect(PublicModel):
    """An address that an article had before."""

    language = models.CharField(_("language"), max_length=10, choices=Language)
    slug = SlugField(_("old slug"))
    article = models.ForeignKey(Article, models.CASCADE, related_name="old_slugs", verbose_name=_("article"))

    class Meta:
        verbose_name = _("old address")
        verbose_name_plural = _("old addresses")
        constraints = [
            models.UniqueConstraint(fields=["language", "slug"], name="redirect_slug_per_language"),
            slug_shape("redirect_slug_shape"),
            language_known("redirect_language_known"),
        ]

    def __str__(self) -> str:
        return self.slug


class Page(PublicModel):
    """About, privacy, comment policy: a page beside the articles, at `/<slug>/`."""

    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.EN)
    translation_key = models.UUIDField(_("translation key"), default=uuid.uuid4, editable=False)
    slug = SlugField(_("slug"))
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("body"), max_length=100_000, help_text=_("Markdown."))
    body_html = models.TextField(editable=False, blank=True)
    position = models.PositiveSmallIntegerField(_("position in the footer"), default=0)
    history = HistoricalRecords(excluded_fields=["body_html"])

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["language", "slug"], name="page_slug_per_language"),
            models.UniqueConstraint(fields=["translation_key", "language"], name="page_one_per_language"),
            models.CheckConstraint(
                condition=~Q(slug__in=RESERVED_SLUGS),
                name="page_slug_not_reserved",
                violation_error_message=_("This address belongs to the site itself. Choose another slug."),
            ),
            slug_shape("page_slug_shape"),
            language_known("page_language_known"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        with translation.override(self.language):
            return reverse("articles:page", args=[self.slug])


class Publication(PublicModel):
    """What the publication says of itself in one language. One row each."""

    language = models.CharField(_("language"), max_length=10, choices=Language, unique=True)
    name = models.CharField(_("name"), max_length=60, default="ICTiger")
    tagline = models.CharField(_("tagline"), max_length=120, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    sign_off = models.CharField(_("sign-off below every article"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publication")
        constraints = [language_known("publication_language_known")]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_language_display()})"


class SocialLink(PublicModel):
    publication = models.ForeignKey(Publication, models.CASCADE, related_name="social_links")
    label = models.CharField(_("label"), max_length=40)
    url = models.URLField(_("address"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("social link")
        verbose_name_plural = _("social links")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.label
