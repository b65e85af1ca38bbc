"""The publication: its name, description and links."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import Language
from ictiger.pagecache.models import PublicModel

from .slugs import language_known


class Publication(PublicModel):
    """Name and description in one language. One row for each language."""

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
