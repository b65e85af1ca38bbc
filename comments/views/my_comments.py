"""All that is a reader's own in the discussion, on one page: comments in all their states, texts that wait, threads without mails."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from articles.models import LONG_TEXTS
from comments import drafts
from comments.discussion import threads
from comments.models import Comment, ThreadMute
from comments.policy import EDIT_WINDOW, MY_COMMENTS_PER_PAGE, State

from .own_comment import log_in, no_store

STATE_LABELS = {
    State.UNVERIFIED: pgettext_lazy("my comments", "waiting for my address"),
    State.PENDING: pgettext_lazy("my comments", "waiting for a moderator"),
    State.VISIBLE: pgettext_lazy("my comments", "visible"),
    State.REJECTED: pgettext_lazy("my comments", "turned down"),
    State.REMOVED: pgettext_lazy("my comments", "removed"),
}


MAX_MUTES_SHOWN = 50  # the newest; each that is taken back makes room for one more


@dataclass(frozen=True)
class MyCommentRow:
    """One comment on the page, with what only its author needs to know of it."""

    comment: Comment
    html: SafeString

    @property
    def label(self) -> str:
        """Its state, in the words of the choices above the list."""
        return str(STATE_LABELS[self.comment.state])

    @property
    def answered(self) -> Comment | None:
        """What it answers, while everybody may read that."""
        answered = self.comment.replied_to or self.comment.parent
        return answered if answered and answered.state == State.VISIBLE else None

    @property
    def editable_until(self) -> datetime | None:
        return self.comment.created_at + EDIT_WINDOW if self.comment.may_be_edited else None

    @property
    def minutes_left(self) -> int:
        """Begun ones count: at the end it says 1."""
        return -((timezone.now() - self.editable_until) // timedelta(minutes=1))


@dataclass(frozen=True)
class StateChoice:
    """One of the states to filter by, with how many comments are in it; `state` "" is all of them."""

    state: str
    label: str
    number: int
    is_current: bool


@require_safe
@no_store
def my_comments(request: HttpRequest) -> HttpResponse:
    """Every comment of the reader's own with its state, its reason and what may be done; what waits in this browser; muted threads."""
    kept = list(drafts.drafts_for(request))
    if not request.user.is_authenticated and not kept:
        return log_in(request)
    context = {"kept": kept}
    if request.user.is_authenticated:
        state = request.GET.get("state", "")
        state = state if state in State.values else ""
        choices = _choices(request.user, state)
        page = _page(
            request.user, next(choice for choice in choices if choice.is_current), request.GET.get("page")
        )
        context |= {"page_obj": page, "rows": _rows(page), "state": state, "choices": choices}
        context |= {"mutes": _mutes(request.user)[:MAX_MUTES_SHOWN], "mutes_shown": MAX_MUTES_SHOWN}
    return render(request, "comments/comment_mine.html", context)


def _page(reader: User, choice: StateChoice, number: str | None) -> Page:
    own = reader.comments.filter(state=choice.state) if choice.state else reader.comments.all()
    pages = Paginator(
        own.newest_first().with_article().select_related("parent__author", "replied_to__author"),
        MY_COMMENTS_PER_PAGE,
    )
    pages.count = choice.number
    return pages.get_page(number)


def _rows(page: Page) -> list[MyCommentRow]:
    markup = threads.CommentRenderer()
    html = {
        row.pk: markup.html(row)
        for row in threads.comment_rows(Comment.objects.filter(pk__in=[comment.pk for comment in page]))
    }
    return [
        MyCommentRow(comment, html[comment.pk]) for comment in page if comment.pk in html
    ]  # one may have gone in between


def _choices(reader: User, current: str) -> list[StateChoice]:
    """All, and each state that a comment is in; the one that is shown also when none is."""
    numbers = dict(reader.comments.order_by().values_list("state").annotate(Count("pk")))
    states = [state for state in STATE_LABELS if numbers.get(state) or state == current]
    everything = StateChoice("", pgettext_lazy("my comments", "all"), sum(numbers.values()), current == "")
    return [
        everything,
        *(
            StateChoice(state, STATE_LABELS[state], numbers.get(state, 0), state == current)
            for state in states
        ),
    ]


def _mutes(reader: User) -> QuerySet[ThreadMute]:
    mutes = reader.mutes.select_related("thread__article", "thread__author").order_by("-pk")
    return mutes.defer(*(f"thread__article__{name}" for name in LONG_TEXTS))


@require_POST
@no_store
@login_required
def unmute(request: HttpRequest, pk: int) -> HttpResponse:
    """Mails about answers in thread `pk` come again. Done once it is done."""
    request.user.mutes.filter(
        thread__pk=pk
    ).delete()  # not thread=pk: that hands a number of any length to the database
    messages.success(request, _("You get mails about replies in this thread again."))
    return redirect("comments:my_comments")


@require_POST
@no_store
def discard(request: HttpRequest, submission: UUID) -> HttpResponse:
    """A text that waits is not to be posted: it goes. Done once it is done, and no way to texts of others."""
    drafts.drafts_for(request).filter(submission=submission).delete()
    messages.success(request, _("The text is discarded."))
    return redirect("comments:my_comments")
