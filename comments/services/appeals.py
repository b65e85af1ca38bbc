"""Second reviews of a rejected comment: its author may revise and resubmit it once, and appeal once."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments.models import Comment
from comments.policy import HoldRule, Outcome, State
from comments.text import word_count
from ictiger.pagecache.public_write import public_write

from .errors import CommentError, Forbidden
from .recusal import rejected_by
from .screening import require_not_banned, screen_submission
from .transitions import lock_author, lock_own_comment, set_body, set_state


def resubmit(*, user: User, comment_id: int, body: str) -> Comment:
    """Revise a rejected comment and send it in again. A moderator reads it, however trusted the author.

    The same text sent twice counts as one step. The form has checked the length of `body`. Raises
    CommentError.
    """
    with public_write() as write:
        lock_author(user)
        comment = lock_own_comment(write, user, comment_id)
        body = word_count.clean_text(body)
        if comment.state == State.PENDING and comment.reason == HoldRule.REVISED and comment.body == body:
            return comment
        _require_may_write(user)
        if not comment.may_be_revised:
            message = _("This comment has been sent in again before. That can be done once.")
            raise CommentError(_refusal_message(comment, once=message))
        if comment.body == body:
            raise CommentError(
                _(
                    "The text is as it was. Change what the reason names, "
                    "or appeal if you think that it should stand as it is."
                )
            )
        set_body(comment, body)
        screen_submission(comment, user)  # for what it refuses: the comment is held in any case
        comment.revision += 1
        comment.revised_at = timezone.now()
        if comment.first_visible_at:  # otherwise no reader has seen the earlier text
            comment.edited_at = comment.revised_at
        _hold(comment, HoldRule.REVISED)
    return comment


def appeal(*, user: User, comment_id: int, note: str) -> Comment:
    """Ask another moderator to review a rejected comment as it stands; `note` says why.

    The same note sent twice counts as one step. The form has checked the length of `note`. Raises
    CommentError.
    """
    with public_write() as write:
        lock_author(user)
        comment = lock_own_comment(write, user, comment_id)
        note = word_count.clean_text(note)
        if comment.state == State.PENDING and comment.reason == HoldRule.APPEALED and comment.appeal == note:
            return comment
        _require_may_write(user)
        if not comment.may_be_appealed:
            message = _("You have appealed about this comment before. That can be done once.")
            raise CommentError(_refusal_message(comment, once=message))
        comment.appeal = note
        comment.appealed_at = timezone.now()
        comment.appealed_against_id = rejected_by(comment)
        _hold(comment, HoldRule.APPEALED)
    return comment


def _require_may_write(user: User) -> None:
    require_not_banned(user)
    if not user.is_verified:
        raise Forbidden(_("Please confirm your e-mail address first. Your text is below, for you to copy."))


def _refusal_message(comment: Comment, *, once: str) -> str:
    """The message `once` for a rejected comment; for others that they are not rejected."""
    if comment.state == State.REJECTED:
        return once
    return _("This comment is now “%(state)s”, so that cannot be done.") % {
        "state": comment.get_state_display()
    }


def _hold(comment: Comment, rule: HoldRule) -> None:
    comment.note = ""  # it explained a decision that is under review now; the Decision row keeps it
    set_state(comment, Outcome(State.PENDING, rule))
    comment.save()
