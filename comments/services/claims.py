"""Who is looking at which comment, so that two moderators do not do the same work."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments.models import Claim, Comment

from .errors import ClaimedByOther, CommentNotFound

CLAIM_PERIOD = timedelta(minutes=3)  # an open page renews it


def claim_comment(*, moderator: User, comment_id: int, take_over: bool = False) -> Claim:
    """Say that `moderator` looks at the comment, for a while. Returns the claim that holds: theirs, or that of whoever was first.

    Raises Gone.
    """
    with transaction.atomic():
        if not Comment.objects.select_for_update(no_key=True).filter(pk=comment_id).exists():
            raise CommentNotFound
        held = (
            Claim.objects.active()
            .filter(comment=comment_id)
            .exclude(moderator=moderator)
            .select_related("moderator")
            .first()
        )
        if held is not None and not take_over:
            return held
        ours = {"moderator": moderator, "until": timezone.now() + CLAIM_PERIOD}
        return Claim.objects.update_or_create(comment_id=comment_id, defaults=ours)[0]


def release_claims(*, moderator: User, comment_ids: list[int]) -> None:
    """The moderator looks at these no longer; what somebody else has taken over stays theirs."""
    Claim.objects.filter(moderator=moderator, comment__in=comment_ids).delete()


def prune_claims() -> int:
    """Delete the claims that are over. Nobody asks for them any more."""
    return Claim.objects.filter(until__lte=timezone.now()).delete()[0]


def require_unclaimed(comment: Comment, moderator: User) -> None:
    """Raises Claimed while another moderator is looking at the comment. The caller holds its row."""
    held = (
        Claim.objects.active()
        .filter(comment=comment)
        .exclude(moderator=moderator)
        .select_related("moderator")
        .first()
    )
    if held is not None:
        raise ClaimedByOther(
            _("%(who)s is looking at this comment. Take it over if you want to decide about it yourself.")
            % {"who": held.moderator.public_name}
        )
