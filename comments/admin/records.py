"""What is known of the authors of comments, for whoever decides: asked once for all the authors of a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import User
from comments.models import Ban, Comment, Report
from comments.policy import Remover, State

BY_THEMSELVES = [Remover.AUTHOR, Remover.ERASURE]


@dataclass(frozen=True)
class Record:
    """`banned_until` is None for good, or when there is no ban; `bans` counts those of old as well."""

    since: datetime
    approved: int = 0
    rejected: int = 0
    removed: int = 0
    reported: int = 0
    bans: int = 0
    is_banned: bool = False
    banned_until: datetime | None = None


def records_of(authors: Iterable[User]) -> dict[int, Record]:
    """The records by the authors' ids, in three queries."""
    people = {author.pk: author for author in authors}
    counts = _counts(people)
    reports = dict(_by_author(Report.objects.filter(comment__author__in=people), "comment__author"))
    bans = _bans(people)
    return {
        pk: Record(since=author.date_joined, reported=reports.get(pk, 0), **counts.get(pk, {}), **bans.get(pk, {}))
        for pk, author in people.items()
    }


def _counts(people: dict[int, User]) -> dict[int, dict[str, int]]:
    removed = Q(state=State.REMOVED) & ~Q(reason__in=BY_THEMSELVES)
    rows = (
        Comment.objects.filter(author__in=people)
        .order_by()
        .values("author")
        .annotate(
            approved=Count("pk", filter=Q(approved=True)),
            rejected=Count("pk", filter=Q(state=State.REJECTED)),
            removed=Count("pk", filter=removed),
        )
    )
    return {row.pop("author"): row for row in rows}


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
