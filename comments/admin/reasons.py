"""The reasons that moderators choose from when they reject a comment, in both languages."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from comments.models import Comment, Decision, Reason

from .readable_text import ReadableTextAdmin


@admin.register(Reason)
class ReasonAdmin(ReadableTextAdmin):
    """A reason that was given to an author cannot be deleted, only deactivated."""

    list_display = ["code", "english", "chinese", "order", "active"]
    list_editable = ["order", "active"]
    fields = ["code", "text_en", "text_zh", "order", "active"]
    actions = None

    @admin.display(description=_("words in English"), ordering="text_en")
    def english(self, reason: Reason) -> SafeString:
        return format_html('<span lang="en">{}</span>', reason.text_en)

    @admin.display(description=_("words in Chinese"), ordering="text_zh")
    def chinese(self, reason: Reason) -> SafeString:
        return format_html('<span lang="zh-Hans">{}</span>', reason.text_zh)

    def get_readonly_fields(self, request: HttpRequest, obj: Reason | None = None) -> list[str]:
        return ["code"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Reason | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and _was_given(obj))


def _was_given(reason: Reason) -> bool:
    return (
        Decision.objects.filter(reason=reason).exists() or Comment.objects.filter(reason=reason.code).exists()
    )
