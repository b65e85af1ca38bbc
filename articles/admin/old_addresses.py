"""The admin of old addresses: read-only lists, since redirects are made when a slug changes."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from articles.models import Article, Author, FormerSlug, Page, SlugRedirect, Topic

from .base import PublicModelAdmin


class OldAddressAdmin(PublicModelAdmin):
    """The base of both lists."""

    list_filter = ["language"]
    ordering = ["slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(SlugRedirect)
class SlugRedirectAdmin(OldAddressAdmin):
    list_display = ["slug", "language", "leads_to"]
    list_select_related = ["article"]
    search_fields = ["slug", "article__title"]

    @admin.display(description=_("leads to"), ordering="article__slug")
    def leads_to(self, redirect: SlugRedirect) -> Article:
        return redirect.article


@admin.register(FormerSlug)
class FormerSlugAdmin(OldAddressAdmin):
    list_display = ["slug", "kind", "language", "leads_to"]
    list_select_related = ["page", "topic", "author"]
    search_fields = ["slug", "page__title", "topic__name_en", "topic__name_zh", "author__name_en"]

    @admin.display(description=_("what"))
    def kind(self, former: FormerSlug) -> str:
        return former.target._meta.verbose_name

    @admin.display(description=_("leads to"))
    def leads_to(self, former: FormerSlug) -> SafeString:
        target: Page | Topic | Author = former.target
        return format_html('<a href="{}">{}</a>', target.get_absolute_url(), target)
