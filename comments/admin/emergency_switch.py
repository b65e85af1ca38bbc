"""The emergency switches: one for the whole site, one for each discussion. Turned through `services`, never saved here."""

import uuid

from django.contrib import admin
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


class SwitchAdmin(admin.ModelAdmin):
    """What both have in common: there is nothing to add or to delete, and who turned it is told."""

    radio_fields = {"switch": admin.VERTICAL}
    readonly_fields = ["turned"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: SiteCommentSettings | Discussion | None = None
    ) -> bool:
        return False

    @admin.display(description=gettext_lazy("last changed"), ordering="switched_at")
    def turned(self, switched: SiteCommentSettings | Discussion) -> SafeString:
        if switched.switched_at is None:
            return SafeString("—")
        who = switched.switched_by.public_name if switched.switched_by else _("somebody who has left")
        return format_html("<bdi>{}</bdi>, {}", who, admin.utils.display_for_value(switched.switched_at, "—"))


@admin.register(SiteCommentSettings)
class SiteCommentSettingsAdmin(SwitchAdmin):
    fields = ["switch", "notice_en", "notice_zh", "turned"]

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """There is one: no list of it."""
        return redirect("admin:comments_sitecommentsettings_change", SiteCommentSettings.ONLY)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        heading = {"title": _("Emergency switch for the whole site"), "subtitle": None}
        return super().change_view(request, object_id, form_url, {**heading, **(extra_context or {})})

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> SiteCommentSettings | None:
        """Open until it is turned for the first time."""
        return (
            (
                super().get_object(request, object_id, from_field)
                or SiteCommentSettings(pk=SiteCommentSettings.ONLY)
            )
            if object_id == str(SiteCommentSettings.ONLY)
            else None
        )

    def save_model(self, request: HttpRequest, obj: SiteCommentSettings, form, change: bool) -> None:
        services.switch_site(
            by=request.user, switch=obj.switch, notice_en=obj.notice_en, notice_zh=obj.notice_zh
        )


@admin.register(Discussion)
class DiscussionAdmin(SwitchAdmin):
    """Reached from the article and from the queue; the list shows the discussions that are not open."""

    list_display = ["about", "state", "turned"]
    list_display_links = None
    ordering = ["-switched_at"]
    fields = ["about", "switch", "turned"]
    readonly_fields = ["about", "turned"]

    def get_queryset(self, request: HttpRequest):
        discussions = super().get_queryset(request).select_related("switched_by")
        return (
            discussions.exclude(switch=Switch.OPEN)
            if request.resolver_match.url_name.endswith("_changelist")
            else discussions
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return super().changelist_view(
            request, {"title": _("Discussions that are held or closed"), **(extra_context or {})}
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        heading = {
            "title": _("Hold or close the discussion"),
            "subtitle": None,
        }  # not the key, which is all that the row itself knows
        return super().change_view(request, object_id, form_url, {**heading, **(extra_context or {})})

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Discussion | None:
        """Of an article that exists, open until it is turned for the first time."""
        try:
            key = uuid.UUID(object_id)
        except ValueError:
            return None
        known = super().get_object(request, object_id, from_field)
        return known or (Discussion(pk=key) if Article.objects.filter(translation_key=key).exists() else None)

    def save_model(self, request: HttpRequest, obj: Discussion, form, change: bool) -> None:
        services.switch_discussion(by=request.user, key=obj.pk, switch=obj.switch)

    @admin.display(description=gettext_lazy("article"))
    def about(self, discussion: Discussion) -> SafeString:
        versions = (
            Article.objects.filter(translation_key=discussion.pk)
            .order_by("language")
            .only("title", "slug", "language")
        )
        titles = format_html_join(
            " · ", '<span lang="{}">{}</span>', ((version.language, version.title) for version in versions)
        )
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:comments_discussion_change", args=[discussion.pk]), titles
        )

    @admin.display(description=gettext_lazy("comments are"), ordering="switch")
    def state(self, discussion: Discussion) -> str:
        return discussion.get_switch_display()
