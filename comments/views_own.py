"""A reader's own comments: what waits, why, and what may be done; and reporting those of others."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from articles.models import Article

from . import reading, services, waiting
from .forms import BodyForm, ReportForm
from .models import Comment
from .policy import State
from .services import Refused
from .views import Box, accepted, edit_box, own_url, show_box

personal = cache_control(private=True, no_store=True)

PAGE = 50
MOST_IN_FRAGMENT = 100  # of the reader's own comments in one discussion, the newest


@require_safe
@personal
def me(request: HttpRequest, article_id: int) -> HttpResponse:
    """The bar, and what only this reader sees of the discussion: their comments that wait, and texts not posted yet."""
    key = Article.objects.public().filter(pk=article_id).values("translation_key")
    return render(request, "comments/discussion_me.html", own_of_discussion(request, Subquery(key)))


def own_of_discussion(request: HttpRequest, key: UUID | Subquery) -> dict:
    """What `comments/_own.html` shows."""
    context = {"kept": waiting.texts_of(request).filter(article__translation_key=key), "own": []}
    if request.user.is_authenticated:
        own = Comment.objects.filter(author=request.user, discussion=key).exclude(state=State.REMOVED)
        markup = reading.CommentMarkup()
        context["own"] = [(row, markup.html(row)) for row in reading.rows(own.order_by("-pk")[:MOST_IN_FRAGMENT])]
    return context


@require_safe
@personal
def mine(request: HttpRequest) -> HttpResponse:
    """Every comment of the reader's own with its state and reason, and the texts that wait in this browser."""
    kept = waiting.texts_of(request)
    if not request.user.is_authenticated and not kept:
        return _log_in(request)
    page = Paginator(_own(request), PAGE).get_page(request.GET.get("page"))
    markup = reading.CommentMarkup()
    html = {row.pk: markup.html(row) for row in reading.rows(Comment.objects.filter(pk__in=[comment.pk for comment in page]))}
    context = {"page_obj": page, "kept": kept, "own": [(comment, html[comment.pk]) for comment in page]}
    return render(request, "comments/comment_mine.html", context)


def _own(request: HttpRequest) -> QuerySet[Comment]:
    if not request.user.is_authenticated:
        return Comment.objects.none()
    return request.user.comments.select_related("article").order_by("-pk")


@require_http_methods(["GET", "HEAD", "POST"])
@personal
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own comment within the time for it."""
    if not request.user.is_authenticated and request.method != "POST":
        return _log_in(request)
    box = edit_box(request, pk)
    if not request.user.is_authenticated:
        box.errors = [_("You are no longer logged in. Log in in another tab or window, then send this again.")]
        return show_box(request, box, status=403)
    _refuse_others(request, box.editing)
    return _save_edit(request, box) if request.method == "POST" else show_box(request, box)


def _save_edit(request: HttpRequest, box: Box) -> HttpResponse:
    form = BodyForm(request.POST, reply=box.is_reply)
    if not form.is_valid():
        box.errors = form.errors["body"]
        return show_box(request, box, status=422)
    try:
        return accepted(request, services.edit(user=request.user, comment_id=box.editing.pk, body=form.cleaned_data["body"]))
    except Refused as refusal:
        box.errors = [str(refusal)]
        return show_box(request, box, status=refusal.status)


@require_http_methods(["GET", "HEAD", "POST"])
@personal
@login_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, then take one's own comment out of the discussion."""
    comment = get_object_or_404(Comment.objects.select_related("article"), pk=pk)
    _refuse_others(request, comment)
    if request.method != "POST":
        template = "comments/_remove_form.html" if request.htmx else "comments/comment_remove.html"
        return render(request, template, {"comment": comment})
    comment = services.remove(user=request.user, comment_id=pk)
    if request.htmx:
        return _left_behind(request, comment)
    messages.success(request, _("Your comment is removed."))
    return redirect(own_url(comment))


def _left_behind(request: HttpRequest, comment: Comment) -> HttpResponse:
    """For a script: what stands in the place of a removed comment, if anything does."""
    row = next(iter(reading.rows(Comment.objects.threads().filter(pk=comment.pk))), None)
    place = reading.CommentMarkup(comment.article).html(row) if row else ""
    context = {"comment": comment, "place": place, "count": reading.count_of(comment.article)[1]}
    return render(request, "comments/_removed.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@personal
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
        services.report(user=request.user, comment_id=pk, **form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _show_report(request, comment, form, status=refusal.status)
    if request.htmx:
        return render(request, "comments/_reported.html")
    messages.success(request, _("Thank you. A moderator will look at it."))
    return redirect(comment)


def _show_report(request: HttpRequest, comment: Comment, form: ReportForm, *, status: int = 200) -> HttpResponse:
    template = "comments/_report_form.html" if request.htmx else "comments/comment_report.html"
    return render(request, template, {"comment": comment, "form": form}, status=status)


def _log_in(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.get_full_path())


def _refuse_others(request: HttpRequest, comment: Comment) -> None:
    """Somebody else's comment: 403 where it can be seen, 404 where not even that it exists is theirs to know."""
    if comment.author_id != request.user.pk:
        raise PermissionDenied if comment.state == State.VISIBLE else Http404
