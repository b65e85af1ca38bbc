"""What the verbs do to the rows: find them locked, put a text in, move them from state to state.

Rows are locked in one order everywhere (the writer, all the comments, the discussion), so that no two verbs wait for each other.
"""

import uuid
from datetime import datetime
from functools import lru_cache

from django.utils import formats, timezone, translation

from accounts.models import User
from comments import markup, notices, phrases, words
from comments.models import Comment, Discussion
from comments.policy import State, Verdict
from ictiger.compiled import Ahead, Compiled, ask
from ictiger.delivery.change import Change
from ictiger.delivery.guard import require_change
from ictiger.languages import Language

from .refusals import Gone, Left
from .switching import HeldOpen

_locked_writer = Compiled(lambda pk: User.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk", HeldOpen()), planned=True)


def lock_writer(user: User) -> None:
    """One writer does one thing at a time: the rules look at what they wrote before. Weak enough for rows that refer to the user.

    From now on no switch is turned until the transaction ends. Raises Left.
    """
    if _locked_writer.row(pk=user.pk) is None:
        raise Left


def writer_lock(user: User) -> Ahead:
    """The same, to be sent ahead of a question about the writer: an answer says that there is one."""
    return Ahead(_locked_writer, {"pk": user.pk})


def locked(this: Change, comment_id: int) -> Comment:
    """The comment as it stands now, nobody else writing it. Raises Gone."""
    try:
        comment = Comment.objects.get(pk=comment_id)
        this.touch(comment)
        comment.refresh_from_db()
    except Comment.DoesNotExist:
        raise Gone from None
    return comment


def own(this: Change, user: User, comment_id: int) -> Comment:
    comment = locked(this, comment_id)
    if comment.author_id != user.pk:
        raise Gone
    return comment


def write(comment: Comment, body: str) -> None:
    """Put the text in, with everything that is made from it once, so that no page has to."""
    comment.body = words.clean(body)
    comment.body_html = markup.to_html(comment.body)
    comment.words = words.count_words(comment.body)
    comment.fingerprint = phrases.fingerprint(comment.body)
    comment.language = words.language_of(comment.body, otherwise=comment.article.language)
    minute = timezone.localtime(comment.created_at).replace(second=0, microsecond=0)
    comment.created_en, comment.created_zh = _in_words(minute, Language.EN), _in_words(minute, Language.ZH_HANS)


@lru_cache(100)
def _in_words(minute: datetime, language: str) -> str:
    """A moment as pages say it: to the minute, so that what is written within one shares the words."""
    with translation.override(language):
        return formats.date_format(minute, "DATETIME_FORMAT")


def enter(comment: Comment, verdict: Verdict) -> None:
    """`move` for a comment that is new: its discussion may begin with it."""
    move(comment, verdict)
    if comment.state != State.VISIBLE:
        Discussion.objects.get_or_create(pk=comment.discussion_id)


def move(comment: Comment, verdict: Verdict) -> None:
    """Change the state: the one place that numbers threads and counts comments, under the lock of the discussion's row."""
    was, comment.state, comment.reason = comment.state, verdict.state, verdict.rule or ""
    comment.held_at = (comment.held_at or timezone.now()) if comment.state == State.PENDING else None
    if (was == State.VISIBLE) == (comment.state == State.VISIBLE):
        return
    if comment.state != State.VISIBLE:
        count_on(comment.discussion_id, comments=-1)
        return
    is_new_thread = comment.parent_id is None and comment.thread_no is None
    threads = count_on(comment.discussion_id, comments=1, threads=1 if is_new_thread else 0)
    if is_new_thread:
        comment.thread_no = threads
    if comment.shown_at is None:
        comment.shown_at = timezone.now()
    notices.announce(comment)


def count_on(key: uuid.UUID, *, comments: int, threads: int = 0) -> int:
    """Lock the discussion's row and count on, beginning with its first comment. Returns how many threads it has had."""
    require_change(Discussion)
    counted = "UPDATE comments_discussion SET comments = comments + %s, threads = threads + %s WHERE key = %s RETURNING threads"
    rows = ask(counted, comments, threads, key)
    if not rows:
        Discussion.objects.get_or_create(pk=key)
        rows = ask(counted, comments, threads, key)
    return rows[0][0]
