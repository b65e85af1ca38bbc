"""An article as readers see it, with its topics and bylines."""

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import models
from django.db.models import Expression, F, Q
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import Language
from ictiger.core.prepared import Param, PreparedQuery
from ictiger.core.site_url import comparable_path, is_on_site
from ictiger.core.url_cache import cached_reverse
from ictiger.pagecache.guard import PublicQuerySet
from ictiger.pagecache.models import PublicModel

from .image import Image
from .slugs import SlugField, language_known, slug_shape
from .topic import Topic


class ArticleText(models.Model):
    """The fields that an author writes, in the live article and in its draft."""

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


# Needed only by the article's page and by the admin's form.
LONG_TEXTS = ("body", "body_html", "contents", "search_text")


class ArticleQuerySet(PublicQuerySet):
    def public(
        self,
        language: str = "",
        now: datetime | Expression | None = None,
        until: datetime | Expression | None = None,
    ) -> "ArticleQuerySet":
        """Articles that readers may see now. This is the only place that decides it.

        `until` selects those published by then. It is a parameter, not a further filter, so that the database
        has one upper bound at which to start in the index instead of two to choose from.
        """
        now = now or timezone.now()
        latest = now if until is None else Least(now, until, output_field=models.DateTimeField())
        public = self.filter(
            Q(expires_at=None) | Q(expires_at__gt=now), status=Status.PUBLISHED, publish_at__lte=latest
        )
        return public.filter(language=language) if language else public

    def expired(self, language: str) -> "ArticleQuerySet":
        """Articles that were public and have been taken down."""
        return self.filter(language=language, status=Status.PUBLISHED, expires_at__lte=timezone.now())

    def next_visibility_changes(self, after: datetime) -> tuple[datetime | None, datetime | None]:
        """When the next of these articles appears, and when the next is taken down.

        Cached lists expire then.
        """
        pending = ids_with_future_dates(after)
        return self.moments(after, pending).get() if pending else (None, None)

    def moments(self, after: datetime | Expression, pending: Collection[int] | Expression) -> models.QuerySet:
        """The same as a query of one row. `pending` holds `ids_with_future_dates(after)` or its parameter."""
        appears, expires = Q(publish_at__gt=after), Q(expires_at__gt=after)
        # One constant group, so that the aggregates are a row of a query set.
        group = (
            self.filter(status=Status.PUBLISHED, pk__in=pending).order_by().values(together=models.Value(1))
        )
        return group.annotate(
            appears=models.Min("publish_at", filter=appears), expires=models.Min("expires_at", filter=expires)
        ).values_list("appears", "expires")

    def for_lists(self) -> "ArticleQuerySet":
        """Load what a list shows, newest first, in a fixed number of queries, without the long texts."""
        return self.for_reading().defer(*LONG_TEXTS).order_by("-publish_at", "-pk")

    def for_reading(self) -> "ArticleQuerySet":
        """Load what previews and feeds show of an article. Its page is read by `articles.queries`."""
        return (
            self.select_related("cover").prefetch_related(*_topics_and_bylines()).defer("body", "search_text")
        )


def _topics_and_bylines() -> tuple[models.Prefetch, models.Prefetch]:
    """The topics in the order in which they were added, and the bylines with their authors."""
    return (
        models.Prefetch("topics", Topic.objects.order_by("articletopic")),
        models.Prefetch("bylines", Byline.objects.select_related("author")),
    )


class Article(PublicModel, ArticleText):
    """What readers see. One row for each language; translations share `translation_key`.

    `words` and `reading_minutes` are computed from the body by `articles.markdown`.
    """

    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.EN)
    translation_key = models.UUIDField(_("translation key"), default=uuid.uuid4, editable=False)
    # Rendered and sanitised by `publish`: the only field that templates print with |safe.
    body_html = models.TextField(editable=False, blank=True)
    # The RENDERER_VERSION that made `body_html` and the other fields computed from the body.
    renderer_version = models.PositiveSmallIntegerField(editable=False, default=0, db_default=0)
    # The table of contents: [{"id", "title", "level"}, …].
    contents = models.JSONField(default=list, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    publish_at = models.DateTimeField(_("published at"), null=True, blank=True, db_index=True)
    expires_at = models.DateTimeField(_("taken down at"), null=True, blank=True)
    # Set when a changed text is published again.
    updated_at = models.DateTimeField(_("text changed"), null=True, blank=True, editable=False)
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
            # For the sitemap, which leaves them out; without it each sitemap would read every article.
            models.Index(
                fields=["status", "publish_at", "expires_at", "canonical_url"],
                condition=~Q(canonical_url=""),
                name="article_with_canonical_url",
            ),
            models.Index(
                fields=["renderer_version"],
                condition=Q(status=Status.PUBLISHED),
                name="article_renderer_version",
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
    def canonical_elsewhere(self) -> str:
        """The URL of the article's canonical page if that is not its own page here, else "".

        An editor may have entered the article's own address, in any spelling: that is none.
        """
        url = self.canonical_url
        if not url or not is_on_site(url):
            return url
        path = comparable_path(url)
        own = comparable_path(self.get_absolute_url())
        parent, _slash, slug = path.rpartition("/")
        if path == own or (parent == own.rpartition("/")[0] and self.old_slugs.filter(slug=slug).exists()):
            return ""
        return url

    @property
    def first_topic(self) -> Topic | None:
        """The topic above the title."""
        return next(iter(self.topics.all()), None)

    @property
    def is_public(self) -> bool:
        """The condition of `Article.objects.public()`, for this instance."""
        now = timezone.now()
        return (
            self.status == Status.PUBLISHED
            and self.publish_at <= now
            and (self.expires_at is None or now < self.expires_at)
        )

    @property
    def has_been_published(self) -> bool:
        """Whether readers have seen it, at least for a time: its address is known."""
        return self.publish_at is not None and self.publish_at <= timezone.now()

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
        """When it or its translation next appears or is taken down, and when its discussion closes."""
        yield from Article.objects.filter(translation_key=self.translation_key).next_visibility_changes(after)
        yield self.closing_after(after)

    def closing_after(self, after: datetime) -> datetime | None:
        """When its discussion closes, if that is later than `after`."""
        closes = self.comments_close_at
        return closes if closes is not None and closes > after else None

    def get_absolute_url(self) -> str:
        # Under the article's own language, whatever the language of the page that links to it.
        return cached_reverse("articles:article", self.slug, language=self.language)


_IDS_WITH_FUTURE_DATES = PreparedQuery(
    lambda: (
        Article.objects.filter(publish_at__gt=Param("after"))
        .order_by()
        .values_list("pk", flat=True)
        .union(Article.objects.filter(expires_at__gt=Param("after")).order_by().values_list("pk", flat=True))
    )
)


def ids_with_future_dates(moment: datetime) -> list[int]:
    """The keys of all articles that appear or expire after the moment, by an index on each date.

    They are few. Queries for the next change are restricted to them, so that they do not scan all articles.
    """
    return _IDS_WITH_FUTURE_DATES.rows(after=moment)


class ArticleTopic(PublicModel):
    """A topic of an article. The first one added stands above the title."""

    article = models.ForeignKey(Article, models.CASCADE)
    topic = models.ForeignKey(Topic, models.PROTECT, verbose_name=_("topic"))

    class Meta:
        verbose_name = _("topic of an article")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["article", "topic"], name="article_topic_once")]

    def __str__(self) -> str:
        return str(self.topic)


class Byline(PublicModel):
    """An author of an article, at a position."""

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
