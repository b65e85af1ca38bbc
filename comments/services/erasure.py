"""What becomes of the words of somebody who leaves, or whose mailbox is proven: also when they have written thousands.

Rows are locked in the order that all verbs keep to (rows.py); of discussions, the one with the smaller key first.
"""

from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accounts.models import User
from comments.models import Comment, CommentQuerySet, Decision, Discussion
from comments.policy import RemovedBy, State
from ictiger.pagecache.public_write import PublicWrite, public_write

from .errors import AccountDeleted
from .transitions import lock_author, update_counters

ERASURE_BATCH = 200  # comments in one transaction: for so long others wait who write in the same discussions


class _WrittenComment(NamedTuple):
    pk: int
    discussion_id: UUID
    state: str
    first_visible_at: datetime | None


def erase_in_batches(user: User) -> None:
    """Erase what the person has written, some of it at a time, each in a transaction of its own.

    Not all or nothing: whoever leaves a second time, because the first was cut short, goes on where it ended.
    """
    with suppress(AccountDeleted):  # erased meanwhile by another request
        while _erase_some(user):
            pass


def erase_comments(user: User) -> None:
    """The person leaves, and so do their words. A comment with replies below it leaves its place, without name or text."""
    with public_write() as write:
        lock_author(user)
        _erase_comment(write, Comment.objects.filter(author=user))


def _erase_some(user: User) -> bool:
    """False when nothing is left."""
    with public_write() as write:
        lock_author(user)
        written = Comment.objects.filter(author=user)
        # One discussion after the other, and in each the newest first: replies before what they answer.
        keys = list(written.order_by("discussion_id", "-pk").values_list("pk", flat=True)[:ERASURE_BATCH])
        _erase_comment(write, written.filter(pk__in=keys))
    return bool(keys)


def _erase_comment(write: PublicWrite, comments: CommentQuerySet) -> None:
    """Take out comments of one person, with all of their own below them."""
    rows = [
        _WrittenComment._make(row)
        for row in comments.select_for_update().order_by("pk").values_list(*_WrittenComment._fields)
    ]
    # What changes is told by discussion: each comment by itself would be asked for four times.
    write.touch(
        *Discussion.objects.filter(pk__in={row.discussion_id for row in rows if row.first_visible_at})
    )
    visible = Counter(row.discussion_id for row in rows if row.state == State.VISIBLE)
    for key in sorted(visible):
        update_counters(key, comments=-visible[key])
    keys = [row.pk for row in reversed(rows)]
    for first in range(0, len(keys), ERASURE_BATCH):
        _delete_or_tombstone(keys[first : first + ERASURE_BATCH])


def _delete_or_tombstone(keys: list[int]) -> None:
    """Of one's own replies below these, those that are not among them were taken out before."""
    Comment.objects.filter(pk__in=keys, parent__isnull=False).delete()
    answered = set(Comment.objects.filter(parent__in=keys).values_list("parent", flat=True).distinct())
    Comment.objects.filter(pk__in=set(keys) - answered).delete()
    Decision.objects.filter(comment__in=answered).update(body="", note="")
    Comment.objects.filter(pk__in=answered).update(
        state=State.REMOVED,
        reason=RemovedBy.ERASURE,
        author=None,
        held_at=None,
        appealed_at=None,
        appealed_against=None,
        **dict.fromkeys(["body", "body_html", "note", "fingerprint", "matched_phrases", "appeal"], ""),
    )
