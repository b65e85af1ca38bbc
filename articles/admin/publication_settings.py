"""The admin of the publication."""

from django.contrib import admin
from django.http import HttpRequest

from articles.models import Publication, SocialLink
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
