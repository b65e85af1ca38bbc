"""What moderators do: decide about comments, and ban for a while."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments import policy, rejections
from comments.models import Ban, Claim, Comment, Decision, Reason
from comments.policy import MOVES, Hold, Remover, State, Verb, Verdict
from comments.words import clean
from ictiger.delivery.change import change

from .appeals import refuse_who_is_party
from .claiming import refuse_if_claimed
from .refusals import Overtaken, Refused
from .rows import lock_writer, locked, move

TURNING_DOWN = (Verb.REJECT, Verb.REMOVE)
UNDO_LOOKS_BACK = timedelta(hours=1)


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
    with change() as this:
        comment = locked(this, comment_id)
        refuse_who_is_party(comment, moderator)
        verdict = _verdict(comment, verb, reason)
        if verdict is None or seen not in (None, comment.seen):
            raise Overtaken(_what_happened(comment, seen))
        if not take_over:
            refuse_if_claimed(comment, moderator)
        given = _reason(verb, reason)
        told = _told(comment, given, note) if verb in TURNING_DOWN else ""
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
        move(comment, verdict)
        comment.save()
        Claim.objects.filter(comment=comment).delete()
        if verb in TURNING_DOWN:
            rejections.announce(decision)
    return decision


def undo_last(*, moderator: User) -> Decision | None:
    """Undo the newest decision of this moderator's own that still stands as they left it; None when there was none lately.

    Asked again it goes one further back. Raises what `decide` raises.
    """
    lately = Decision.objects.filter(moderator=moderator, decided_at__gt=timezone.now() - UNDO_LOOKS_BACK).exclude(verb=Verb.UNDO)
    later = Decision.objects.filter(comment=OuterRef("comment"), pk__gt=OuterRef("pk"))
    last = lately.filter(~Exists(later), comment__state=F("to_state")).order_by("-pk").first()
    if last is None:
        return None
    with change() as this:
        comment = locked(this, last.comment_id)
        if comment.decisions.first() != last:
            raise Overtaken(_what_happened(comment, None))
        return decide(moderator=moderator, comment_id=comment.pk, verb=Verb.UNDO)


def _reason(verb: str, code: str) -> Reason | None:
    """The reason of that code, where the decision needs one or may have one."""
    if verb not in TURNING_DOWN or (verb == Verb.REMOVE and not code):
        return None
    found = Reason.objects.active().filter(code=code).first()
    if found is None:
        raise Refused(_("Choose the reason that the author is told."))
    return found


def _told(comment: Comment, given: Reason | None, note: str) -> str:
    """What the author reads: the moderator's own words, or the reason's in the author's language."""
    words = clean(note).strip()
    if words or given is None:
        return words
    return given.text_in(comment.author.language if comment.author else comment.language)


def ban(*, by: User, user: User, why: str, days: int | None) -> Ban:
    """Keep somebody from commenting for a while, or (None) for good. What they wrote before stays as it is. Raises Left."""
    with transaction.atomic():
        lock_writer(user)
        return Ban.objects.create(user=user, banned_by=by, why=why, until=timezone.now() + timedelta(days=days) if days else None)


def _verdict(comment: Comment, verb: str, reason: str) -> Verdict | None:
    """Where the decision leads from the state the comment is in; None when it cannot be taken there."""
    if verb == Verb.UNDO:
        return undo_of(comment, comment.decisions.first())
    to_state = MOVES[verb].get(comment.state)
    if to_state is None:
        return None
    return Verdict(to_state, {State.VISIBLE: "", State.REJECTED: reason, State.REMOVED: reason or Remover.MODERATOR}[to_state])


def undo_of(comment: Comment, last: Decision | None) -> Verdict | None:
    """Where undoing the `last` decision about the comment leads; None when it is not what holds."""
    holds = last is not None and last.verb != Verb.UNDO and last.to_state == comment.state
    if not holds or comment.state not in policy.UNDOABLE or comment.reason in (Remover.AUTHOR, Remover.ERASURE):
        return None
    return Verdict(last.from_state, Hold.UNDONE if last.from_state == State.PENDING else last.from_reason)


def _what_happened(comment: Comment, seen: str | None) -> str:
    """Who was first, for the moderator who comes second."""
    last = comment.decisions.select_related("moderator").first()
    if last is not None and last.to_state == comment.state:
        who = last.moderator.public_name if last.moderator else _("A former moderator")
        at = formats.date_format(timezone.localtime(last.decided_at), "DATETIME_FORMAT")
        return _("%(who)s has already decided about this comment: %(what)s, %(when)s.") % {"who": who, "what": last, "when": at}
    if seen is not None and not seen.endswith(f".{comment.revision}"):
        return _("Its author has changed this comment since you looked at it. Please read it again.")
    return _("This comment is now “%(state)s”, so that cannot be done.") % {"state": comment.get_state_display()}
