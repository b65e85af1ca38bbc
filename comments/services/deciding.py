"""What moderators do: decide about comments, and ban for a while."""

from datetime import timedelta

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments import policy
from comments.models import Ban, Comment, Decision, Reason
from comments.policy import MOVES, Hold, Remover, State, Verb, Verdict
from comments.words import clean
from ictiger.delivery.change import change

from .appeals import refuse_who_was_appealed_against
from .refusals import Overtaken, Refused
from .rows import locked, move

TURNING_DOWN = (Verb.REJECT, Verb.REMOVE)


def decide(*, moderator: User, comment_id: int, verb: str, reason: str = "", note: str = "", seen: str | None = None) -> Decision:
    """Approve, reject, remove or undo, once: the row is locked, and `seen` (Comment.seen) says what the moderator looked at.

    Who is turned down is told the words of the Reason with the code `reason`, in their own language, or `note` in their place.
    Raises Overtaken when somebody else was first or the author has changed the text since; ForAnother when this moderator is the one
    appealed against; Refused for a reason that is none.
    """
    with change() as this:
        comment = locked(this, comment_id)
        refuse_who_was_appealed_against(comment, moderator)
        verdict = _verdict(comment, verb, reason)
        if verdict is None or seen not in (None, comment.seen):
            raise Overtaken(_what_happened(comment, seen))
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
    return decision


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


def ban(*, user: User, why: str, days: int) -> Ban:
    """Keep somebody from commenting for a while. What they wrote before stays as it is."""
    return Ban.objects.create(user=user, why=why, until=timezone.now() + timedelta(days=days))


def _verdict(comment: Comment, verb: str, reason: str) -> Verdict | None:
    """Where the decision leads from the state the comment is in; None when it cannot be taken there."""
    if verb == Verb.UNDO:
        return _before(comment)
    to_state = MOVES[verb].get(comment.state)
    if to_state is None:
        return None
    return Verdict(to_state, {State.VISIBLE: "", State.REJECTED: reason, State.REMOVED: reason or Remover.MODERATOR}[to_state])


def _before(comment: Comment) -> Verdict | None:
    """Where the last decision came from, while it is still what holds."""
    last = comment.decisions.first()
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
