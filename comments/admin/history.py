"""What has happened to a comment, below it: the decisions about it and the reports."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from comments.models import Comment, Decision, Report


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False


class DecisionInline(ReadOnlyInline):
    model = Decision
    fields = ["decided_at", "moderator_name", "verb", "from_state", "to_state", "reason_text", "note", "body"]
    readonly_fields = ["moderator_name", "reason_text"]

    @admin.display(description=gettext_lazy("moderator"))
    def moderator_name(self, decision: Decision) -> str:
        return decision.moderator.public_name if decision.moderator else _("A former moderator")

    @admin.display(description=gettext_lazy("reason"))
    def reason_text(self, decision: Decision) -> str:
        return str(decision.reason or "")


class ReportInline(ReadOnlyInline):
    model = Report
    fields = ["created_at", "reason", "note", "counts"]
