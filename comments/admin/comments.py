"""The moderation queue: a list of comments with everything that a decision needs in view.

Comments are read-only; decisions go through `services.decide()`. Each row carries the version token of what
it showed (POST field `seen`), so that nobody decides about a comment that another moderator has decided
about, or whose author has changed it, since the page was loaded.
"""

from dataclasses import asdict

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from comments import services
from comments.models import Comment
from comments.policy import ModerationAction
from ictiger.core.admin_site import BoundedSearchMixin

from . import decision_views
from .bulk_decisions import ban_selected_authors, decide_selected, selected_ids
from .filters import ArticleFilter, RuleFilter, StateFilter
from .forms import BulkForm
from .permissions import BAN_PERMISSION, MODERATE_PERMISSION, row_form_context
from .queue_rows import orphaned_text, queue_rows, visible_to_moderators
from .stats import queue_stats
from .unsaved_input import NO_INPUT, pop_input, store_input, unsaved_input_from


@admin.register(Comment)
class CommentAdmin(BoundedSearchMixin, admin.ModelAdmin):
    list_display_links = None
    list_filter = [StateFilter, RuleFilter, "language", ("article", ArticleFilter)]
    list_per_page = 50
    show_full_result_count = False  # counting all comments takes longer the more there are
    actions = ["approve", "reject", "remove", "undo", "ban_authors"]
    action_form = BulkForm
    change_list_template = "admin/comments/comment/queue.html"
    change_form_template = "admin/comments/comment/detail.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comment]:
        return visible_to_moderators(super().get_queryset(request))

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """The queue: longest wait first. Other states: newest first."""
        return ["-created_at", "-pk"] if request.GET.get(StateFilter.parameter_name) else ["held_at", "pk"]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Addresses are searched only for users who may see them, since search results would reveal them."""
        by_address = ["author__email"] if request.user.has_perm("accounts.view_user") else []
        return ["body", "author__display_name", "article__title", *by_address]

    def get_urls(self) -> list[URLPattern]:
        views = [
            ("undo/", decision_views.undo_view, "undo_last"),
            ("claims/", decision_views.claims_view, "claims"),
            ("<int:pk>/decide/", decision_views.decide_view, "decide"),
            ("<int:pk>/ban/", decision_views.ban_view, "ban"),
        ]
        urls = [
            path(route, self.admin_site.admin_view(view), name=f"comments_comment_{name}")
            for route, view, name in views
        ]
        return urls + super().get_urls()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """For actions with `permissions=["moderate"]`: Django looks this method up by that name."""
        return request.user.has_perm(MODERATE_PERMISSION)

    def has_ban_permission(self, request: HttpRequest) -> bool:
        """For actions with `permissions=["ban"]`."""
        return request.user.has_perm(BAN_PERMISSION)

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        context = {"title": _("Comments: what waits, and what was decided"), **(extra_context or {})}
        if request.method == "POST":
            # Stored before anything is checked, so that it comes back whatever is wrong. An action that
            # succeeds clears it.
            action = request.POST.get("action", "")
            self._store_bulk_input(request, action, selected_ids(request))
        response = super().changelist_view(request, context)
        if isinstance(response, TemplateResponse) and "cl" in response.context_data:
            response.context_data |= self._queue_context(request, response.context_data["cl"].result_list)
        return response

    def _queue_context(self, request: HttpRequest, comments: list[Comment]) -> dict:
        unsaved = pop_input(request)
        rows = queue_rows(comments, request.user, unsaved)
        context = {
            "rows": rows,
            "unsaved": unsaved,
            "orphaned_text": orphaned_text(rows, unsaved),
            "stats": queue_stats(),
            **row_form_context(request),
        }
        if unsaved.is_bulk:
            context["action_form"] = self._bulk_form(request, initial=asdict(unsaved), auto_id=None)
        return context

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """One comment with all decisions about it. Opening the page claims the comment."""
        response = super().change_view(request, object_id, form_url, extra_context)
        if isinstance(response, TemplateResponse):
            comment = response.context_data["original"]
            if self.has_moderate_permission(request):
                try:
                    services.claim_comment(moderator=request.user, comment_id=comment.pk)
                except services.CommentNotFound:
                    return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            decisions = comment.decisions.select_related("moderator", "reason")
            (row,) = queue_rows([comment], request.user, pop_input(request))
            response.context_data |= {"row": row, "decisions": decisions, **row_form_context(request)}
        return response

    def response_action(self, request: HttpRequest, queryset: QuerySet[Comment]) -> HttpResponse | None:
        """Validate the form first: for whatever is invalid Django would say that no action was selected."""
        form = self._bulk_form(request, data=request.POST)
        if request.POST.get("action") and not form.is_valid():
            self.message_user(request, decision_views.first_error(form), messages.ERROR)
            return None
        # Only valid ids: Django passes the selected values to the database unchecked.
        request.POST = request.POST.copy()
        request.POST.setlist(ACTION_CHECKBOX_NAME, map(str, selected_ids(request)))
        return super().response_action(request, queryset)

    def _bulk_form(self, request: HttpRequest, **kwargs) -> BulkForm:
        """The form with the actions that this moderator may take."""
        form = BulkForm(**kwargs)
        form.fields["action"].choices = self.get_action_choices(request)
        return form

    def _store_bulk_input(self, request: HttpRequest, action: str, comment_ids: list[int]) -> None:
        unsaved = unsaved_input_from(request, action=action, comment_ids=comment_ids, is_bulk=True)
        store_input(request, unsaved)

    # The actions decide about what was posted, not about Django's `comments`: see `decide_selected()`.

    @admin.action(description=gettext_lazy("Approve"), permissions=["moderate"])
    def approve(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._decide(request, ModerationAction.APPROVE)

    @admin.action(description=gettext_lazy("Reject, with a reason"), permissions=["moderate"])
    def reject(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._decide_with_reason(request, ModerationAction.REJECT)

    @admin.action(description=pgettext_lazy("a comment", "Remove"), permissions=["moderate"])
    def remove(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._decide_with_reason(request, ModerationAction.REMOVE)

    @admin.action(description=gettext_lazy("Undo the last decision"), permissions=["moderate"])
    def undo(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._decide(request, ModerationAction.UNDO)

    @admin.action(description=gettext_lazy("Ban the authors"), permissions=["ban"])
    def ban_authors(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        form = self._bulk_form(request, data=request.POST)
        if not form.is_valid() or not form.cleaned_data["why"]:
            self.message_user(request, _("Say why, for the other moderators."), messages.ERROR)
            return
        count = ban_selected_authors(
            request, why=form.cleaned_data["why"], days=form.cleaned_data["days"] or None
        )
        store_input(request, NO_INPUT)
        message = ngettext("%(number)s author banned.", "%(number)s authors banned.", count)
        self.message_user(request, message % {"number": count})

    def _decide_with_reason(self, request: HttpRequest, action: ModerationAction) -> None:
        if request.POST.get("reason"):
            self._decide(request, action)
        else:
            self.message_user(request, _("Choose the reason that the author is told."), messages.ERROR)

    def _decide(self, request: HttpRequest, action: ModerationAction) -> None:
        """Decide about the selected comments. What was refused stays selected, with what was typed."""
        result = decide_selected(request, action)
        if result.refused_ids:
            self._store_bulk_input(request, action, result.refused_ids)
        else:
            store_input(request, NO_INPUT)
        if result.decided_count:
            message = ngettext(
                "%(number)s decision made.", "%(number)s decisions made.", result.decided_count
            )
            self.message_user(request, message % {"number": result.decided_count})
        for reason, count in result.refusals.items():
            message = ngettext(
                "%(number)s comment was left as it is: %(why)s",
                "%(number)s comments were left as they are: %(why)s",
                count,
            )
            self.message_user(request, message % {"number": count, "why": reason}, messages.WARNING)
