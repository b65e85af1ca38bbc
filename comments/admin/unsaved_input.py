"""What a moderator has typed and the desk has not taken: it stands in its boxes again on the page that comes back."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from django.http import HttpRequest

SESSION_KEY = "desk_kept"  # in the session, until that page shows it
BAN_FIELDS = "ban"  # in the place of a decision


@dataclass(frozen=True)
class UnsavedInput:
    """`verb` is what was to be done with the comments whose ids are `rows`: one from its row, or several `at_once`."""

    verb: str = ""
    rows: list[int] = field(default_factory=list)
    at_once: bool = False
    reason: str = ""
    note: str = ""
    days: str = ""
    why: str = ""

    @property
    def words(self) -> str:
        return self.note or self.why


NO_INPUT = UnsavedInput()


def unsaved_input_from(
    request: HttpRequest, *, verb: str, rows: Collection[int], at_once: bool = False
) -> UnsavedInput:
    fields = {name: request.POST.get(name, "") for name in ("reason", "note", "days", "why")}
    return UnsavedInput(verb=verb, rows=list(rows), at_once=at_once, **fields)


def store_input(request: HttpRequest, typed: UnsavedInput) -> None:
    """For the next page of the desk that this moderator sees."""
    if typed.rows or typed.words:
        request.session[SESSION_KEY] = asdict(typed)
    else:
        request.session.pop(SESSION_KEY, None)


def pop_input(request: HttpRequest) -> UnsavedInput:
    """What was kept, and no longer is."""
    return UnsavedInput(**request.session.pop(SESSION_KEY)) if SESSION_KEY in request.session else NO_INPUT
