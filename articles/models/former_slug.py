"""Redirects from the old slugs of pages, topics and authors. Those of articles are in `slug_redirect.py`."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ictiger.core.languages import Language
from ictiger.pagecache.models import PublicModel

from .author import Author
from .page import Page
from .slugs import SlugField, slug_shape
from .topic import Topic


class FormerSlug(PublicModel):
    """A slug that a page, a topic or an author had before: its URLs redirect.

    Exactly one of the three is set. `language` is that of the page; a topic and an author have one slug for
    both languages.
    """

    slug = SlugField(_("old slug"))
    language = models.CharField(_("language"), max_length=10, choices=Language, blank=True)
    page = models.ForeignKey(Page, models.CASCADE, null=True, related_name="old_slugs")
    topic = models.ForeignKey(Topic, models.CASCADE, null=True, related_name="old_slugs")
    author = models.ForeignKey(Author, models.CASCADE, null=True, related_name="old_slugs")

    TARGETS = {Page: "page", Topic: "topic", Author: "author"}

    class Meta:
        verbose_name = _("old address of a page, topic or author")
        verbose_name_plural = _("old addresses of pages, topics and authors")
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "language"], condition=Q(page__isnull=False), name="former_slug_of_page"
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(topic__isnull=False), name="former_slug_of_topic"
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(author__isnull=False), name="former_slug_of_author"
            ),
            models.CheckConstraint(
                condition=(
                    Q(page__isnull=False, topic=None, author=None, language__in=Language.values)
                    | Q(page=None, topic__isnull=False, author=None, language="")
                    | Q(page=None, topic=None, author__isnull=False, language="")
                ),
                name="former_slug_has_one_target",
            ),
            slug_shape("former_slug_shape"),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def target(self) -> Page | Topic | Author:
        """What the URLs redirect to."""
        return self.page or self.topic or self.author
