"""Building blocks of the services: lock rows, set a comment's text, change its state.

The lock order is in the package's docstring.
"""

import uuid
from datetime import datetime
from functools import lru_cache

from django.db.models import QuerySet
from django.utils import formats, timezone, translation

from accounts.models import User
from comments import policy
from comments.models import Comment, Discussion
from comments.notifications import replies
from comments.policy import Outcome, State
from comments.text import blocklist, markup, word_count
from ictiger.core import web_addresses
from ictiger.core.languages import Language
from ictiger.core.prepared import Prelude, PreparedQuery, execute_prepared
from ictiger.pagecache.guard import require_public_write
from ictiger.pagecache.public_write import PublicWrite

from .emergency_switch import SharedSwitchLock
from .errors import AccountDeleted, CommentNotFound


def _build_author_lock(pk) -> QuerySet:
    return User.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk", SharedSwitchLock())


_AUTHOR_LOCK = PreparedQuery(_build_author_lock, server_side=True)


def lock_author(user: User) -> None:
    """Lock the author's row, and take the switch lock, shared, until the transaction ends.

    Screening reads the author's earlier comments, so no other may be written meanwhile. The row lock is
    `FOR NO KEY UPDATE`: rows that refer to the user can still be inserted. Raises AccountDeleted.
    """
    if _AUTHOR_LOCK.row(pk=user.pk) is None:
        raise AccountDeleted


def author_lock_query(user: User) -> Prelude:
    """The same lock, as a prelude of another query, which tells whether the account exists."""
    return Prelude(_AUTHOR_LOCK, {"pk": user.pk})


def lock_comment(write: PublicWrite, comment_id: int) -> Comment:
    """Lock a comment and load it as it is under the lock. Raises CommentNotFound."""
    try:
        comment = Comment.objects.get(pk=comment_id)
        write.touch(comment)
        comment.refresh_from_db()
    except Comment.DoesNotExist:
        raise CommentNotFound from None
    return comment


def lock_own_comment(write: PublicWrite, user: User, comment_id: int) -> Comment:
    """`lock_comment()` for a comment by `user`. Raises CommentNotFound for another author's."""
    comment = lock_comment(write, comment_id)
    if comment.author_id != user.pk:
        raise CommentNotFound
    return comment


def set_body(comment: Comment, body: str) -> None:
    """Set the text and everything derived from it, so that no page has to compute it.

    The comment that it replies to must be set before.
    """
    comment.body = word_count.clean_text(body)
    comment.body_html = markup.comment_html(comment.body)
    comment.words = word_count.count_words(comment.body)
    comment.fingerprint = _fingerprint(comment)
    comment.language = word_count.language_of(comment.body, otherwise=comment.article.language)
    minute = timezone.localtime(comment.created_at).replace(second=0, microsecond=0)
    comment.created_en = _format_minute(minute, Language.EN)
    comment.created_zh = _format_minute(minute, Language.ZH_HANS)


def _fingerprint(comment: Comment) -> str:
    """What duplicates have in common: the text, and for a short reply the comment that it replies to."""
    is_short = comment.replied_to_id is not None and policy.is_short_reply(
        words=comment.words, links=len(web_addresses.find_urls(comment.body))
    )
    return blocklist.text_fingerprint(comment.body, below=comment.replied_to_id if is_short else None)


@lru_cache(100)
def _format_minute(minute: datetime, language: str) -> str:
    """A date and time as pages show it.

    Rounded to the minute, so that comments of one minute share the cached text.
    """
    with translation.override(language):
        return formats.date_format(minute, "DATETIME_FORMAT")


def submit(comment: Comment, outcome: Outcome) -> None:
    """`set_state()` for a new comment. Creates the row of its discussion where there is none."""
    set_state(comment, outcome)
    if comment.state != State.VISIBLE:
        Discussion.objects.get_or_create(pk=comment.discussion_id)


def set_state(comment: Comment, outcome: Outcome) -> None:
    """Change the state, without saving the comment.

    The only place that numbers threads and counts comments, under the lock of the discussion's row.
    """
    was_visible = comment.state == State.VISIBLE
    comment.state, comment.reason = outcome.state, outcome.reason
    comment.held_at = (comment.held_at or timezone.now()) if comment.state == State.PENDING else None
    if was_visible == (comment.state == State.VISIBLE):
        return
    if was_visible:
        update_counters(comment.discussion_id, comments=-1)
        return
    is_new_thread = comment.parent_id is None and comment.thread_no is None
    threads = update_counters(comment.discussion_id, comments=1, threads=1 if is_new_thread else 0)
    if is_new_thread:
        comment.thread_no = threads
    if comment.first_visible_at is None:
        comment.first_visible_at = timezone.now()
    replies.notify_reply(comment)


def update_counters(key: uuid.UUID, *, comments: int, threads: int = 0) -> int:
    """Lock the discussion's row and add to its counters, creating the row if there is none.

    Returns how many threads the discussion has had.
    """
    require_public_write(Discussion)
    statement = (
        "UPDATE comments_discussion SET comments = comments + %s, threads = threads + %s "
        "WHERE key = %s RETURNING threads"
    )
    rows = execute_prepared(statement, comments, threads, key)
    if not rows:
        Discussion.objects.get_or_create(pk=key)
        rows = execute_prepared(statement, comments, threads, key)
    return rows[0][0]
