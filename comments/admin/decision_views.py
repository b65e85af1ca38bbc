"""What a row's buttons and keys ask for: one decision, one ban, undo, and who is looking at what.

Asked by a form, the answer is the page the form stood on, with a message. Asked by the desk's script (`X-Fragment`), it is JSON: what to say
(`said`), whether it was done, and the row as it is now.
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
from comments.policy import ModerationAction
from ictiger.core.fragment_requests import wants_fragment

from .forms import BanForm, DecisionForm
from .permissions import BAN_PERMISSION, MODERATE_PERMISSION, permission_choices
from .queue_rows import queue_rows, visible_to_moderators
from .unsaved_input import BAN_FIELDS, NO_INPUT, UnsavedInput, store_input, unsaved_input_from

MAX_CLAIMS = 200  # rows that one page may ask about
DONE_MESSAGES = {
    ModerationAction.APPROVE: gettext_lazy("Approved: the comment by %(who)s."),
    ModerationAction.REJECT: gettext_lazy("Rejected: the comment by %(who)s."),
    ModerationAction.REMOVE: gettext_lazy("Removed: the comment by %(who)s."),
    ModerationAction.UNDO: gettext_lazy("Taken back: the decision about the comment by %(who)s."),
}


def post_or_redirect(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only POST does something. GET is what comes from the log-in, when the session had ended: it leads to where the form stands."""

    @wraps(view)
    def answer(request: HttpRequest, **row: int) -> HttpResponse:
        if request.method == "GET":
            return (
                redirect("admin:comments_comment_change", row["pk"])
                if row
                else redirect("admin:comments_comment_changelist")
            )
        return view(request, **row)

    return require_http_methods(["GET", "POST"])(answer)


def comment_not_found() -> str:
    return _("This comment is no longer there: its author has left.")


def first_error(form: Form) -> str:
    """What is wrong with what a moderator has sent along."""
    if "reason" in form.errors:
        return _("Choose the reason that the author is told.")
    if "days" in form.errors or form.has_error("why", "required"):
        return _("Say for how long, and why, for the other moderators.")
    return str(next(iter(form.errors.values()))[0])


@post_or_redirect
def decide_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, reject, remove or undo one comment, as its row showed it."""
    _require_permission(request, MODERATE_PERMISSION)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _respond(request, pk, first_error(form), done=False)
    sent = form.cleaned_data
    if sent["verb"] == ModerationAction.REMOVE and not sent["reason"]:
        return _respond(request, pk, _("Choose the reason that the author is told."), done=False)
    try:
        decision = services.decide(
            moderator=request.user,
            comment_id=pk,
            action=sent["verb"],
            version_token=sent["seen"],
            take_over=sent["take_over"],
            **form.told,
        )
    except services.CommentNotFound:
        return _respond(request, pk, comment_not_found(), done=False)
    except services.CommentError as refusal:
        return _respond(request, pk, str(refusal), done=False)
    return _respond(
        request, pk, DONE_MESSAGES[sent["verb"]] % {"who": decision.comment.author_name}, done=True
    )


@post_or_redirect
def ban_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ban the author of a comment, for a time or for good."""
    _require_permission(request, BAN_PERMISSION)
    comment = get_object_or_404(visible_to_moderators(Comment.objects.all()), pk=pk)
    form = BanForm(request.POST)
    if comment.author is None:
        return _respond(request, pk, comment_not_found(), done=False)
    if not form.is_valid():
        return _respond(request, pk, first_error(form), done=False)
    try:
        services.ban_user(
            by=request.user,
            user=comment.author,
            why=form.cleaned_data["why"],
            days=form.cleaned_data["days"] or None,
        )
    except services.AccountDeleted:
        return _respond(request, pk, comment_not_found(), done=False)
    return _respond(
        request, pk, _("%(who)s is banned.") % {"who": comment.author_name}, done=True, stays=True
    )


@post_or_redirect
def undo_view(request: HttpRequest) -> HttpResponse:
    """Take back the newest decision of one's own."""
    _require_permission(request, MODERATE_PERMISSION)
    try:
        decision = services.undo_last(moderator=request.user)
    except services.CommentNotFound:
        return _respond(request, None, comment_not_found(), done=False)
    except services.CommentError as refusal:
        return _respond(request, None, str(refusal), done=False)
    if decision is None:
        return _respond(
            request, None, _("There is no decision of yours from the last hour to take back."), done=False
        )
    said = DONE_MESSAGES[ModerationAction.UNDO] % {"who": decision.comment.author_name}
    return _respond(request, decision.comment_id, said, done=True, stays=True)


@post_or_redirect
def claims_view(request: HttpRequest) -> HttpResponse:
    """Say which comment one is looking at (`hold`) and which no longer (`release`); who looks at those that are `shown`."""
    _require_permission(request, MODERATE_PERMISSION)
    hold, release, shown = (_ids(request.POST.get(name, "")) for name in ("hold", "release", "shown"))
    services.release_claims(moderator=request.user, comment_ids=release)
    for pk in hold[:1]:
        try:
            services.claim_comment(
                moderator=request.user, comment_id=pk, take_over=bool(request.POST.get("take_over"))
            )
        except services.CommentNotFound:
            return _respond(request, None, comment_not_found(), done=False)
    if not wants_fragment(request):
        return redirect(_back(request))
    others = (
        Claim.objects.active()
        .filter(comment__in=shown)
        .exclude(moderator=request.user)
        .select_related("moderator")
    )
    return JsonResponse({"claims": {claim.comment_id: claim.moderator.public_name for claim in others}})


def _require_permission(request: HttpRequest, right: str) -> None:
    if not request.user.has_perm(right):
        raise PermissionDenied


def _ids(numbers: str) -> list[int]:
    return [pk for pk in map(parse_id, numbers.split(",")[:MAX_CLAIMS]) if pk is not None]


def _respond(
    request: HttpRequest, pk: int | None, said: str, *, done: bool, stays: bool = False
) -> HttpResponse:
    """`stays`: the row is still to be decided about, so that the focus stays there. What was not done comes back with what was typed."""
    typed = (
        NO_INPUT
        if done or not pk
        else unsaved_input_from(request, verb=request.POST.get("verb", BAN_FIELDS), rows=[pk])
    )
    if not wants_fragment(request):
        messages.add_message(request, messages.SUCCESS if done else messages.WARNING, said)
        store_input(request, typed)
        return redirect(_back(request) + (f"#row-{pk}" if typed.rows else ""))
    return JsonResponse(
        {
            "said": said,
            "done": done,
            "stays": stays,
            "pk": pk,
            "row": _row_html(request, pk, typed) if pk else "",
        }
    )


def _row_html(request: HttpRequest, pk: int, typed: UnsavedInput) -> str:
    """The row as it is now; "" when the comment is no longer there."""
    found = visible_to_moderators(Comment.objects.filter(pk=pk))
    return "".join(
        render_to_string(
            "admin/comments/comment/row.html",
            {"row": row, **permission_choices(request), "here": _back(request)},
            request,
        )
        for row in queue_rows(found, request.user, typed)
    )


def _back(request: HttpRequest) -> str:
    """Where the form stood."""
    url = request.POST.get("next", "")
    queue = reverse("admin:comments_comment_changelist")
    return (
        url if url.startswith(queue) and url_has_allowed_host_and_scheme(url, allowed_hosts=None) else queue
    )
