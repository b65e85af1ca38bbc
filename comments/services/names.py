"""Names beside comments go by the list of held and refused words, and moderators look at some of them."""

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments.models import Comment, NameReview
from comments.models.names import UNDECIDED, NameReason, NameState
from comments.policy import State
from ictiger.core.lookalikes import skeleton
from ictiger.pagecache.public_write import public_write

from .errors import CommentError, StaleDecision
from .screening import current_matcher


def name_refusal(name: str) -> str:
    """Why this name is not taken, by the list of words; "" when it is."""
    if current_matcher().find(name).refused:
        return _("This name has words that are not accepted here. Choose another.")
    return ""


def review_name(user: User, name: str, previous: str) -> bool:
    """Record what moderators have to look at when `user` changes the name from `previous` to `name`.

    Returns whether the name must wait: it has held words, or looks like that of another commenter. Runs
    inside the transaction that saves the user, under the lock of the user's row.
    """
    undecided = NameReview.objects.filter(user=user, state__in=UNDECIDED)
    shown = undecided.filter(state=NameState.SHOWN).first()
    if shown is not None:
        previous = shown.previous  # the last name that nobody has to look at any more
    undecided.delete()
    if not name:
        return False
    words = " · ".join(current_matcher().find(name).held)[:300]
    reason = _review_reason(user, name, words)
    if reason is None:
        return False
    state = NameState.SHOWN if reason == NameReason.CHANGED else NameState.HELD
    NameReview.objects.create(
        user=user, name=name, previous=previous, state=state, reason=reason, matched_phrases=words
    )
    return state == NameState.HELD


def _review_reason(user: User, name: str, words: str) -> NameReason | None:
    if words:
        return NameReason.WORDS
    if _is_name_of_another(user, name):
        return NameReason.LOOKALIKE
    # A newcomer's name is looked at with the first comment.
    is_known = Comment.objects.filter(author=user, approved=True).exists()
    return NameReason.CHANGED if is_known else None


def _is_name_of_another(user: User, name: str) -> bool:
    """Whether the name of another user with a visible comment looks the same. Namesakes exist: a moderator
    decides.
    """
    comments = Comment.objects.filter(author=OuterRef("pk"), state=State.VISIBLE)
    others = User.objects.filter(name_skeleton=skeleton(name)[:80]).exclude(pk=user.pk)
    return others.filter(Exists(comments)).exists()


def decide_name(*, moderator: User, review_id: int, accept: bool) -> NameReview:
    """Accept a name, which is shown from then on, or put the one before in its place.

    Raises StaleDecision when it was decided or changed meanwhile, CommentError for the moderator's own name.
    """
    user_id = NameReview.objects.filter(pk=review_id).values_list("user_id", flat=True).first()
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise StaleDecision(_("This name has been decided about or changed meanwhile."))
    if user == moderator:
        raise CommentError(_("This is your own name: another moderator decides."))
    with public_write(user):
        user.refresh_from_db()
        review = NameReview.objects.select_for_update().filter(pk=review_id, state__in=UNDECIDED).first()
        if review is None:
            raise StaleDecision(_("This name has been decided about or changed meanwhile."))
        _show_decided_name(user, review, accept)
        review.state = NameState.ACCEPTED if accept else NameState.REFUSED
        review.decided_at, review.decided_by = timezone.now(), moderator
        review.save()
    return review


def _show_decided_name(user: User, review: NameReview, accept: bool) -> None:
    if accept and review.state == NameState.HELD:
        user.display_name = review.name
    elif not accept and user.display_name != review.previous:
        # Also under a name that waits: the one shown meanwhile may be another that nobody has looked at.
        user.display_name = review.previous
    else:
        return
    user.save(update_fields=["display_name"])


def name_note(user: User) -> str:
    """What the profile says about a name of `user` that waits or was not accepted; "" for nothing."""
    review = NameReview.objects.filter(user=user).order_by("-pk").first()
    if review is None or review.state not in (NameState.HELD, NameState.REFUSED):
        return ""
    if review.state == NameState.HELD:
        return _(
            "A moderator looks at the name “%(name)s” first. Until then your comments appear as “%(shown)s”."
        ) % {"name": review.name, "shown": user.public_name}
    if user.display_name != review.previous:
        return ""
    return _("A moderator did not accept the name “%(name)s”. You can choose another.") % {
        "name": review.name
    }
