"""The figures above the queue. Counted to a bound: to count a million takes longer than to decide about one."""

from dataclasses import dataclass

from django.db.models import Min
from django.utils import timezone

from comments.models import Comment
from comments.moderation_time import duration_text, median_wait
from comments.policy import State

MAX_COUNTED = 1_000
SHOWN = (State.PENDING, State.VISIBLE, State.REJECTED, State.REMOVED)


@dataclass(frozen=True)
class QueueStats:
    """How many comments are in each state; how long a decision usually takes, and how long the oldest waits: in words, "" for none."""

    by_state: list[tuple[State, str]]
    usual: str
    oldest: str


def queue_stats() -> QueueStats:
    since = Comment.objects.queue().order_by().aggregate(since=Min("held_at"))["since"]
    usual = median_wait()
    return QueueStats(
        by_state=[(state, _count_text(state)) for state in SHOWN],
        usual=duration_text(usual) if usual is not None else "",
        oldest=duration_text(timezone.now() - since) if since else "",
    )


def _count_text(state: State) -> str:
    number = Comment.objects.filter(state=state).order_by()[: MAX_COUNTED + 1].count()
    return str(number) if number <= MAX_COUNTED else f"{MAX_COUNTED}+"
