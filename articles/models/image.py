"""Pictures, used as covers and in texts."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ictiger.pagecache.models import PublicModel

CENTRE = 50


def _focus(name: str) -> models.PositiveSmallIntegerField:
    """A place in the picture, in percent from its left or upper edge."""
    return models.PositiveSmallIntegerField(
        name, default=CENTRE, db_default=CENTRE, validators=[MaxValueValidator(100)]
    )


class Image(PublicModel):
    """A picture with its description.

    `width` and `height` are in pixels and reserve its space while it loads. Fields with a database default
    are unknown to version 1.0.0, which may still write rows during an upgrade.
    """

    file = models.FileField(_("file"), upload_to="images/%Y/%m/")
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    alt = models.CharField(_("text for those who cannot see it"), max_length=300)
    caption = models.CharField(_("caption"), max_length=300, blank=True)
    credit = models.CharField(_("credit"), max_length=120, blank=True)
    # What matters most in it: kept when a cover is cropped.
    focus_x = _focus(_("from the left, in percent"))
    focus_y = _focus(_("from the top, in percent"))
    # Made by a job: [{"file": name, "type": "image/webp", "width": 640}, …], of a size for each width.
    renditions = models.JSONField(default=list, editable=False)
    # A JPEG of 1200 × 630 for those who share a link, made with the renditions.
    link_preview = models.CharField(max_length=200, editable=False, blank=True, default="", db_default="")
    # The first frame of an animation. Its renditions are made of it.
    still = models.CharField(max_length=200, editable=False, blank=True, default="", db_default="")
    transparent = models.BooleanField(editable=False, default=False, db_default=False)
    # Which version of `renditions.py` has made all there is to make; 0 while something is missing.
    renditions_version = models.PositiveSmallIntegerField(editable=False, default=0, db_default=0)
    attempts = models.PositiveSmallIntegerField(editable=False, default=0, db_default=0)
    claimed_until = models.DateTimeField(editable=False, null=True)
    problem = models.CharField(max_length=300, editable=False, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["file"], name="image_by_file")]

    def __str__(self) -> str:
        return self.alt

    @property
    def file_names(self) -> list[str]:
        """The names of all files that it has in the storage."""
        made = [rendition["file"] for rendition in self.renditions]
        return [name for name in (self.file.name, self.still, self.link_preview, *made) if name]

    @property
    def is_drawing(self) -> bool:
        """Whether it is an SVG drawing, which needs no versions in other sizes."""
        return self.file.name.endswith(".svg")
