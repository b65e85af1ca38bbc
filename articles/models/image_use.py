"""Where pictures stand in texts, and the names that their files once had."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .article import Article
from .draft import Draft
from .image import Image
from .page import Page


class FormerFile(models.Model):
    """A name that the file of a picture once had: texts that name it show the present file."""

    name = models.CharField(max_length=100, unique=True)
    image = models.ForeignKey(Image, models.CASCADE, related_name="former_files")

    class Meta:
        default_permissions = ()  # nobody edits them

    def __str__(self) -> str:
        return self.name


class ImageUse(models.Model):
    """A picture stands in the text of a published article, of a draft, or of a page.

    Derived from the texts by `articles.images.uses`. Covers are relations of their own.
    """

    image = models.ForeignKey(Image, models.CASCADE, related_name="uses")
    article = models.ForeignKey(Article, models.CASCADE, null=True, related_name="+")
    draft = models.ForeignKey(Draft, models.CASCADE, null=True, related_name="+")
    page = models.ForeignKey(Page, models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name = _("use of a picture")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(article__isnull=False, draft=None, page=None)
                | Q(article=None, draft__isnull=False, page=None)
                | Q(article=None, draft=None, page__isnull=False),
                name="image_use_of_one_text",
            ),
            models.UniqueConstraint(fields=["article", "image"], name="image_use_once_in_article"),
            models.UniqueConstraint(fields=["draft", "image"], name="image_use_once_in_draft"),
            models.UniqueConstraint(fields=["page", "image"], name="image_use_once_in_page"),
        ]

    def __str__(self) -> str:
        return str(self.article or self.draft or self.page)
