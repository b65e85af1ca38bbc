"""Decisions and bans about several comments at once, from the form above the queue."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest

from comments import services
from comments.forms import parse_id
from comments.models import Comment
from comments.policy import ModerationAction

from .decision_views import comment_not_found


@dataclass
class BulkResult:
    """How many decisions were made, and the messages of those that were refused with their numbers."""

    decided_count: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    refused_ids: list[int] = field(default_factory=list)  # without comments that were deleted


def selected_ids(request: HttpRequest) -> list[int]:
    """The ids of the selected comments, without values that are no ids."""
    values = request.POST.getlist(ACTION_CHECKBOX_NAME)
    return [pk for pk in map(parse_id, values) if pk is not None]


def decide_selected(request: HttpRequest, action: ModerationAction) -> BulkResult:
    """Decide about each selected comment as this moderator saw it.

    The admin's queryset will not do: comments that another moderator has just decided about are no longer in
    it, and with "select all" it has comments that nobody has seen.
    """
    result = BulkResult()
    for comment_id in selected_ids(request):
        try:
            services.decide(
                moderator=request.user,
                comment_id=comment_id,
                action=action,
                reason=request.POST.get("reason", ""),
                note=request.POST.get("note", ""),
                version_token=request.POST.get(f"seen_{comment_id}", ""),
            )
        except services.CommentNotFound:
            result.refusals[comment_not_found()] += 1
        except services.CommentError as error:
            result.refusals[str(error)] += 1
            result.refused_ids.append(comment_id)
        else:
            result.decided_count += 1
    return result


def ban_selected_authors(request: HttpRequest, *, why: str, days: int | None) -> int:
    """Ban the authors of the selected comments for `days`, or for good with None. Returns how many."""
    comments = Comment.objects.filter(pk__in=selected_ids(request)).select_related("author")
    count = 0
    for author in {comment.author for comment in comments if comment.author}:
        with suppress(services.Forbidden):  # erased meanwhile, or at work here
            services.ban_user(by=request.user, user=author, why=why, days=days)
            count += 1
    return count
