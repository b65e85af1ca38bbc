"""“My comments”: a user's comments in all states, drafts in this browser, and muted threads."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.reader_tag import reader_tag
from articles.models import LONG_TEXTS
from comments import drafts
from comments.discussion import threads
from comments.models import Comment, Report, ThreadMute
from comments.policy import EDIT_WINDOW, MY_COMMENTS_PER_PAGE, ModerationAction, RemovedBy, State
from ictiger.core.http import login_redirect, no_store

STATE_LABELS = {
    State.UNVERIFIED: pgettext_lazy("my comments", "waiting for my address"),
    State.PENDING: pgettext_lazy("my comments", "waiting for a moderator"),
    State.VISIBLE: pgettext_lazy("my comments", "visible"),
    State.REJECTED: pgettext_lazy("my comments", "turned down"),
    State.REMOVED: pgettext_lazy("my comments", "removed"),
}
TAG_CLASSES = {State.VISIBLE: "tag-good", State.REJECTED: "tag-bad", State.REMOVED: "tag-bad"}
MAX_REPORTS_SHOWN = 20  # the newest
MAX_MUTES_SHOWN = 50  # the newest; unmuting one makes room for the next


@dataclass(frozen=True)
class MyCommentRow:
    """One comment on the page, with what only its author may know about it."""

    comment: Comment
    html: SafeString

    @property
    def label(self) -> str:
        """The state, in the words of the links above the list."""
        return str(STATE_LABELS[self.comment.state])

    @property
    def tag_class(self) -> str:
        """The CSS class of the label."""
        return TAG_CLASSES.get(self.comment.state, "tag-accent")

    @property
    def replied_to(self) -> Comment | None:
        """The comment it replies to, if that is visible."""
        replied_to = self.comment.replied_to or self.comment.parent
        return replied_to if replied_to and replied_to.state == State.VISIBLE else None

    @property
    def editable_until(self) -> datetime | None:
        return self.comment.created_at + EDIT_WINDOW if self.comment.may_be_edited else None

    @property
    def minutes_left(self) -> int:
        """Minutes until `editable_until`, rounded up."""
        return -((timezone.now() - self.editable_until) // timedelta(minutes=1))


@dataclass(frozen=True)
class ReportRow:
    """One of the user's reports, annotated by `with_decision()`, and what became of it."""

    report: Report

    @property
    def outcome(self) -> str:
        comment = self.report.comment
        if comment.state == State.REMOVED and comment.reason in (RemovedBy.AUTHOR, RemovedBy.ERASURE):
            return str(RemovedBy(comment.reason).label)
        if self.report.settled_by in (None, ModerationAction.UNDO):
            return _("A moderator will look at it.")
        if comment.state == State.VISIBLE:
            return _("A moderator has read your report: the comment stays.")
        return _("A moderator has read your report: the comment is no longer shown.")


@dataclass(frozen=True)
class StateChoice:
    """A state to filter by, and how many comments are in it; `state` "" means all."""

    state: str
    label: str
    count: int
    is_current: bool


@require_safe
@no_store
def my_comments(request: HttpRequest) -> HttpResponse:
    """List the user's comments, drafts and muted threads.

    Anonymous visitors see their drafts, or are sent to log in.
    """
    context = {"drafts": list(drafts.drafts_for(request)), "reader_tag": reader_tag(request.user)}
    if request.user.is_authenticated:
        context |= _comments_context(request)
    elif not context["drafts"]:
        return login_redirect(request)
    return render(request, "comments/my_comments.html", context)


def _comments_context(request: HttpRequest) -> dict:
    state = request.GET.get("state", "")
    if state not in State.values:
        state = ""
    choices = _state_choices(request.user, state)
    current_choice = next(choice for choice in choices if choice.is_current)
    page = _page(request.user, current_choice, request.GET.get("page"))
    return {
        "page_obj": page,
        "rows": _rows(page),
        "state": state,
        "choices": choices,
        "reports": _report_rows(request.user),
        "mutes": _mutes(request.user)[:MAX_MUTES_SHOWN],
        "max_mutes_shown": MAX_MUTES_SHOWN,
    }


def _state_choices(user: User, current: str) -> list[StateChoice]:
    """All, then each state that has comments, and the current state even if it has none."""
    counts = dict(user.comments.order_by().values_list("state").annotate(Count("pk")))
    states = [state for state in STATE_LABELS if counts.get(state) or state == current]
    return [
        StateChoice("", pgettext_lazy("my comments", "all"), sum(counts.values()), current == ""),
        *(
            StateChoice(state, STATE_LABELS[state], counts.get(state, 0), state == current)
            for state in states
        ),
    ]


def _page(user: User, choice: StateChoice, number: str | None) -> Page:
    comments = user.comments.filter(state=choice.state) if choice.state else user.comments.all()
    paginator = Paginator(
        comments.newest_first().with_article().select_related("parent__author", "replied_to__author"),
        MY_COMMENTS_PER_PAGE,
    )
    paginator.count = choice.count
    return paginator.get_page(number)


def _rows(page: Page) -> list[MyCommentRow]:
    """The rows of the page. A comment deleted between the two queries is left out."""
    renderer = threads.CommentRenderer()
    comments = Comment.objects.filter(pk__in=[comment.pk for comment in page])
    html = {row.pk: renderer.html(row) for row in threads.comment_rows(comments)}
    return [MyCommentRow(comment, html[comment.pk]) for comment in page if comment.pk in html]


def _report_rows(user: User) -> list[ReportRow]:
    reports = Report.objects.with_decision().filter(reporter=user).select_related("comment__article")
    defer = (f"comment__article__{name}" for name in LONG_TEXTS)
    return [ReportRow(report) for report in reports.defer(*defer)[:MAX_REPORTS_SHOWN]]


def _mutes(user: User) -> QuerySet[ThreadMute]:
    mutes = user.mutes.select_related("thread__article", "thread__author").order_by("-pk")
    return mutes.defer(*(f"thread__article__{name}" for name in LONG_TEXTS))


def my_comment_url(comment: Comment) -> str:
    """The URL of a comment on its author's My comments page."""
    newer = Comment.objects.filter(author=comment.author_id).newer_than(comment).count()
    page = newer // MY_COMMENTS_PER_PAGE + 1
    query = f"?page={page}" if page > 1 else ""
    return f"{reverse('comments:my_comments')}{query}#comment-{comment.pk}"


@require_POST
@no_store
@login_required
def unmute(request: HttpRequest, pk: int) -> HttpResponse:
    """Send mails about replies in thread `pk` again. Repeating it changes nothing."""
    # Not thread=pk, which passes a number of any length to the database.
    request.user.mutes.filter(thread__pk=pk).delete()
    messages.success(request, _("You get mails about replies in this thread again."))
    return redirect("comments:my_comments")


@require_POST
@no_store
def discard(request: HttpRequest, submission: UUID) -> HttpResponse:
    """Delete a draft of this browser or user. Repeating it, or naming a draft of others, changes nothing."""
    drafts.drafts_for(request).filter(submission=submission).delete()
    messages.success(request, _("The text is discarded."))
    return redirect("comments:my_comments")
