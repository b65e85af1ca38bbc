"""The pages beside the articles: about, privacy, comment policy."""

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from articles import services
from articles.models import RESERVED_SLUGS, Page

from .fields import SlugFormField
from .history import TextHistoryAdmin
from .public import PublicModelAdmin, RefusableForm


class PageForm(RefusableForm):
    slug = SlugFormField(
        help_text=format_lazy(
            _("The address is this word alone: /about/. Taken by the site itself: {reserved}."), reserved=", ".join(RESERVED_SLUGS)
        )
    )


@admin.register(Page)
class PageAdmin(TextHistoryAdmin, PublicModelAdmin):
    """Unlike an article, a page has no draft: what is saved is shown."""

    form = PageForm
    fields = ["language", "title", "slug", "body", "position"]
    list_display = ["title", "language", "slug", "position"]
    list_filter = ["language"]
    search_fields = ["title", "slug"]
    prepopulated_fields = {"slug": ["title"]}
    text_fields = ("title", "slug", "body")
    kept_text_model = Page

    def get_readonly_fields(self, request: HttpRequest, obj: Page | None = None) -> list[str]:
        return ["language"] if obj else []

    def save_model(self, request: HttpRequest, obj: Page, form: forms.ModelForm, change: bool) -> None:
        services.save_page(obj)

    def restore(self, request: HttpRequest, obj: Page, version: Model) -> None:
        for name in self.text_fields:
            setattr(obj, name, getattr(version, name))
        services.save_page(obj)
