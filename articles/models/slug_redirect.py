"""Redirects from old slugs."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import Language
from ictiger.pagecache.models import PublicModel

from .article import Article
from .slugs import SlugField, language_known, slug_shape


class SlugRedirect(PublicModel):
    """A slug that an article had before: its URL redirects to the article."""

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
