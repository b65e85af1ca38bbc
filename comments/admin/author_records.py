"""The moderation history of authors, beside their comments. Three queries for all authors of a page."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import User
from comments.models import Ban, Decision, Report
from comments.policy import ModerationAction, State

COUNTED_DECISIONS = [  # field of AuthorRecord, action, the state it leads to
    ("approvals", ModerationAction.APPROVE, State.VISIBLE),
    ("rejections", ModerationAction.REJECT, State.REJECTED),
    ("removals", ModerationAction.REMOVE, State.REMOVED),
]


@dataclass(frozen=True)
class AuthorRecord:
    """`banned_until` is None for a ban without end, or when there is none.

    `bans` also counts those that have ended.
    """

    member_since: datetime
    approvals: int = 0
    rejections: int = 0
    removals: int = 0
    reports: int = 0
    bans: int = 0
    is_banned: bool = False
    banned_until: datetime | None = None


def author_records(authors: Iterable[User]) -> dict[int, AuthorRecord]:
    """The records by the authors' ids."""
    users = {author.pk: author for author in authors}
    decisions = _count_decisions(users)
    reports = _count_reports(users)
    bans = _ban_fields(users)
    return {
        pk: AuthorRecord(
            member_since=user.date_joined,
            reports=reports.get(pk, 0),
            **decisions.get(pk, {}),
            **bans.get(pk, {}),
        )
        for pk, user in users.items()
    }


def _count_decisions(users: dict[int, User]) -> dict[int, dict[str, int]]:
    """How often moderators took each decision about the users' comments, without the decisions undone since.

    An undo starts from the state that the decision had led to. The comments' present states are not counted:
    a comment that its author removed or revised after a rejection has been rejected all the same.
    """
    counts = {
        name: Count("pk", filter=Q(verb=action))
        - Count("pk", filter=Q(verb=ModerationAction.UNDO, from_state=state))
        for name, action, state in COUNTED_DECISIONS
    }
    decisions = Decision.objects.filter(comment__author__in=users).order_by()
    rows = decisions.values("comment__author").annotate(**counts)
    return {row.pop("comment__author"): row for row in rows}


def _count_reports(users: dict[int, User]) -> dict[int, int]:
    reports = Report.objects.filter(comment__author__in=users).order_by()
    counts = reports.values("comment__author").annotate(count=Count("pk"))
    return dict(counts.values_list("comment__author", "count"))


def _ban_fields(users: dict[int, User]) -> dict[int, dict]:
    """`bans`, `is_banned` and `banned_until` by user id."""
    active_ids = set(Ban.objects.active().filter(user__in=users).values_list("pk", flat=True))
    bans = defaultdict(list)
    for ban in Ban.objects.filter(user__in=users).order_by("pk"):
        bans[ban.user_id].append(ban)
    return {
        user_id: {"bans": len(all_bans), **_active_ban([ban for ban in all_bans if ban.pk in active_ids])}
        for user_id, all_bans in bans.items()
    }


def _active_ban(active_bans: list[Ban]) -> dict:
    """The state of a user with these active bans: banned until the last one ends."""
    if not active_bans:
        return {}
    ends = [ban.until for ban in active_bans]
    return {"is_banned": True, "banned_until": None if None in ends else max(ends)}
