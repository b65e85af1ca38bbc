"""What becomes of the words of somebody who leaves, or whose mailbox is proven: also when they have written thousands.

Rows are locked in the order that all verbs keep to (rows.py); of discussions, the one with the smaller key first.
"""

from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accounts.models import User
from comments.models import Comment, CommentQuerySet, Decision, Discussion, WaitingText
from comments.policy import Remover, State
from ictiger.delivery.change import Change, change

from .refusals import Left
from .rows import count_on, lock_writer, move
from .standing import judge

AT_ONCE = 200  # comments in one transaction: for so long others wait who write in the same discussions


class _Written(NamedTuple):
    pk: int
    discussion_id: UUID
    state: str
    shown_at: datetime | None


def release(user: User) -> list[Comment]:
    """The address is confirmed: what waited for it enters the discussion, all of it or nothing."""
    with change() as this:
        lock_writer(user)
        waiting = list(_unverified(user).select_for_update(of=("self",)).select_related("article").order_by("pk"))
        for comment in sorted(waiting, key=lambda comment: comment.discussion_id):
            move(comment, judge(comment, user))
            comment.save()
            if comment.state == State.VISIBLE:
                this.touch(comment)  # it was nowhere before
    return waiting


def discard_waiting(user: User) -> None:
    """The mailbox's owner did not write what waited for it: it goes, seen by nobody."""
    with change():
        lock_writer(user)
        _unverified(user).delete()
        WaitingText.objects.filter(account=user).delete()


def _unverified(user: User) -> CommentQuerySet:
    """Nobody else has seen them: they show on no page, and nobody has answered them."""
    return Comment.objects.filter(author=user, state=State.UNVERIFIED)


def erase_in_batches(user: User) -> None:
    """Erase what the person has written, some of it at a time, each in a transaction of its own.

    Not all or nothing: whoever leaves a second time, because the first was cut short, goes on where it ended.
    """
    with suppress(Left):  # erased meanwhile by another request
        while _erase_some(user):
            pass


def erase(user: User) -> None:
    """The person leaves, and so do their words. A comment with replies below it leaves its place, without name or text."""
    with change() as this:
        lock_writer(user)
        _erase(this, Comment.objects.filter(author=user))


def _erase_some(user: User) -> bool:
    """False when nothing is left."""
    with change() as this:
        lock_writer(user)
        written = Comment.objects.filter(author=user)
        # One discussion after the other, and in each the newest first: replies before what they answer.
        keys = list(written.order_by("discussion_id", "-pk").values_list("pk", flat=True)[:AT_ONCE])
        _erase(this, written.filter(pk__in=keys))
    return bool(keys)


def _erase(this: Change, comments: CommentQuerySet) -> None:
    """Take out comments of one person, with all of their own below them."""
    rows = [_Written._make(row) for row in comments.select_for_update().order_by("pk").values_list(*_Written._fields)]
    # What changes is told by discussion: each comment by itself would be asked for four times.
    this.touch(*Discussion.objects.filter(pk__in={row.discussion_id for row in rows if row.shown_at}))
    visible = Counter(row.discussion_id for row in rows if row.state == State.VISIBLE)
    for key in sorted(visible):
        count_on(key, comments=-visible[key])
    keys = [row.pk for row in reversed(rows)]
    for first in range(0, len(keys), AT_ONCE):
        _take_out(keys[first : first + AT_ONCE])


def _take_out(keys: list[int]) -> None:
    """Of one's own replies below these, those that are not among them were taken out before."""
    Comment.objects.filter(pk__in=keys, parent__isnull=False).delete()
    answered = set(Comment.objects.filter(parent__in=keys).values_list("parent", flat=True).distinct())
    Comment.objects.filter(pk__in=set(keys) - answered).delete()
    Decision.objects.filter(comment__in=answered).update(body="", note="")
    Comment.objects.filter(pk__in=answered).update(
        state=State.REMOVED,
        reason=Remover.ERASURE,
        author=None,
        held_at=None,
        appealed_at=None,
        appealed_against=None,
        **dict.fromkeys(["body", "body_html", "note", "fingerprint", "listed", "appeal"], ""),
    )
