"""The moderator's desk: a queue with everything that a decision needs in view, and decisions that are taken once.

Nothing is saved here: comments are read-only, and every decision goes through `services.decide`. Each row carries what it showed (`seen`),
so that nobody decides about a comment that somebody else has decided about, or whose author has changed it, since the page was opened.
"""

from collections import Counter
from contextlib import suppress
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
from comments.forms import parse_id
from comments.models import Comment
from comments.policy import ModerationAction
from ictiger.core.admin_site import BoundedSearchMixin

from . import decision_views
from .filters import ArticleFilter, RuleFilter, StateFilter
from .forms import BulkForm
from .permissions import BAN_PERMISSION, MODERATE_PERMISSION, permission_choices
from .queue_rows import orphaned_input, queue_rows, visible_to_moderators
from .stats import queue_stats
from .unsaved_input import NO_INPUT, pop_input, store_input, unsaved_input_from


@admin.register(Comment)
class CommentAdmin(BoundedSearchMixin, admin.ModelAdmin):
    list_display_links = None
    list_filter = [StateFilter, RuleFilter, "language", ("article", ArticleFilter)]
    list_per_page = 50
    show_full_result_count = False  # to count all comments takes the longer the more there are
    actions = ["approve", "reject", "remove", "undo", "ban_authors"]
    action_form = BulkForm
    change_list_template = "admin/comments/comment/queue.html"
    change_form_template = "admin/comments/comment/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comment]:
        """Comments that wait for a mailbox are their authors' alone."""
        return visible_to_moderators(super().get_queryset(request))

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """What waits: the longest first. Everything else: the newest first."""
        return ["-created_at", "-pk"] if request.GET.get(StateFilter.parameter_name) else ["held_at", "pk"]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Addresses are found only by those who may see them: a search that answers is a way of reading."""
        by_address = ["author__email"] if request.user.has_perm("accounts.view_user") else []
        return ["body", "author__display_name", "article__title", *by_address]

    def get_urls(self) -> list[URLPattern]:
        own = {
            "undo/": (decision_views.undo_view, "undo_last"),
            "claims/": (decision_views.claims_view, "claims"),
            "<int:pk>/decide/": (decision_views.decide_view, "decide"),
            "<int:pk>/ban/": (decision_views.ban_view, "ban"),
        }
        names = {route: f"comments_comment_{name}" for route, (_view, name) in own.items()}
        urls = [
            path(route, self.admin_site.admin_view(view), name=names[route])
            for route, (view, _name) in own.items()
        ]
        return urls + super().get_urls()

    # --- who may what: only to look and to decide ----------------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """What Django asks before it offers an action with `permissions=["moderate"]`."""
        return request.user.has_perm(MODERATE_PERMISSION)

    def has_ban_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(BAN_PERMISSION)

    # --- pages ---------------------------------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        context = {"title": _("Comments: what waits, and what was decided"), **(extra_context or {})}
        if (
            request.method == "POST"
        ):  # whatever is wrong with it, the page comes back with what was chosen; what is done is forgotten
            store_input(
                request,
                unsaved_input_from(
                    request, verb=request.POST.get("action", ""), rows=_selected(request), at_once=True
                ),
            )
        response = super().changelist_view(request, context)
        if isinstance(response, TemplateResponse) and "cl" in response.context_data:
            typed = pop_input(request)
            found = response.context_data["cl"].result_list
            rows = queue_rows(found, request.user, typed)
            left_over = orphaned_input(rows, typed)
            shown = {
                "rows": rows,
                "typed": typed,
                "words_left_over": left_over,
                "numbers": queue_stats(),
                **permission_choices(request),
            }
            response.context_data |= shown
            if typed.at_once:  # as it was filled in before
                filled_in = {"action": typed.verb, **asdict(typed)}
                response.context_data["action_form"] = self._bulk_form(
                    request, initial=filled_in, auto_id=None
                )
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """One comment with all that was decided about it. Who opens it to decide has it for a while."""
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
            response.context_data |= {"row": row, "decisions": decisions, **permission_choices(request)}
        return response

    def response_action(self, request: HttpRequest, queryset: QuerySet[Comment]) -> HttpResponse | None:
        """What was sent along is held against the limits first: Django would say of whatever is wrong that no action was chosen."""
        form = self._bulk_form(request, data=request.POST)
        if request.POST.get("action") and not form.is_valid():
            self.message_user(request, decision_views.first_error(form), messages.ERROR)
            return None
        # Of what is selected only what can be a row: Django hands the rest to the database as it came.
        request.POST = request.POST.copy()
        request.POST.setlist(ACTION_CHECKBOX_NAME, map(str, _selected(request)))
        return super().response_action(request, queryset)

    def _bulk_form(self, request: HttpRequest, **filled_in) -> BulkForm:
        """With the decisions that this moderator may take."""
        form = BulkForm(**filled_in)
        form.fields["action"].choices = self.get_action_choices(request)
        return form

    # --- decisions about several ---------------------------------------------------------------------------------------------------------

    @admin.action(description=gettext_lazy("Approve"), permissions=["moderate"])
    def approve(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._decide(request, ModerationAction.APPROVE)

    @admin.action(description=gettext_lazy("Reject, with a reason"), permissions=["moderate"])
    def reject(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._turn_down(request, ModerationAction.REJECT)

    @admin.action(description=pgettext_lazy("a comment", "Remove"), permissions=["moderate"])
    def remove(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._turn_down(request, ModerationAction.REMOVE)

    @admin.action(description=gettext_lazy("Undo the last decision"), permissions=["moderate"])
    def undo(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._decide(request, ModerationAction.UNDO)

    @admin.action(description=gettext_lazy("Ban the authors"), permissions=["ban"])
    def ban_authors(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        form = self._bulk_form(request, data=request.POST)
        if not form.is_valid() or not form.cleaned_data["why"]:
            self.message_user(request, _("Say why, for the other moderators."), messages.ERROR)
            return
        authors = {
            comment.author
            for comment in Comment.objects.filter(pk__in=_selected(request)).select_related("author")
        } - {None}
        number = 0
        for author in authors:
            with suppress(services.AccountDeleted):
                services.ban_user(
                    by=request.user,
                    user=author,
                    why=form.cleaned_data["why"],
                    days=form.cleaned_data["days"] or None,
                )
                number += 1
        store_input(request, NO_INPUT)
        self.message_user(
            request,
            ngettext("%(number)s author banned.", "%(number)s authors banned.", number) % {"number": number},
        )

    def _turn_down(self, request: HttpRequest, verb: ModerationAction) -> None:
        if request.POST.get("reason"):
            self._decide(request, verb)
        else:
            self.message_user(request, _("Choose the reason that the author is told."), messages.ERROR)

    def _decide(self, request: HttpRequest, verb: ModerationAction) -> None:
        """About each selected comment as this moderator saw it.

        Not about the queryset: it no longer has what another has just decided, and with "select all" it has what nobody has seen.
        """
        told = {"reason": request.POST.get("reason", ""), "note": request.POST.get("note", "")}
        done, refused, left = 0, Counter(), []
        for comment_id in _selected(request):
            seen = request.POST.get(f"seen_{comment_id}", "")
            try:
                services.decide(
                    moderator=request.user, comment_id=comment_id, action=verb, version_token=seen, **told
                )
            except services.CommentNotFound:
                refused[decision_views.comment_not_found()] += 1
            except services.CommentError as refusal:
                refused[str(refusal)] += 1
                left.append(comment_id)
            else:
                done += 1
        store_input(
            request, unsaved_input_from(request, verb=verb, rows=left, at_once=True) if left else NO_INPUT
        )
        if done:
            self.message_user(
                request,
                ngettext("%(number)s decision made.", "%(number)s decisions made.", done) % {"number": done},
            )
        for why, number in refused.items():
            skipped = ngettext(
                "%(number)s comment was left as it is: %(why)s",
                "%(number)s comments were left as they are: %(why)s",
                number,
            )
            self.message_user(request, skipped % {"number": number, "why": why}, messages.WARNING)


def _selected(request: HttpRequest) -> list[int]:
    return [pk for pk in map(parse_id, request.POST.getlist(ACTION_CHECKBOX_NAME)) if pk is not None]
