"""The moderator's desk: a queue with everything that a decision needs in view, and decisions that are taken once.

Nothing is saved here: comments are read-only, and every decision goes through `services.decide`. Each row carries what it showed (`seen`),
so that nobody decides about a comment that somebody else has decided about, or whose author has changed it, since the page was opened.
"""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import linebreaks_filter, truncatechars
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from comments import services
from comments.models import AUTHOR, NOTE, Comment, Reason, Report
from comments.policy import Remover, State, Verb

from .history import DecisionInline, ReportInline

BAN_DAYS = 30
EXCERPT = 160  # characters of the comment that is answered
TURNED_DOWN = Q(state=State.REJECTED) | Q(state=State.REMOVED) & ~Q(reason__in=[Remover.AUTHOR, Remover.ERASURE])


class StateFilter(admin.SimpleListFilter):
    """The queue unless something else is asked for."""

    title = gettext_lazy("state")
    parameter_name = "state"
    EVERYTHING = "all"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        shown = (State.VISIBLE, State.REJECTED, State.REMOVED)
        return [*((state.value, state.label) for state in shown), (self.EVERYTHING, _("all"))]

    def choices(self, changelist):
        first, *others = super().choices(changelist)
        return [{**first, "display": _("the queue")}, *others]

    def queryset(self, request: HttpRequest, comments: QuerySet[Comment]) -> QuerySet[Comment]:
        if self.value() == self.EVERYTHING:
            return comments
        return comments.filter(state=self.value() or State.PENDING)


class DecisionForm(ActionForm):
    """Beside the choice of a decision: what the author is told when a comment is turned down."""

    reason = forms.ModelChoiceField(
        label=gettext_lazy("Reason"), queryset=Reason.objects.active(), to_field_name="code", empty_label="—", required=False
    )
    note = forms.CharField(label=gettext_lazy("In other words"), max_length=NOTE, required=False)


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ["text", "about", "who", "state_and_reason", "created_at"]
    list_display_links = ["created_at"]
    list_filter = [StateFilter, "language", ("article", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["body", "author__display_name", "author__email", "article__title"]
    ordering = ["created_at", "pk"]
    list_per_page = 50
    actions = ["approve", "reject", "remove", "undo", "ban_authors"]
    action_form = DecisionForm
    fields = ["text", "about", "who", "state_and_reason", "language", "words", "created_at", "edited_at"]
    inlines = [DecisionInline, ReportInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comment]:
        """Comments that wait for a mailbox are their authors' alone. With the author's record, in as many queries for one as for fifty."""
        comments = super().get_queryset(request).exclude(state=State.UNVERIFIED)
        return comments.select_related("article", "author", "parent__author", "answers__author").annotate(
            approved_of_author=_number_of_author(Q(approved=True)),
            turned_down_of_author=_number_of_author(TURNED_DOWN),
            reported=Subquery(
                Report.objects.filter(comment=OuterRef("pk")).order_by().values("comment").annotate(number=Count("pk")).values("number")
            ),
        )

    # --- who may what: only to look and to decide ----------------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """What Django asks before it offers an action with `permissions=["moderate"]`."""
        return request.user.has_perm("comments.moderate_comment")

    def has_ban_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("comments.add_ban")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None) -> HttpResponse:
        context = {"verbs": Verb.choices, "reasons": Reason.objects.active(), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Comments: what waits, and what was decided"), **(extra_context or {})})

    # --- columns -------------------------------------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("comment"))
    def text(self, comment: Comment) -> SafeString:
        return format_html(
            '<input type="hidden" name="seen_{}" value="{}"><div class="desk-comment" lang="{}" dir="auto">{}</div>',
            comment.pk,
            comment.seen,
            comment.language,
            linebreaks_filter(comment.body),
        )

    @admin.display(description=gettext_lazy("article"), ordering="article__title")
    def about(self, comment: Comment) -> SafeString:
        place = comment if comment.state == State.VISIBLE else comment.article
        article = format_html('<a href="{}" lang="{}">{}</a>', place.get_absolute_url(), comment.article.language, comment.article.title)
        answered = comment.answers or comment.parent
        if answered is None:
            return article
        excerpt = truncatechars(answered.body, EXCERPT)
        return format_html('{}<blockquote dir="auto"><b>{}</b> {}</blockquote>', article, answered.author_name, excerpt)

    @admin.display(description=AUTHOR, ordering="author")
    def who(self, comment: Comment) -> SafeString:
        record = _("%(approved)s approved, %(turned_down)s turned down") % {
            "approved": comment.approved_of_author or 0,
            "turned_down": comment.turned_down_of_author or 0,
        }
        return format_html("<bdi>{}</bdi><br><small>{}</small>", comment.author_name, record)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_and_reason(self, comment: Comment) -> SafeString:
        reports = ""
        if comment.reported:
            reports = ngettext("Reported once", "Reported %(count)s times", comment.reported) % {"count": comment.reported}
        return format_html("{}<br><small>{} {}</small>", comment.get_state_display(), comment.reason_text, reports)

    # --- decisions -----------------------------------------------------------------------------------------------------------------------

    @admin.action(description=gettext_lazy("Approve"), permissions=["moderate"])
    def approve(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._decide(request, Verb.APPROVE)

    @admin.action(description=gettext_lazy("Reject, with a reason"), permissions=["moderate"])
    def reject(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        if not request.POST.get("reason"):
            self.message_user(request, _("Choose the reason that the author is told."), messages.ERROR)
            return
        self._decide(request, Verb.REJECT)

    @admin.action(description=pgettext_lazy("a comment", "Remove"), permissions=["moderate"])
    def remove(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._decide(request, Verb.REMOVE)

    @admin.action(description=gettext_lazy("Undo the last decision"), permissions=["moderate"])
    def undo(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        self._decide(request, Verb.UNDO)

    @admin.action(description=gettext_lazy("Ban the authors for 30 days"), permissions=["ban"])
    def ban_authors(self, request: HttpRequest, comments: QuerySet[Comment]) -> None:
        authors = {comment.author for comment in Comment.objects.filter(pk__in=_selected(request)).select_related("author")} - {None}
        for author in authors:
            services.ban(user=author, why=request.POST.get("note", ""), days=BAN_DAYS)
        number = len(authors)
        self.message_user(request, ngettext("%(number)s author banned.", "%(number)s authors banned.", number) % {"number": number})

    def _decide(self, request: HttpRequest, verb: Verb) -> None:
        """About each selected comment as this moderator saw it.

        Not about the queryset: it no longer has what another has just decided, and with "select all" it has what nobody has seen.
        """
        told = {"reason": request.POST.get("reason", ""), "note": request.POST.get("note", "")}
        done = 0
        for comment_id in _selected(request):
            seen = request.POST.get(f"seen_{comment_id}", "")
            try:
                services.decide(moderator=request.user, comment_id=comment_id, verb=verb, seen=seen, **told)
            except services.Refused as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
            except Comment.DoesNotExist:
                self.message_user(request, _("This comment is no longer there: its author has left."), messages.WARNING)
            else:
                done += 1
        if done:
            self.message_user(request, ngettext("%(number)s decision made.", "%(number)s decisions made.", done) % {"number": done})


def _selected(request: HttpRequest) -> list[int]:
    return [int(pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME) if pk.isdecimal()]


def _number_of_author(which: Q) -> Subquery:
    others = Comment.objects.filter(which, author=OuterRef("author")).exclude(pk=OuterRef("pk"))
    return Subquery(others.order_by().values("author").annotate(number=Count("pk")).values("number"))
