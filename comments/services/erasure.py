"""Erasing all comments of one account, also when there are thousands.

The package's docstring has the order of locks.
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

ERASURE_BATCH = 200  # comments in one transaction: its locks block other writers in the same discussions


class _ErasedRow(NamedTuple):
    """The columns that erasing a comment needs."""

    pk: int
    discussion_id: UUID
    state: str
    first_visible_at: datetime | None


def erase_in_batches(user: User) -> None:
    """Erase the user's comments, ERASURE_BATCH at a time, each batch in its own transaction.

    Not all or nothing: when it is cut short, the next call goes on where it ended.
    """
    with suppress(AccountDeleted):  # erased meanwhile by another request
        while _erase_batch(user):
            pass


def erase_comments(user: User) -> None:
    """Erase the user's comments in one transaction.

    A comment with replies leaves a tombstone without name or text.
    """
    with public_write() as write:
        lock_author(user)
        _erase(write, Comment.objects.filter(author=user))


def _erase_batch(user: User) -> bool:
    """Erase the next batch. False when there was nothing to erase."""
    with public_write() as write:
        lock_author(user)
        comments = Comment.objects.filter(author=user)
        # One discussion after the other, the newest comments first: replies before the comments they reply
        # to.
        pks = list(comments.order_by("discussion_id", "-pk").values_list("pk", flat=True)[:ERASURE_BATCH])
        _erase(write, comments.filter(pk__in=pks))
    return bool(pks)


def _erase(write: PublicWrite, comments: CommentQuerySet) -> None:
    """Erase comments of one author and the author's replies to them."""
    rows = [
        _ErasedRow._make(row)
        for row in comments.select_for_update().order_by("pk").values_list(*_ErasedRow._fields)
    ]
    # Discussions are touched, not comments: each comment would cost four queries.
    write.touch(
        *Discussion.objects.filter(pk__in={row.discussion_id for row in rows if row.first_visible_at})
    )
    visible = Counter(row.discussion_id for row in rows if row.state == State.VISIBLE)
    for key in sorted(visible):
        update_counters(key, comments=-visible[key])
    pks = [row.pk for row in reversed(rows)]
    for start in range(0, len(pks), ERASURE_BATCH):
        _delete_or_tombstone(pks[start : start + ERASURE_BATCH])


def _delete_or_tombstone(pks: list[int]) -> None:
    """Delete the comments without replies, and leave tombstones of the others.

    The author's replies to them that are not among `pks` were erased in an earlier batch.
    """
    Comment.objects.filter(pk__in=pks, parent__isnull=False).delete()
    with_replies: set = set(
        Comment.objects.filter(parent__in=pks).values_list("parent", flat=True).distinct()
    )
    Comment.objects.filter(pk__in=set(pks) - with_replies).delete()
    Decision.objects.filter(comment__in=with_replies).update(body="", note="")
    Comment.objects.filter(pk__in=with_replies).update(
        state=State.REMOVED,
        reason=RemovedBy.ERASURE,
        author=None,
        held_at=None,
        appealed_at=None,
        appealed_against=None,
        **dict.fromkeys(
            ["body", "body_html", "note", "fingerprint", "submitted_digest", "matched_phrases", "appeal"], ""
        ),
    )
