"""Pages such as about and privacy."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from ictiger.core.languages import Language
from ictiger.core.url_cache import cached_reverse
from ictiger.pagecache.models import PublicModel

from .slugs import RESERVED_SLUGS, SlugField, language_known, slug_shape


class Page(PublicModel):
    """A page that is not an article, at `/<slug>/`: about, privacy, comment policy."""

    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.EN)
    translation_key = models.UUIDField(_("translation key"), default=uuid.uuid4, editable=False)
    slug = SlugField(_("slug"))
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("body"), max_length=100_000, help_text=_("Markdown."))
    body_html = models.TextField(editable=False, blank=True)
    renderer_version = models.PositiveSmallIntegerField(editable=False, default=0, db_default=0)
    position = models.PositiveSmallIntegerField(_("position in the footer"), default=0)
    history = HistoricalRecords(excluded_fields=["body_html", "renderer_version"])

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
        return cached_reverse("articles:page", self.slug, language=self.language)
