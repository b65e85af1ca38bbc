"""The authors of articles."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import localized_attr
from ictiger.core.url_cache import cached_reverse
from ictiger.pagecache.guard import PublicQuerySet
from ictiger.pagecache.models import PublicModel

from .article import Article
from .slugs import SlugField, slug_shape


class AuthorQuerySet(PublicQuerySet):
    def published(self) -> "AuthorQuerySet":
        """Authors of public articles. Only they have a page, so that a draft reveals no name."""
        return self.filter(
            models.Exists(Article.objects.public().filter(bylines__author=models.OuterRef("pk")))
        )


class Author(PublicModel):
    """A name on articles. `user` is set only if the author has an account for the admin."""

    slug = SlugField(_("slug"), unique=True)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    bio_en = models.CharField(_("note in English"), max_length=500, blank=True)
    bio_zh = models.CharField(_("note in Chinese"), max_length=500, blank=True)
    user = models.OneToOneField(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="author",
        verbose_name=_("log-in"),
    )

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
        return localized_attr(self, "name")

    @property
    def bio(self) -> str:
        return localized_attr(self, "bio")

    def get_absolute_url(self) -> str:
        return cached_reverse("articles:author", self.slug)
