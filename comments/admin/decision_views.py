"""Views behind the buttons and keys of a row: one decision, one ban, undoing, and claims.

A form gets a redirect to the page that it was on, with a message. The queue's script (`X-Fragment`) gets
JSON: the message (`said`), whether it was done, and the row as it is now.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from comments import services
from comments.forms import parse_id
from comments.models import Claim, Comment
from comments.policy import ModerationAction, State
from ictiger.core.fragment_requests import wants_fragment

from .forms import BanForm, DecisionForm
from .permissions import BAN_PERMISSION, MODERATE_PERMISSION, row_form_context
from .queue_rows import queue_rows, visible_to_moderators
from .unsaved_input import BAN_ACTION, NO_INPUT, UnsavedInput, store_input, unsaved_input_from

MAX_CLAIMS = 200  # comment ids in one list of a claims request
LEFT_UP_MESSAGE = gettext_lazy("Left up: the comment by %(who)s. Its reports are settled.")
DONE_MESSAGES = {
    ModerationAction.APPROVE: gettext_lazy("Approved: the comment by %(who)s."),
    ModerationAction.REJECT: gettext_lazy("Rejected: the comment by %(who)s."),
    ModerationAction.REMOVE: gettext_lazy("Removed: the comment by %(who)s."),
    ModerationAction.UNDO: gettext_lazy("Taken back: the decision about the comment by %(who)s."),
}


def post_or_redirect(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let the view handle POST only.

    GET, which follows a log-in after the session expired, redirects to the form's page.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: int) -> HttpResponse:
        if request.method == "POST":
            return view(request, **kwargs)
        if "pk" in kwargs:
            return redirect("admin:comments_comment_change", kwargs["pk"])
        return redirect("admin:comments_comment_changelist")

    return require_http_methods(["GET", "POST"])(wrapper)


def comment_not_found() -> str:
    """The message for a comment that was deleted, which happens when its author leaves."""
    return _("This comment is no longer there: its author has left.")


def first_error(form: Form) -> str:
    """The message for an invalid form."""
    if "reason" in form.errors:
        return _("Choose the reason that the author is told.")
    if "days" in form.errors or form.has_error("why", "required"):
        return _("Say for how long, and why, for the other moderators.")
    return str(next(iter(form.errors.values()))[0])


@post_or_redirect
def decide_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, reject, remove or undo one comment."""
    _require_permission(request, MODERATE_PERMISSION)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _respond(request, pk, first_error(form), is_done=False)
    action = form.cleaned_data["verb"]
    if action == ModerationAction.REMOVE and not form.cleaned_data["reason"]:
        return _respond(request, pk, _("Choose the reason that the author is told."), is_done=False)
    try:
        decision = services.decide(
            moderator=request.user,
            comment_id=pk,
            action=action,
            version_token=form.cleaned_data["seen"],
            take_over=form.cleaned_data["take_over"],
            last_report_id=form.cleaned_data["last_report"],
            **form.message,
        )
    except services.CommentNotFound:
        return _respond(request, pk, comment_not_found(), is_done=False)
    except services.CommentError as error:
        return _respond(request, pk, str(error), is_done=False)
    is_left_up = action == ModerationAction.APPROVE and decision.from_state == State.VISIBLE
    message = LEFT_UP_MESSAGE if is_left_up else DONE_MESSAGES[action]
    return _respond(request, pk, message % {"who": decision.comment.author_name}, is_done=True)


@post_or_redirect
def ban_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ban the author of a comment, for some days or for good."""
    _require_permission(request, BAN_PERMISSION)
    comment = get_object_or_404(visible_to_moderators(Comment.objects.all()), pk=pk)
    form = BanForm(request.POST)
    if comment.author is None:
        return _respond(request, pk, comment_not_found(), is_done=False)
    if not form.is_valid():
        return _respond(request, pk, first_error(form), is_done=False)
    try:
        services.ban_user(
            by=request.user,
            user=comment.author,
            why=form.cleaned_data["why"],
            days=form.cleaned_data["days"] or None,
        )
    except services.AccountDeleted:
        return _respond(request, pk, comment_not_found(), is_done=False)
    except services.Forbidden as error:
        return _respond(request, pk, str(error), is_done=False)
    message = _("%(who)s is banned.") % {"who": comment.author_name}
    return _respond(request, pk, message, is_done=True, keep_focus=True)


@post_or_redirect
def undo_view(request: HttpRequest) -> HttpResponse:
    """Undo this moderator's newest decision."""
    _require_permission(request, MODERATE_PERMISSION)
    try:
        decision = services.undo_last(moderator=request.user)
    except services.CommentNotFound:
        return _respond(request, None, comment_not_found(), is_done=False)
    except services.CommentError as error:
        return _respond(request, None, str(error), is_done=False)
    if decision is None:
        message = _("There is no decision of yours from the last hour to take back.")
        return _respond(request, None, message, is_done=False)
    message = DONE_MESSAGES[ModerationAction.UNDO] % {"who": decision.comment.author_name}
    return _respond(request, decision.comment_id, message, is_done=True, keep_focus=True)


@post_or_redirect
def claims_view(request: HttpRequest) -> HttpResponse:
    """Claim the comment `hold`, release those in `release`, and return others' claims on those in `shown`."""
    _require_permission(request, MODERATE_PERMISSION)
    hold, release, shown = (_parse_ids(request.POST.get(name, "")) for name in ("hold", "release", "shown"))
    services.release_claims(moderator=request.user, comment_ids=release)
    for pk in hold[:1]:
        try:
            services.claim_comment(
                moderator=request.user, comment_id=pk, take_over=bool(request.POST.get("take_over"))
            )
        except services.CommentNotFound:
            return _respond(request, None, comment_not_found(), is_done=False)
    if not wants_fragment(request):
        return redirect(_return_url(request))
    claims = Claim.objects.active().filter(comment__in=shown).exclude(moderator=request.user)
    names = {claim.comment_id: claim.moderator.public_name for claim in claims.select_related("moderator")}
    return JsonResponse({"claims": names})


def _require_permission(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _parse_ids(numbers: str) -> list[int]:
    return [pk for pk in map(parse_id, numbers.split(",")[:MAX_CLAIMS]) if pk is not None]


def _respond(
    request: HttpRequest, pk: int | None, message: str, *, is_done: bool, keep_focus: bool = False
) -> HttpResponse:
    """The response to a form or to the script. What was not done comes back with what was typed.

    `keep_focus`: the row can still be decided about, so the script leaves the focus on it.
    """
    unsaved = NO_INPUT
    if pk and not is_done:
        action = request.POST.get("verb", BAN_ACTION)
        unsaved = unsaved_input_from(request, action=action, comment_ids=[pk])
    if not wants_fragment(request):
        messages.add_message(request, messages.SUCCESS if is_done else messages.WARNING, message)
        store_input(request, unsaved)
        return redirect(_return_url(request) + (f"#row-{pk}" if unsaved.comment_ids else ""))
    row = _row_html(request, pk, unsaved) if pk else ""
    return JsonResponse({"said": message, "done": is_done, "stays": keep_focus, "pk": pk, "row": row})


def _row_html(request: HttpRequest, pk: int, unsaved: UnsavedInput) -> str:
    """The row as it is now; "" when the comment was deleted."""
    rows = queue_rows(visible_to_moderators(Comment.objects.filter(pk=pk)), request.user, unsaved)
    return "".join(
        render_to_string(
            "admin/comments/comment/row.html",
            {"row": row, **row_form_context(request, _return_url(request))},
            request,
        )
        for row in rows
    )


def _return_url(request: HttpRequest) -> str:
    """The page that the form was on, if it is a page of the queue; otherwise the queue."""
    url = request.POST.get("next", "")
    queue_url = reverse("admin:comments_comment_changelist")
    is_queue_page = url.startswith(queue_url) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return url if is_queue_page else queue_url
