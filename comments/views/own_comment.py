"""Actions on one comment: its author edits, revises, appeals for or removes it; others report it."""

from collections.abc import Callable
from operator import attrgetter

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from comments import discussion_status, services, submissions
from comments.discussion import threads
from comments.forms import BodyForm, ReportForm, parse_id
from comments.models import Comment
from comments.policy import State
from comments.services import CommentError, CommentNotFound, OtherAccount, StaleEdit
from ictiger.core.fragment_requests import wants_fragment
from ictiger.core.http import login_redirect, no_store

from .compose import (
    ComposeForm,
    edit_form,
    other_author_message,
    render_form,
    respond_comment_missing,
    respond_posted,
)
from .my_comments import my_comment_url

_IS_ALLOWED = {
    "edit": attrgetter("may_be_edited"),
    "revise": attrgetter("may_be_revised"),
    "appeal": attrgetter("may_be_appealed"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a comment within the edit window."""

    def save(body: str) -> Comment:
        revision = parse_id(request.POST.get("revision", ""))
        return services.edit_comment(user=request.user, comment_id=pk, body=body, revision=revision)

    return _change(request, pk, "edit", save)


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a rejected comment and submit it again."""

    def save(body: str) -> Comment:
        return services.resubmit(user=request.user, comment_id=pk, body=body)

    return _change(request, pk, "revise", save)


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for another moderator's decision on a rejected comment, with a note to the moderators."""

    def save(note: str) -> Comment:
        return services.appeal(user=request.user, comment_id=pk, note=note)

    return _change(request, pk, "appeal", save)


def _change(request: HttpRequest, pk: int, task: str, save: Callable[[str], Comment]) -> HttpResponse:
    """Show the form for `task`, or call `save` with its text; return a refused text in the form."""
    if not request.user.is_authenticated and request.method != "POST":
        return login_redirect(request)
    try:
        compose_form = edit_form(request, pk, task)
    except Http404:
        return respond_comment_missing(request)
    if not request.user.is_authenticated:
        compose_form.errors = [
            _("You are no longer logged in. Log in in another tab or window, then send this again.")
        ]
        return render_form(request, compose_form, status=403)
    if _is_form_of_its_author(request, compose_form.comment):
        compose_form.errors = [other_author_message(request)]
        return render_form(request, compose_form, status=409)
    _require_author(request, compose_form.comment)
    if request.method != "POST":
        if not _IS_ALLOWED[task](compose_form.comment):
            compose_form.is_closed = True
            compose_form.errors = [_("That cannot be done with this comment any more.")]
        return render_form(request, compose_form)
    form = BodyForm(request.POST, reply=compose_form.has_reply_limits)
    if not form.is_valid():
        compose_form.errors = form.errors["body"]
        return render_form(request, compose_form, status=422)
    try:
        return respond_posted(request, save(form.cleaned_data["body"]))
    except CommentNotFound:
        return respond_comment_missing(request)
    except StaleEdit as error:
        try:
            _show_current_text(compose_form)
        except Comment.DoesNotExist:  # erased since
            return respond_comment_missing(request)
        compose_form.errors = [str(error)]
        return render_form(request, compose_form, status=error.status)
    except CommentError as error:
        compose_form.errors = [str(error)]
        return render_form(request, compose_form, status=error.status)


def _is_form_of_its_author(request: HttpRequest, comment: Comment) -> bool:
    """Whether another account sends the form that was made for the author of `comment`. Nobody else has that
    form, so the answer tells a stranger nothing about a hidden comment.
    """
    is_post = request.method == "POST" and comment.author_id not in (None, request.user.pk)
    return is_post and submissions.owner_id(request.POST) == comment.author_id


def _show_current_text(compose_form: ComposeForm) -> None:
    """Show the text that is stored, which sending the form once more replaces."""
    compose_form.comment.refresh_from_db()
    compose_form.revision = str(compose_form.comment.revision)
    compose_form.shows_current_text = True


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for confirmation; on POST remove the comment from the discussion."""
    comment = get_object_or_404(Comment.objects.select_related("article"), pk=pk)
    _require_author(request, comment)
    if request.method != "POST":
        template = "comments/_remove_form.html" if wants_fragment(request) else "comments/comment_remove.html"
        return render(request, template, {"comment": comment})
    try:
        comment = services.remove_comment(user=request.user, comment_id=pk)
    except CommentNotFound as error:
        raise Http404 from error
    if wants_fragment(request):
        return _render_removed(request, comment)
    messages.success(request, _("Your comment is removed."))
    return redirect(my_comment_url(comment))


def _render_removed(request: HttpRequest, comment: Comment) -> HttpResponse:
    """Render, for a script, the placeholder of a removed comment if it has one, and the new count."""
    row = next(iter(threads.comment_rows(Comment.objects.threads().filter(pk=comment.pk))), None)
    context = {
        "comment": comment,
        "placeholder": threads.CommentRenderer(comment.article).html(row) if row else "",
        "count": discussion_status.discussion_status(comment.article).comments,
    }
    return render(request, "comments/_removed.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@no_store
@login_required
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Report a visible comment to the moderators."""
    comment = get_object_or_404(Comment.objects.visible().select_related("article", "author"), pk=pk)
    auto_id = f"report-{pk}-%s"  # a page may hold several of these forms
    if request.method != "POST":
        return _render_report_form(request, comment, ReportForm(auto_id=auto_id))
    form = ReportForm(request.POST, auto_id=auto_id)
    if not form.is_valid():
        return _render_report_form(request, comment, form, status=422)
    try:
        if not submissions.is_made_for(request.POST, request.user):
            raise OtherAccount(request.user.public_name)
        services.report_comment(user=request.user, comment_id=pk, **form.cleaned_data)
    except CommentError as error:
        form.add_error(None, str(error))
        return _render_report_form(request, comment, form, status=error.status)
    if wants_fragment(request):
        return render(request, "comments/_reported.html")
    messages.success(request, _("Thank you. A moderator will look at it."))
    return redirect(comment)


def _render_report_form(
    request: HttpRequest, comment: Comment, form: ReportForm, *, status: int = 200
) -> HttpResponse:
    template = "comments/_report_form.html" if wants_fragment(request) else "comments/comment_report.html"
    context = {"comment": comment, "form": form, "made_for": submissions.owner_token(request.user)}
    return render(request, template, context, status=status)


def _require_author(request: HttpRequest, comment: Comment) -> None:
    """Raise PermissionDenied for visible comments of others, Http404 for hidden ones."""
    if comment.author_id != request.user.pk:
        raise PermissionDenied if comment.state == State.VISIBLE else Http404
