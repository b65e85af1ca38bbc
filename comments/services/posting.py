"""What readers do: post, edit, remove, report."""

import uuid
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from comments import policy
from comments.models import Comment, CommentDraft, Report
from comments.policy import HoldRule, Outcome, RemovedBy, State
from comments.text import word_count
from ictiger.core.prepared import PreparedQuery
from ictiger.pagecache.public_write import public_write

from .errors import CommentError, DuplicateSubmission, Forbidden, ParentNotFound
from .screening import (
    is_trusted,
    require_article_open,
    require_not_banned,
    screen_submission,
    screening_context,
)
from .transitions import (
    author_lock_query,
    lock_author,
    lock_comment,
    lock_own_comment,
    set_body,
    set_state,
    submit,
)

# Every other comment of the writer was written before a new one, also what began in the same moment and was first at the lock.
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


def post_comment(
    *,
    user: User,
    article: Article,
    body: str,
    submission: uuid.UUID,
    parent_id: int | None = None,
    written_at: datetime | None = None,
) -> Comment:
    """Enter a comment, or a reply to comment `parent_id`. The same `submission` again is the same comment.

    `body` has been held against the limits by the form; `written_at` is now unless it comes from elsewhere. Raises Refused.
    """
    with public_write() as write:
        comment = Comment(
            article=article, discussion_id=article.translation_key, author=user, submission=submission
        )
        comment.created_at = written_at or timezone.now()
        set_body(comment, body)
        known = screening_context(
            comment, user, until=written_at or _END_OF_TIME, prelude=author_lock_query(user)
        )
        sent = Comment.objects.filter(submission=submission).first() if known.sent_before else None
        if sent is not None:  # else it went since it was asked about
            return _repeated_submission(sent, user, body)
        if known.banned:
            require_not_banned(user)
        require_article_open(article)
        if parent_id is not None:
            comment.replied_to = _lock_parent(article, parent_id)
            comment.parent = comment.replied_to.parent or comment.replied_to
        if known.waits:
            CommentDraft.objects.filter(submission=submission).delete()
        write.touch(comment)
        submit(
            comment, screen_submission(comment, user, known)
        )  # last: whoever else posts here waits from now on
        comment.insert()
    return comment


def edit_comment(*, user: User, comment_id: int, body: str) -> Comment:
    """Change one's own comment while that may be done; what it says now is judged again. Raises Refused."""
    with public_write() as write:
        lock_author(user)
        comment = lock_own_comment(write, user, comment_id)
        require_not_banned(user)
        if not comment.may_be_edited:
            raise CommentError(_why_not_edited(comment))
        if word_count.clean_text(body) == comment.body:
            return comment
        set_body(comment, body)
        comment.revision += 1
        comment.edited_at = timezone.now()
        comment.approved = False
        set_state(comment, screen_submission(comment, user))
        comment.save()
    return comment


def _why_not_edited(comment: Comment) -> str:
    if policy.may_edit(comment.state, comment.reason, comment.created_at, now=comment.created_at):
        return _(
            "The time for changing this comment is over. It stands as it was; your new text is below, for you to copy."
        )
    about = _(
        "This comment is now “%(state)s”. What can be done is shown among your comments; your new text is below, for you to copy."
    )
    return about % {"state": comment.get_state_display()}


def remove_comment(*, user: User, comment_id: int) -> Comment:
    """Take one's own comment out of the discussion; done once it is done."""
    with public_write() as write:
        comment = lock_own_comment(write, user, comment_id)
        if comment.may_be_removed:
            set_state(comment, Outcome(State.REMOVED, RemovedBy.AUTHOR))
            comment.save()
    return comment


def report_comment(*, user: User, comment_id: int, reason: str, note: str = "") -> Report:
    """Tell the moderators about somebody else's comment, once. Enough trusted reports hold it, unless a moderator has approved it."""
    if not user.is_verified:
        raise Forbidden(
            _("Please confirm your e-mail address first: only confirmed readers can report a comment.")
        )
    with public_write() as write:
        comment = lock_comment(write, comment_id)
        if comment.author_id == user.pk:
            raise CommentError(_("This is your own comment: you can remove it instead."))
        if comment.state != State.VISIBLE:
            raise CommentError(_("This comment is no longer shown."))
        made, _new = Report.objects.get_or_create(
            comment=comment,
            reporter=user,
            defaults={"reason": reason, "note": word_count.clean_text(note), "counts": is_trusted(user)},
        )
        if not comment.approved and _reports_that_count(comment) >= policy.REPORTS_THAT_HOLD:
            set_state(comment, Outcome(State.PENDING, HoldRule.REPORTED))
            comment.save()
    return made


def _reports_that_count(comment: Comment) -> int:
    """By trusted readers, about the text as it stands: what was said before a moderator approved another is settled."""
    approved_at = (
        comment.decisions.filter(to_state=State.VISIBLE).values_list("decided_at", flat=True).first()
    )
    reports = comment.reports.filter(counts=True)
    return (reports.filter(created_at__gt=approved_at) if approved_at else reports).count()


def _repeated_submission(known: Comment, user: User, body: str) -> Comment:
    """A repeated POST is the same comment; another text under the same submission is not, and must not be lost."""
    if known.author_id != user.pk or (known.body != word_count.clean_text(body) and not known.revision):
        raise DuplicateSubmission(
            _("This form has been sent before, with another text. Send it again to post this text as well.")
        )
    return known


_visible_below = PreparedQuery(
    lambda pk, discussion: (
        Comment.objects.visible()
        .select_related("parent", "author")
        .order_by()
        .select_for_update(no_key=True, of=("self",))
        .filter(pk=pk, discussion_id=discussion)
    ),
    server_side=True,
)


def _lock_parent(article: Article, parent_id: int) -> Comment:
    """The visible comment that is answered, held as it is until the reply stands below it."""
    answered = _visible_below.row(pk=parent_id, discussion=article.translation_key)
    if answered is None:
        raise ParentNotFound
    return answered
