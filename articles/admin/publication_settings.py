"""The admin of the publication and of redirects from old slugs."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from articles.models import Article, Publication, SlugRedirect, SocialLink
from ictiger.core.languages import Language

from .base import PublicModelAdmin
from .fields import ADMIN_FORM_FIELDS


class SocialLinkInline(admin.TabularInline):
    model = SocialLink
    extra = 0
    formfield_overrides = ADMIN_FORM_FIELDS


@admin.register(Publication)
class PublicationAdmin(PublicModelAdmin):
    """One row for each language. A change shows on every page of the site."""

    list_display = ["name", "language", "tagline"]
    inlines = [SocialLinkInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and Publication.objects.count() < len(Language)

    def get_readonly_fields(self, request: HttpRequest, obj: Publication | None = None) -> list[str]:
        return ["language"] if obj else []


@admin.register(SlugRedirect)
class SlugRedirectAdmin(PublicModelAdmin):
    """A read-only list: redirects are made when a slug changes."""

    list_display = ["slug", "language", "leads_to"]
    list_filter = ["language"]
    list_select_related = ["article"]
    search_fields = ["slug", "article__title"]
    ordering = ["slug"]

    @admin.display(description=_("leads to"), ordering="article__slug")
    def leads_to(self, redirect: SlugRedirect) -> Article:
        return redirect.article

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SlugRedirect | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SlugRedirect | None = None) -> bool:
        return False
