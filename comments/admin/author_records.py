"""What is known of the authors of comments, for whoever decides: asked once for all the authors of a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import User
from comments.models import Ban, Decision, Report
from comments.policy import ModerationAction, State

COUNTED_PERIOD = [
    ("approvals", ModerationAction.APPROVE, State.VISIBLE),
    ("rejections", ModerationAction.REJECT, State.REJECTED),
    ("removals", ModerationAction.REMOVE, State.REMOVED),
]


@dataclass(frozen=True)
class AuthorRecord:
    """`banned_until` is None for good, or when there is no ban; `bans` counts those of old as well."""

    since: datetime
    approvals: int = 0
    rejections: int = 0
    removals: int = 0
    reports: int = 0
    bans: int = 0
    is_banned: bool = False
    banned_until: datetime | None = None


def author_records(authors: Iterable[User]) -> dict[int, AuthorRecord]:
    """The records by the authors' ids, in three queries."""
    people = {author.pk: author for author in authors}
    decisions = _decisions(people)
    reports = dict(_by_author(Report.objects.filter(comment__author__in=people), "comment__author"))
    bans = _bans(people)
    return {
        pk: AuthorRecord(
            since=author.date_joined, reports=reports.get(pk, 0), **decisions.get(pk, {}), **bans.get(pk, {})
        )
        for pk, author in people.items()
    }


def _decisions(people: dict[int, User]) -> dict[int, dict[str, int]]:
    """How often moderators have decided what, but for what was taken back: an undo comes from the state that the decision had led to.

    Not how many comments are in which state now: whoever removes or mends what was turned down has been turned down all the same.
    """
    made = {
        name: Count("pk", filter=Q(verb=verb))
        - Count("pk", filter=Q(verb=ModerationAction.UNDO, from_state=led_to))
        for name, verb, led_to in COUNTED_PERIOD
    }
    rows = (
        Decision.objects.filter(comment__author__in=people)
        .order_by()
        .values("comment__author")
        .annotate(**made)
    )
    return {row.pop("comment__author"): row for row in rows}


def _by_author(rows, author: str):
    return rows.order_by().values(author).annotate(number=Count("pk")).values_list(author, "number")


def _bans(people: dict[int, User]) -> dict[int, dict]:
    active = set(Ban.objects.active().filter(user__in=people).values_list("pk", flat=True))
    found: dict[int, dict] = {}
    for ban in Ban.objects.filter(user__in=people).order_by("pk"):
        known = found.setdefault(ban.user_id, {"bans": 0})
        known["bans"] += 1
        if ban.pk in active:
            known |= {"is_banned": True, "banned_until": _later(known, ban)}
    return found


def _later(known: dict, ban: Ban) -> datetime | None:
    """The end of two bans together."""
    if not known.get("is_banned"):
        return ban.until
    return max(known["banned_until"], ban.until) if known["banned_until"] and ban.until else None
