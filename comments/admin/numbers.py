"""The figures above the queue."""

from dataclasses import dataclass

from django.db.models import Count, Min
from django.utils import timezone

from comments.durations import in_words
from comments.models import Comment
from comments.policy import State
from comments.waiting_time import usual_wait

SHOWN = (State.PENDING, State.VISIBLE, State.REJECTED, State.REMOVED)


@dataclass(frozen=True)
class Numbers:
    """How many comments are in each state; how long a decision usually takes, and how long the oldest waits: in words, "" for none."""

    by_state: list[tuple[State, int]]
    usual: str
    oldest: str


def numbers() -> Numbers:
    counts = dict(Comment.objects.order_by().values("state").annotate(number=Count("pk")).values_list("state", "number"))
    since = Comment.objects.queue().order_by().aggregate(since=Min("held_at"))["since"]
    usual = usual_wait()
    return Numbers(
        by_state=[(state, counts.get(state, 0)) for state in SHOWN],
        usual=in_words(usual) if usual is not None else "",
        oldest=in_words(timezone.now() - since) if since else "",
    )
