"""Review claims: which moderator is looking at which comment, so that two do not do the same work."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments.models import Claim, Comment

from .errors import ClaimedByOther, CommentNotFound

CLAIM_PERIOD = timedelta(minutes=3)  # an open page renews it


def claim_comment(*, moderator: User, comment_id: int, take_over: bool = False) -> Claim:
    """Claim a comment for `moderator` for CLAIM_PERIOD.

    Returns the claim that holds, which may be another moderator's.

    With `take_over` an existing claim is replaced. Raises CommentNotFound.
    """
    with transaction.atomic():
        if not Comment.objects.select_for_update(no_key=True).filter(pk=comment_id).exists():
            raise CommentNotFound
        other_claim = _claim_by_other(comment_id, moderator)
        if other_claim is not None and not take_over:
            return other_claim
        fields = {"moderator": moderator, "until": timezone.now() + CLAIM_PERIOD}
        return Claim.objects.update_or_create(comment_id=comment_id, defaults=fields)[0]


def release_claims(*, moderator: User, comment_ids: list[int]) -> None:
    """Delete this moderator's claims on the comments. A claim that another moderator has taken over stays."""
    Claim.objects.filter(moderator=moderator, comment__in=comment_ids).delete()


def prune_claims() -> int:
    """Delete expired claims. Returns how many."""
    return Claim.objects.filter(until__lte=timezone.now()).delete()[0]


def require_unclaimed(comment: Comment, moderator: User) -> None:
    """Raise ClaimedByOther while another moderator's claim is active.

    The caller holds the lock of the comment's row.
    """
    claim = _claim_by_other(comment.pk, moderator)
    if claim is not None:
        raise ClaimedByOther(
            _("%(who)s is looking at this comment. Take it over if you want to decide about it yourself.")
            % {"who": claim.moderator.public_name}
        )


def _claim_by_other(comment_id: int, moderator: User) -> Claim | None:
    claims = Claim.objects.active().filter(comment=comment_id).exclude(moderator=moderator)
    return claims.select_related("moderator").first()
