"""The figures above the queue. Counted to a bound: to count a million takes longer than to decide about one."""

from dataclasses import dataclass

from django.db.models import Min
from django.utils import timezone

from comments.durations import in_words
from comments.models import Comment
from comments.policy import State
from comments.waiting_time import usual_wait

MOST = 1_000
SHOWN = (State.PENDING, State.VISIBLE, State.REJECTED, State.REMOVED)


@dataclass(frozen=True)
class Numbers:
    """How many comments are in each state; how long a decision usually takes, and how long the oldest waits: in words, "" for none."""

    by_state: list[tuple[State, str]]
    usual: str
    oldest: str


def numbers() -> Numbers:
    since = Comment.objects.queue().order_by().aggregate(since=Min("held_at"))["since"]
    usual = usual_wait()
    return Numbers(
        by_state=[(state, _number_in(state)) for state in SHOWN],
        usual=in_words(usual) if usual is not None else "",
        oldest=in_words(timezone.now() - since) if since else "",
    )


def _number_in(state: State) -> str:
    number = Comment.objects.filter(state=state).order_by()[: MOST + 1].count()
    return str(number) if number <= MOST else f"{MOST}+"
