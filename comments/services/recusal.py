"""Which moderators may not decide about a comment because they are party to it."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from comments.models import Comment
from comments.moderators import moderators
from comments.policy import ModerationAction

from .errors import Recused


def require_uninvolved(comment: Comment, moderator: User) -> None:
    """Raise Recused for the author and the moderator appealed against, while another one can decide."""
    if moderator.pk in (comment.author_id, comment.appealed_against_id):
        others = set(_other_moderators(comment, moderator.pk).values_list("pk", flat=True))
        reason = recusal_reason(comment, moderator, others)
        if reason:
            raise Recused(reason)


def recusal_reason(comment: Comment, moderator: User, moderator_ids: set[int]) -> str:
    """Why this moderator may not decide about the comment; "" when they may.

    `moderator_ids` are those of all moderators.

    From the appeal on, the moderator appealed against may not even undo the decision of another. Where there
    is no other moderator, they may decide, and so may the author: otherwise the comment would wait for ever.
    """
    if not moderator_ids - {moderator.pk, comment.author_id}:
        return ""
    if comment.author_id == moderator.pk:
        return _("This comment is your own: another moderator decides about it.")
    if comment.appealed_against_id == moderator.pk:
        return _(
            "You have turned this comment down and its author has appealed: "
            "another moderator decides about it."
        )
    return ""


def has_another_moderator(comment: Comment) -> bool:
    """Whether an appeal against the rejection of this comment would be read by another moderator."""
    return _other_moderators(comment, rejected_by(comment)).exists()


def rejected_by(comment: Comment) -> int | None:
    """The id of the moderator who last rejected the comment; None without one, or after its erasure."""
    return comment.decisions.filter(verb=ModerationAction.REJECT).values_list("moderator", flat=True).first()


def _other_moderators(comment: Comment, moderator_id: int | None) -> QuerySet[User]:
    """Moderators apart from `moderator_id` and the comment's author."""
    return moderators().exclude(pk__in=[pk for pk in (moderator_id, comment.author_id) if pk])
