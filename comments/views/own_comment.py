"""A reader's own comments: what waits, why, and what may be done; and reporting those of others."""

from collections.abc import Callable
from operator import attrgetter

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from accounts.views import personal_fragment as render_fragment
from comments import discussion_status, services
from comments.discussion import personal, threads
from comments.forms import BodyForm, ReportForm
from comments.models import Comment
from comments.policy import State
from comments.services import CommentError, CommentNotFound
from ictiger.core.fragment_requests import wants_fragment

from .compose import comment_gone, edit_form, render_form, respond_posted
from .discussion import my_comment_url

no_store = cache_control(private=True, no_store=True)


@require_safe
@no_store
def personal_fragment(request: HttpRequest, article_id: int) -> HttpResponse:
    """The bar, and what only this reader sees of the discussion: their comments that wait, and texts not posted yet."""
    return render_fragment(
        request, "comments/discussion_me.html", **personal.personal_context(request, article_id)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own comment within the time for it."""
    return _change(
        request, pk, "edit", lambda text: services.edit_comment(user=request.user, comment_id=pk, body=text)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own rejected comment and send it in again."""
    return _change(
        request, pk, "revise", lambda text: services.resubmit(user=request.user, comment_id=pk, body=text)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask another moderator to read one's own rejected comment, with a note to the moderators."""
    return _change(
        request, pk, "appeal", lambda text: services.appeal(user=request.user, comment_id=pk, note=text)
    )


_IS_ALLOWED = {
    task: attrgetter(f"may_be_{done}")
    for task, done in (("edit", "edited"), ("revise", "revised"), ("appeal", "appealed"))
}


def _change(request: HttpRequest, pk: int, task: str, take: Callable[[str], Comment]) -> HttpResponse:
    """The form for one's own comment, and what it brings; whatever stands in its way, the text comes back."""
    if not request.user.is_authenticated and request.method != "POST":
        return log_in(request)
    try:
        box = edit_form(request, pk, task)
    except Http404:
        return comment_gone(request)
    if not request.user.is_authenticated:
        box.errors = [
            _("You are no longer logged in. Log in in another tab or window, then send this again.")
        ]
        return render_form(request, box, status=403)
    _require_author(request, box.editing)
    if request.method != "POST":
        box.in_vain = not _IS_ALLOWED[task](box.editing)
        box.errors = [_("That cannot be done with this comment any more.")] if box.in_vain else []
        return render_form(request, box)
    form = BodyForm(request.POST, reply=box.is_short)
    if not form.is_valid():
        box.errors = form.errors["body"]
        return render_form(request, box, status=422)
    try:
        return respond_posted(request, take(form.cleaned_data["body"]))
    except CommentNotFound:
        return comment_gone(request)
    except CommentError as refusal:
        box.errors = [str(refusal)]
        return render_form(request, box, status=refusal.status)


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, then take one's own comment out of the discussion."""
    comment = get_object_or_404(Comment.objects.select_related("article"), pk=pk)
    _require_author(request, comment)
    if request.method != "POST":
        template = "comments/_remove_form.html" if wants_fragment(request) else "comments/comment_remove.html"
        return render(request, template, {"comment": comment})
    try:
        comment = services.remove_comment(user=request.user, comment_id=pk)
    except CommentNotFound as gone:
        raise Http404 from gone
    if wants_fragment(request):
        return _render_removed(request, comment)
    messages.success(request, _("Your comment is removed."))
    return redirect(my_comment_url(comment))


def _render_removed(request: HttpRequest, comment: Comment) -> HttpResponse:
    """For a script: what stands in the place of a removed comment, if anything does."""
    row = next(iter(threads.comment_rows(Comment.objects.threads().filter(pk=comment.pk))), None)
    place = threads.CommentRenderer(comment.article).html(row) if row else ""
    context = {
        "comment": comment,
        "place": place,
        "count": discussion_status.discussion_status(comment.article).comments,
    }
    return render(request, "comments/_removed.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell the moderators what is wrong with a comment."""
    comment = get_object_or_404(Comment.objects.visible().select_related("article", "author"), pk=pk)
    ids = f"report-{pk}-%s"  # several of these forms may stand on one page
    if request.method != "POST":
        return _show_report(request, comment, ReportForm(auto_id=ids))
    form = ReportForm(request.POST, auto_id=ids)
    if not form.is_valid():
        return _show_report(request, comment, form, status=422)
    try:
        services.report_comment(user=request.user, comment_id=pk, **form.cleaned_data)
    except CommentError as refusal:
        form.add_error(None, str(refusal))
        return _show_report(request, comment, form, status=refusal.status)
    if wants_fragment(request):
        return render(request, "comments/_reported.html")
    messages.success(request, _("Thank you. A moderator will look at it."))
    return redirect(comment)


def _show_report(
    request: HttpRequest, comment: Comment, form: ReportForm, *, status: int = 200
) -> HttpResponse:
    template = "comments/_report_form.html" if wants_fragment(request) else "comments/comment_report.html"
    return render(request, template, {"comment": comment, "form": form}, status=status)


def log_in(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.get_full_path())


def _require_author(request: HttpRequest, comment: Comment) -> None:
    """Somebody else's comment: 403 where it can be seen, 404 where not even that it exists is theirs to know."""
    if comment.author_id != request.user.pk:
        raise PermissionDenied if comment.state == State.VISIBLE else Http404
