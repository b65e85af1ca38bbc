"""What the verbs do to the rows: find them locked, put a text in, move them from state to state.

Rows are locked in one order everywhere (the writer, all the comments, the discussion), so that no two verbs wait for each other.
"""

import uuid
from datetime import datetime
from functools import lru_cache

from django.utils import formats, timezone, translation

from accounts.models import User
from comments.models import Comment, Discussion
from comments.notifications import replies
from comments.policy import Outcome, State
from comments.text import blocklist, markup, word_count
from ictiger.core.languages import Language
from ictiger.core.prepared import Prelude, PreparedQuery, execute_prepared
from ictiger.pagecache.guard import require_public_write
from ictiger.pagecache.public_write import PublicWrite

from .emergency_switch import SharedSwitchLock
from .errors import AccountDeleted, CommentNotFound

_locked_author = PreparedQuery(
    lambda pk: (
        User.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk", SharedSwitchLock())
    ),
    server_side=True,
)


def lock_author(user: User) -> None:
    """One writer does one thing at a time: the rules look at what they wrote before. Weak enough for rows that refer to the user.

    From now on no switch is turned until the transaction ends. Raises Left.
    """
    if _locked_author.row(pk=user.pk) is None:
        raise AccountDeleted


def author_lock_query(user: User) -> Prelude:
    """The same, to be sent ahead of a question about the writer: an answer says that there is one."""
    return Prelude(_locked_author, {"pk": user.pk})


def lock_comment(write: PublicWrite, comment_id: int) -> Comment:
    """The comment as it stands now, nobody else writing it. Raises Gone."""
    try:
        comment = Comment.objects.get(pk=comment_id)
        write.touch(comment)
        comment.refresh_from_db()
    except Comment.DoesNotExist:
        raise CommentNotFound from None
    return comment


def lock_own_comment(write: PublicWrite, user: User, comment_id: int) -> Comment:
    comment = lock_comment(write, comment_id)
    if comment.author_id != user.pk:
        raise CommentNotFound
    return comment


def set_body(comment: Comment, body: str) -> None:
    """Put the text in, with everything that is made from it once, so that no page has to."""
    comment.body = word_count.clean_text(body)
    comment.body_html = markup.comment_html(comment.body)
    comment.words = word_count.count_words(comment.body)
    comment.fingerprint = blocklist.text_fingerprint(comment.body)
    comment.language = word_count.language_of(comment.body, otherwise=comment.article.language)
    minute = timezone.localtime(comment.created_at).replace(second=0, microsecond=0)
    comment.created_en, comment.created_zh = (
        _describe_blocked(minute, Language.EN),
        _describe_blocked(minute, Language.ZH_HANS),
    )


@lru_cache(100)
def _describe_blocked(minute: datetime, language: str) -> str:
    """A moment as pages say it: to the minute, so that what is written within one shares the words."""
    with translation.override(language):
        return formats.date_format(minute, "DATETIME_FORMAT")


def submit(comment: Comment, verdict: Outcome) -> None:
    """`move` for a comment that is new: its discussion may begin with it."""
    set_state(comment, verdict)
    if comment.state != State.VISIBLE:
        Discussion.objects.get_or_create(pk=comment.discussion_id)


def set_state(comment: Comment, verdict: Outcome) -> None:
    """Change the state: the one place that numbers threads and counts comments, under the lock of the discussion's row."""
    was, comment.state, comment.reason = comment.state, verdict.state, verdict.rule or ""
    comment.held_at = (comment.held_at or timezone.now()) if comment.state == State.PENDING else None
    if (was == State.VISIBLE) == (comment.state == State.VISIBLE):
        return
    if comment.state != State.VISIBLE:
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
    """Lock the discussion's row and count on, beginning with its first comment. Returns how many threads it has had."""
    require_public_write(Discussion)
    counted = "UPDATE comments_discussion SET comments = comments + %s, threads = threads + %s WHERE key = %s RETURNING threads"
    rows = execute_prepared(counted, comments, threads, key)
    if not rows:
        Discussion.objects.get_or_create(pk=key)
        rows = execute_prepared(counted, comments, threads, key)
    return rows[0][0]
