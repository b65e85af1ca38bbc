"""What authors do: post, edit, remove."""

import uuid
from datetime import UTC, datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from comments import policy
from comments.models import Comment, CommentDraft
from comments.policy import Outcome, RemovedBy, State
from comments.submissions import text_digest
from comments.text import word_count
from ictiger.core.prepared import PreparedQuery
from ictiger.pagecache.public_write import public_write

from .errors import CommentError, DuplicateSubmission, ParentNotFound, RateLimited, StaleEdit
from .screening import (
    require_article_open,
    require_not_banned,
    screen_submission,
    screening_context,
)
from .transitions import (
    author_lock_query,
    lock_author,
    lock_own_comment,
    set_body,
    set_state,
    submit,
)

# A new comment is screened against all others of its author, also later ones that got the lock first.
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


def post_comment(
    *,
    user: User,
    article: Article,
    body: str,
    submission: uuid.UUID,
    parent_id: int | None = None,
    written_at: datetime | None = None,
    shown_draft: str | None = None,
) -> Comment:
    """Post a comment, or a reply to the comment `parent_id`.

    The same `submission` again returns the same comment; with another text it raises DuplicateSubmission.
    `shown_draft` is the digest of the draft that the form showed, which this comment replaces.

    The form has checked the length of `body`. `written_at` is for imported comments; otherwise it is the time
    of posting. Raises CommentError.
    """
    with public_write() as write:
        comment = Comment(
            article=article, discussion_id=article.translation_key, author=user, submission=submission
        )
        comment.replied_to_id = parent_id  # the fingerprint of a short reply depends on it
        comment.created_at = written_at or timezone.now()
        comment.submitted_digest = text_digest(submission, body)
        set_body(comment, body)
        context = screening_context(
            comment, user, until=written_at or _END_OF_TIME, prelude=author_lock_query(user)
        )
        earlier = Comment.objects.filter(submission=submission).first() if context.is_posted else None
        if earlier is not None:  # None also when it was deleted since the query above
            return _repeated_submission(earlier, comment)
        if context.banned:
            require_not_banned(user)
        require_article_open(article)
        if parent_id is not None:
            comment.replied_to = _lock_parent(article, parent_id)
            comment.parent = comment.replied_to.parent or comment.replied_to
        if context.has_draft:
            _settle_draft(comment, shown_draft)
        write.touch(comment)
        # Last, since it locks the discussion: from here on all who post in it wait.
        submit(comment, screen_submission(comment, user, context))
        comment.insert()
    return comment


def _settle_draft(comment: Comment, shown_draft: str | None) -> None:
    """Delete the draft that the comment was made from. A draft with a text that the form did not show, saved
    from another tab, is kept under an id of its own.
    """
    draft = CommentDraft.objects.filter(submission=comment.submission).first()
    if draft is None:
        return
    is_known = shown_draft in (None, text_digest(comment.submission, draft.body))
    if is_known or draft.body == comment.body:
        draft.delete()
    else:
        draft.submission = uuid.uuid4()
        draft.save(update_fields=["submission"])


def edit_comment(*, user: User, comment_id: int, body: str, revision: int | None = None) -> Comment:
    """Change the user's comment within the edit window, and screen it again. Raises CommentError.

    `revision` is the one that the form showed: StaleEdit is raised when the text was changed since.
    """
    with public_write() as write:
        lock_author(user)
        comment = lock_own_comment(write, user, comment_id)
        require_not_banned(user)
        if not comment.may_be_edited:
            raise CommentError(_not_editable_message(comment))
        if word_count.clean_text(body) == comment.body:
            return comment
        if comment.revision >= policy.MAX_EDITS:
            raise RateLimited(
                _("You have changed this comment very often. It stands as it was; your new text is below.")
            )
        if revision is not None and revision != comment.revision:
            raise StaleEdit
        set_body(comment, body)
        comment.revision += 1
        comment.edited_at = timezone.now()
        comment.approved = False
        set_state(comment, screen_submission(comment, user))
        comment.save()
    return comment


def _not_editable_message(comment: Comment) -> str:
    if policy.may_edit(comment.state, comment.reason, comment.created_at, now=comment.created_at):
        return _(
            "The time for changing this comment is over. "
            "It stands as it was; your new text is below, for you to copy."
        )
    message = _(
        "This comment is now “%(state)s”. What can be done is shown among your comments; "
        "your new text is below, for you to copy."
    )
    return message % {"state": comment.get_state_display()}


def remove_comment(*, user: User, comment_id: int) -> Comment:
    """Remove the user's comment from the discussion, once. Raises CommentNotFound."""
    with public_write() as write:
        comment = lock_own_comment(write, user, comment_id)
        if comment.may_be_removed:
            set_state(comment, Outcome(State.REMOVED, RemovedBy.AUTHOR))
            comment.save()
    return comment


def _repeated_submission(earlier: Comment, comment: Comment) -> Comment:
    """Return the comment that a repeated POST made before.

    Raises DuplicateSubmission for another text, author or discussion than those of the first POST. The text
    may have been edited since: an id with another payload is an error, never the old answer
    (draft-ietf-httpapi-idempotency-key-header, section 2.7). The other text must not be lost, so the error
    shows it again.
    """
    is_same_place = earlier.discussion_id == comment.discussion_id
    if earlier.author_id != comment.author_id or not is_same_place or not _is_same_text(earlier, comment):
        raise DuplicateSubmission(
            _("This form has been sent before, with another text. Send it again to post this text as well.")
        )
    return earlier


def _is_same_text(earlier: Comment, comment: Comment) -> bool:
    """Whether the POST repeats the one that made `earlier`. Of a comment posted with release 1.0.0 and edited
    since, the first text is not known.
    """
    if earlier.submitted_digest:
        return earlier.submitted_digest == comment.submitted_digest
    return earlier.body == comment.body


def _build_parent_lock(pk, discussion) -> QuerySet:
    comments = Comment.objects.visible().filter(pk=pk, discussion_id=discussion).order_by()
    return comments.select_related("parent", "author").select_for_update(no_key=True, of=("self",))


_PARENT_LOCK = PreparedQuery(_build_parent_lock, server_side=True)


def _lock_parent(article: Article, parent_id: int) -> Comment:
    """The visible comment that is replied to, locked until the reply is committed. Raises ParentNotFound."""
    parent = _PARENT_LOCK.row(pk=parent_id, discussion=article.translation_key)
    if parent is None:
        raise ParentNotFound
    return parent
