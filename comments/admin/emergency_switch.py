"""The emergency switches of the site and of each discussion.

Saving goes through `services`, which lock and purge.
"""

import uuid

from django.contrib import admin
from django.contrib.admin.utils import display_for_value
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import Article
from comments import services
from comments.models import Discussion, SiteCommentSettings
from comments.policy import Switch

from .readable_text import ReadableTextAdmin


class SwitchAdmin(ReadableTextAdmin):
    """Base of both switches: nothing can be added or deleted, and the last change is shown."""

    radio_fields = {"switch": admin.VERTICAL}
    readonly_fields = ["last_changed"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: SiteCommentSettings | Discussion | None = None
    ) -> bool:
        return False

    @admin.display(description=gettext_lazy("last changed"), ordering="switched_at")
    def last_changed(self, instance: SiteCommentSettings | Discussion) -> SafeString:
        if instance.switched_at is None:
            return SafeString("—")
        name = instance.switched_by.public_name if instance.switched_by else _("somebody who has left")
        return format_html("<bdi>{}</bdi>, {}", name, display_for_value(instance.switched_at, "—"))


@admin.register(SiteCommentSettings)
class SiteCommentSettingsAdmin(SwitchAdmin):
    fields = ["switch", "notice_en", "notice_zh", "last_changed"]

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """There is one row: open its form instead of a list."""
        return redirect("admin:comments_sitecommentsettings_change", SiteCommentSettings.ONLY)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        heading = {"title": _("Emergency switch for the whole site"), "subtitle": None}
        return super().change_view(request, object_id, form_url, {**heading, **(extra_context or {})})

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> SiteCommentSettings | None:
        """The one row, or an unsaved open one before it is turned for the first time."""
        if object_id != str(SiteCommentSettings.ONLY):
            return None
        stored = super().get_object(request, object_id, from_field)
        return stored or SiteCommentSettings(pk=SiteCommentSettings.ONLY)

    def save_model(self, request: HttpRequest, obj: SiteCommentSettings, form, change: bool) -> None:
        services.switch_site(
            by=request.user, switch=obj.switch, notice_en=obj.notice_en, notice_zh=obj.notice_zh
        )


@admin.register(Discussion)
class DiscussionAdmin(SwitchAdmin):
    """Linked from articles and from the queue. The list shows the discussions that are not open."""

    list_display = ["article_titles", "state", "last_changed"]
    list_display_links = None
    ordering = ["-switched_at"]
    fields = ["article_titles", "switch", "last_changed"]
    readonly_fields = ["article_titles", "last_changed"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Discussion]:
        discussions = super().get_queryset(request).select_related("switched_by")
        is_list = request.resolver_match.url_name.endswith("_changelist")
        return discussions.exclude(switch=Switch.OPEN) if is_list else discussions

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return super().changelist_view(
            request, {"title": _("Discussions that are held or closed"), **(extra_context or {})}
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        # Without a subtitle, which would be the discussion's key.
        heading = {"title": _("Hold or close the discussion"), "subtitle": None}
        return super().change_view(request, object_id, form_url, {**heading, **(extra_context or {})})

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Discussion | None:
        """The stored row, or an unsaved open one for an article whose discussion has none yet."""
        try:
            key = uuid.UUID(object_id)
        except ValueError:
            return None
        stored = super().get_object(request, object_id, from_field)
        if stored is None and Article.objects.filter(translation_key=key).exists():
            return Discussion(pk=key)
        return stored

    def save_model(self, request: HttpRequest, obj: Discussion, form, change: bool) -> None:
        services.switch_discussion(by=request.user, key=obj.pk, switch=obj.switch)

    @admin.display(description=gettext_lazy("article"))
    def article_titles(self, discussion: Discussion) -> SafeString:
        """The titles of the article in its languages, linked to the discussion's form."""
        articles = Article.objects.filter(translation_key=discussion.pk).order_by("language")
        titles = format_html_join(
            " · ", '<span lang="{}">{}</span>', articles.values_list("language", "title")
        )
        url = reverse("admin:comments_discussion_change", args=[discussion.pk])
        return format_html('<a href="{}">{}</a>', url, titles)

    @admin.display(description=gettext_lazy("comments are"), ordering="switch")
    def state(self, discussion: Discussion) -> str:
        return discussion.get_switch_display()
