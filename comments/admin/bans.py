"""Bans: who may not comment, and until when."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from comments.models import Ban


@admin.register(Ban)
class BanAdmin(admin.ModelAdmin):
    """Lists bans, and lets moderators change and lift them. New bans are made in the queue."""

    list_display = ["user_name", "created_at", "until", "why", "banned_by_name"]
    fields = ["user_name", "until", "why", "banned_by_name"]
    readonly_fields = ["user_name", "banned_by_name"]
    list_select_related = ["user", "banned_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=gettext_lazy("user"), ordering="user")
    def user_name(self, ban: Ban) -> str:
        return ban.user.public_name

    @admin.display(description=gettext_lazy("banned by"), ordering="banned_by")
    def banned_by_name(self, ban: Ban) -> str:
        return ban.banned_by.public_name if ban.banned_by else "—"
