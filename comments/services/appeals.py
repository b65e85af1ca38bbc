"""A second reading of a rejected comment: its author may change it and send it in again, once, and appeal to another moderator, once."""

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments.models import Comment
from comments.moderators import moderators
from comments.policy import HoldRule, ModerationAction, Outcome, State
from comments.text import word_count
from ictiger.pagecache.public_write import public_write

from .errors import CommentError, Forbidden, Recused
from .screening import require_not_banned, screen_submission
from .transitions import lock_author, lock_own_comment, set_body, set_state


def resubmit(*, user: User, comment_id: int, body: str) -> Comment:
    """Send a rejected comment in again, changed. A moderator reads it, whoever wrote it; the same text again is the same step.

    `body` has been held against the limits by the form. Raises Refused.
    """
    with public_write() as write:
        lock_author(user)
        comment = lock_own_comment(write, user, comment_id)
        body = word_count.clean_text(body)
        if comment.state == State.PENDING and comment.reason == HoldRule.REVISED and comment.body == body:
            return comment
        _require_may_write(user)
        if not comment.may_be_revised:
            raise CommentError(
                _why_not(
                    comment, once=_("This comment has been sent in again before. That can be done once.")
                )
            )
        if comment.body == body:
            raise CommentError(
                _(
                    "The text is as it was. Change what the reason names, or appeal if you think that it should stand as it is."
                )
            )
        set_body(comment, body)
        screen_submission(comment, user)  # for what it refuses: a moderator reads this in any case
        comment.revision += 1
        comment.revised_at = timezone.now()
        if comment.first_visible_at:  # else nobody has read what it said before
            comment.edited_at = comment.revised_at
        _hold_again(comment, HoldRule.REVISED)
    return comment


def appeal(*, user: User, comment_id: int, note: str) -> Comment:
    """Ask another moderator to read a rejected comment as it stands, saying why; the same note again is the same step.

    `note` has been held against the limits by the form. Raises Refused.
    """
    with public_write() as write:
        lock_author(user)
        comment = lock_own_comment(write, user, comment_id)
        note = word_count.clean_text(note)
        if comment.state == State.PENDING and comment.reason == HoldRule.APPEALED and comment.appeal == note:
            return comment
        _require_may_write(user)
        if not comment.may_be_appealed:
            raise CommentError(
                _why_not(
                    comment, once=_("You have appealed about this comment before. That can be done once.")
                )
            )
        comment.appeal, comment.appealed_at, comment.appealed_against_id = (
            note,
            timezone.now(),
            _rejected_by(comment),
        )
        _hold_again(comment, HoldRule.APPEALED)
    return comment


def _require_may_write(user: User) -> None:
    require_not_banned(user)
    if not user.is_verified:
        raise Forbidden(_("Please confirm your e-mail address first. Your text is below, for you to copy."))


def _why_not(comment: Comment, *, once: str) -> str:
    if comment.state == State.REJECTED:
        return once
    return _("This comment is now “%(state)s”, so that cannot be done.") % {
        "state": comment.get_state_display()
    }


def _hold_again(comment: Comment, hold: HoldRule) -> None:
    comment.note = ""  # it spoke of a decision that is open again; the decision keeps it
    set_state(comment, Outcome(State.PENDING, hold))
    comment.save()


# --- who decides -----------------------------------------------------------------------------------------------------------------------


def require_uninvolved(comment: Comment, moderator: User) -> None:
    """Raises ForAnother for the comment's own author, and for who is appealed against, while somebody else can decide."""
    if moderator.pk in (comment.author_id, comment.appealed_against_id):
        why = recusal_reason(
            comment, moderator, set(_other_moderators(comment, moderator.pk).values_list("pk", flat=True))
        )
        if why:
            raise Recused(why)


def recusal_reason(comment: Comment, moderator: User, deciders: set[int]) -> str:
    """Why this moderator does not decide about the comment; "" when they may. `deciders` are the ids of all who can.

    Who is appealed against has no more say from the appeal on, not even by undoing what another decides. In a house without another
    moderator they have, and so has the author: a comment that nobody may decide about would wait for ever.
    """
    if not deciders - {moderator.pk, comment.author_id}:
        return ""
    if comment.author_id == moderator.pk:
        return _("This comment is your own: another moderator decides about it.")
    if comment.appealed_against_id == moderator.pk:
        return _(
            "You have turned this comment down and its author has appealed: another moderator decides about it."
        )
    return ""


def has_another_moderator(comment: Comment) -> bool:
    """Whether an appeal against the rejection of this comment would be read by somebody else."""
    return _other_moderators(comment, _rejected_by(comment)).exists()


def _rejected_by(comment: Comment) -> int | None:
    return comment.decisions.filter(verb=ModerationAction.REJECT).values_list("moderator", flat=True).first()


def _other_moderators(comment: Comment, moderator_id: int | None) -> QuerySet[User]:
    """Who else can decide at the desk today: not the one who did, nor the comment's author."""
    return moderators().exclude(pk__in=[pk for pk in (moderator_id, comment.author_id) if pk])
