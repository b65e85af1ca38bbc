"""What a moderator typed into a form that was refused. The page that comes back has it in the form."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from django.http import HttpRequest

SESSION_KEY = "unsaved_moderation_input"  # until the next page of the queue shows it
BAN_ACTION = "ban"  # beside the values of ModerationAction


@dataclass(frozen=True)
class UnsavedInput:
    """The fields of one comment's form, or with `is_bulk` of the form for several comments.

    `action` is a ModerationAction or BAN_ACTION.
    """

    action: str = ""
    comment_ids: list[int] = field(default_factory=list)
    is_bulk: bool = False
    reason: str = ""
    note: str = ""
    days: str = ""
    why: str = ""

    @property
    def text(self) -> str:
        """What was typed rather than chosen."""
        return self.note or self.why


NO_INPUT = UnsavedInput()


def unsaved_input_from(
    request: HttpRequest, *, action: str, comment_ids: Collection[int], is_bulk: bool = False
) -> UnsavedInput:
    """The input of a POST about these comments."""
    fields = {name: request.POST.get(name, "") for name in ("reason", "note", "days", "why")}
    return UnsavedInput(action=action, comment_ids=list(comment_ids), is_bulk=is_bulk, **fields)


def store_input(request: HttpRequest, unsaved: UnsavedInput) -> None:
    """Store the input in the session for the next page. NO_INPUT removes what was stored."""
    if unsaved.comment_ids or unsaved.text:
        request.session[SESSION_KEY] = asdict(unsaved)
    else:
        request.session.pop(SESSION_KEY, None)


def pop_input(request: HttpRequest) -> UnsavedInput:
    """Remove the stored input from the session and return it; NO_INPUT when there is none."""
    return UnsavedInput(**request.session.pop(SESSION_KEY)) if SESSION_KEY in request.session else NO_INPUT
