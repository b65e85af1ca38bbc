"""The topics of articles."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import localized_attr
from ictiger.core.url_cache import cached_reverse
from ictiger.pagecache.models import PublicModel

from .slugs import SlugField, slug_shape


class Topic(PublicModel):
    """A topic, with a page that lists its articles. All topics stand in the menu."""

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
        return localized_attr(self, "name")

    @property
    def description(self) -> str:
        return localized_attr(self, "description")

    def get_absolute_url(self) -> str:
        return cached_reverse("articles:topic", self.slug)
