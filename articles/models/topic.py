"""What articles are about."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ictiger.addresses import url_of
from ictiger.delivery.models import PublicModel
from ictiger.languages import in_language

from .addresses import SlugField, slug_shape


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
        return url_of("articles:topic", self.slug)
