"""What moderators do: decide about comments, and ban for a while."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments import policy
from comments.models import Ban, Claim, Comment, Decision, Reason
from comments.notifications import rejections
from comments.policy import TRANSITIONS, HoldRule, ModerationAction, Outcome, RemovedBy, State
from comments.text.word_count import clean_text
from ictiger.pagecache.public_write import public_write

from .appeals import require_uninvolved
from .claims import require_unclaimed
from .errors import CommentError, StaleDecision
from .transitions import lock_author, lock_comment, set_state

NEGATIVE_ACTIONS = (ModerationAction.REJECT, ModerationAction.REMOVE)
UNDO_PERIOD = timedelta(hours=1)


def decide(
    *,
    moderator: User,
    comment_id: int,
    verb: str,
    reason: str = "",
    note: str = "",
    seen: str | None = None,
    take_over: bool = False,
) -> Decision:
    """Approve, reject, remove or undo, once: the row is locked, and `seen` (Comment.seen) says what the moderator looked at.

    Who is turned down is told the words of the Reason with the code `reason`, in their own language, or `note` in their place.
    Raises Overtaken when somebody else was first or the author has changed the text since; ForAnother when this moderator is the one
    appealed against; Claimed when another is looking at it, unless this one takes it over; Gone; Refused for a reason that is none.
    """
    with public_write() as write:
        comment = lock_comment(write, comment_id)
        require_uninvolved(comment, moderator)
        verdict = _outcome(comment, verb, reason)
        if verdict is None or seen not in (None, comment.version_token):
            raise StaleDecision(_what_happened(comment, seen))
        if not take_over:
            require_unclaimed(comment, moderator)
        given = _find_reason(verb, reason)
        told = _message_to_author(comment, given, note) if verb in NEGATIVE_ACTIONS else ""
        decision = Decision.objects.create(
            comment=comment,
            moderator=moderator,
            verb=verb,
            from_state=comment.state,
            from_reason=comment.reason,
            to_state=verdict.state,
            reason=given,
            note=told,
            body=comment.body,
            waited=timezone.now() - comment.held_at if comment.held_at else None,
        )
        comment.approved = verdict.state == State.VISIBLE
        comment.note = told
        set_state(comment, verdict)
        comment.save()
        Claim.objects.filter(comment=comment).delete()
        if verb in NEGATIVE_ACTIONS:
            rejections.notify_rejection(decision)
    return decision


def undo_last(*, moderator: User) -> Decision | None:
    """Undo the newest decision of this moderator's own that still stands as they left it; None when there was none lately.

    Asked again it goes one further back. Raises what `decide` raises.
    """
    lately = Decision.objects.filter(
        moderator=moderator, decided_at__gt=timezone.now() - UNDO_PERIOD
    ).exclude(verb=ModerationAction.UNDO)
    later = Decision.objects.filter(comment=OuterRef("comment"), pk__gt=OuterRef("pk"))
    last = lately.filter(~Exists(later), comment__state=F("to_state")).order_by("-pk").first()
    if last is None:
        return None
    with public_write() as write:
        comment = lock_comment(write, last.comment_id)
        if comment.decisions.first() != last:
            raise StaleDecision(_what_happened(comment, None))
        return decide(moderator=moderator, comment_id=comment.pk, verb=ModerationAction.UNDO)


def _find_reason(verb: str, code: str) -> Reason | None:
    """The reason of that code, where the decision needs one or may have one."""
    if verb not in NEGATIVE_ACTIONS or (verb == ModerationAction.REMOVE and not code):
        return None
    found = Reason.objects.active().filter(code=code).first()
    if found is None:
        raise CommentError(_("Choose the reason that the author is told."))
    return found


def _message_to_author(comment: Comment, given: Reason | None, note: str) -> str:
    """What the author reads: the moderator's own words, or the reason's in the author's language."""
    words = clean_text(note).strip()
    if words or given is None:
        return words
    return given.text_in(comment.author.language if comment.author else comment.language)


def ban_user(*, by: User, user: User, why: str, days: int | None) -> Ban:
    """Keep somebody from commenting for a while, or (None) for good. What they wrote before stays as it is. Raises Left."""
    with transaction.atomic():
        lock_author(user)
        return Ban.objects.create(
            user=user, banned_by=by, why=why, until=timezone.now() + timedelta(days=days) if days else None
        )


def _outcome(comment: Comment, verb: str, reason: str) -> Outcome | None:
    """Where the decision leads from the state the comment is in; None when it cannot be taken there."""
    if verb == ModerationAction.UNDO:
        return undo_outcome(comment, comment.decisions.first())
    to_state = TRANSITIONS[verb].get(comment.state)
    if to_state is None:
        return None
    return Outcome(
        to_state,
        {State.VISIBLE: "", State.REJECTED: reason, State.REMOVED: reason or RemovedBy.MODERATOR}[to_state],
    )


def undo_outcome(comment: Comment, last: Decision | None) -> Outcome | None:
    """Where undoing the `last` decision about the comment leads; None when it is not what holds."""
    holds = last is not None and last.verb != ModerationAction.UNDO and last.to_state == comment.state
    if (
        not holds
        or comment.state not in policy.UNDOABLE
        or comment.reason in (RemovedBy.AUTHOR, RemovedBy.ERASURE)
    ):
        return None
    return Outcome(last.from_state, HoldRule.UNDONE if last.from_state == State.PENDING else last.from_reason)


def _what_happened(comment: Comment, seen: str | None) -> str:
    """Who was first, for the moderator who comes second."""
    last = comment.decisions.select_related("moderator").first()
    if last is not None and last.to_state == comment.state:
        who = last.moderator.public_name if last.moderator else _("A former moderator")
        at = formats.date_format(timezone.localtime(last.decided_at), "DATETIME_FORMAT")
        return _("%(who)s has already decided about this comment: %(what)s, %(when)s.") % {
            "who": who,
            "what": last,
            "when": at,
        }
    if seen is not None and not seen.endswith(f".{comment.revision}"):
        return _("Its author has changed this comment since you looked at it. Please read it again.")
    return _("This comment is now “%(state)s”, so that cannot be done.") % {
        "state": comment.get_state_display()
    }
