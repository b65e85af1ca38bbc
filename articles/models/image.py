"""Pictures, used as covers and in texts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ictiger.pagecache.models import PublicModel


class Image(PublicModel):
    """A picture with its description.

    `width` and `height` are in pixels and reserve its space while it loads.
    """

    file = models.FileField(_("file"), upload_to="images/%Y/%m/")
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    alt = models.CharField(_("text for those who cannot see it"), max_length=300)
    caption = models.CharField(_("caption"), max_length=300, blank=True)
    credit = models.CharField(_("credit"), max_length=120, blank=True)
    # Smaller versions, made by a job: [{"file": name, "type": "image/webp", "width": 640}, …].
    renditions = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.alt
