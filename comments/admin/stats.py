"""The figures above the queue.

Counts stop at a bound: counting a million comments takes longer than deciding about one.
"""

from dataclasses import dataclass

from django.db.models import Min, QuerySet
from django.utils import timezone

from comments.models import Comment
from comments.moderation_time import duration_text, median_wait
from comments.policy import State

MAX_COUNTED = 1_000
COUNTED_STATES = (State.PENDING, State.VISIBLE, State.REJECTED, State.REMOVED)


@dataclass(frozen=True)
class QueueStats:
    """The figures as text. A wait is "" where there is none."""

    count_by_state: list[tuple[State, str]]
    reported: str  # visible comments with open reports
    median_wait: str
    oldest_wait: str


def queue_stats() -> QueueStats:
    """The figures as they are now; the median wait is minutes old at most."""
    oldest_held_at = Comment.objects.queue().order_by().aggregate(oldest=Min("held_at"))["oldest"]
    median = median_wait()
    return QueueStats(
        count_by_state=[
            (state, _count_text(Comment.objects.filter(state=state))) for state in COUNTED_STATES
        ],
        reported=_count_text(Comment.objects.reported()),
        median_wait=duration_text(median) if median is not None else "",
        oldest_wait=duration_text(timezone.now() - oldest_held_at) if oldest_held_at else "",
    )


def _count_text(comments: QuerySet[Comment]) -> str:
    count = comments.order_by()[: MAX_COUNTED + 1].count()
    return str(count) if count <= MAX_COUNTED else f"{MAX_COUNTED}+"
