"""What a moderator has typed and the desk has not taken: it stands in its boxes again on the page that comes back."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from django.http import HttpRequest

KEPT = "desk_kept"  # in the session, until that page shows it
OF_A_BAN = "ban"  # in the place of a decision


@dataclass(frozen=True)
class Typed:
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


NOTHING = Typed()


def typed_in(request: HttpRequest, *, verb: str, rows: Collection[int], at_once: bool = False) -> Typed:
    fields = {name: request.POST.get(name, "") for name in ("reason", "note", "days", "why")}
    return Typed(verb=verb, rows=list(rows), at_once=at_once, **fields)


def keep(request: HttpRequest, typed: Typed) -> None:
    """For the next page of the desk that this moderator sees."""
    if typed.rows or typed.words:
        request.session[KEPT] = asdict(typed)
    else:
        request.session.pop(KEPT, None)


def take(request: HttpRequest) -> Typed:
    """What was kept, and no longer is."""
    return Typed(**request.session.pop(KEPT)) if KEPT in request.session else NOTHING
