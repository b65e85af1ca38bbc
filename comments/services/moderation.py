"""What moderators do: decide about comments, undo decisions, ban authors."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments import policy
from comments.models import Ban, Claim, Comment, Decision, Reason
from comments.notifications import rejections, report_outcomes
from comments.policy import TRANSITIONS, HoldRule, ModerationAction, Outcome, RemovedBy, State
from comments.text.word_count import clean_note
from ictiger.core.times import local_time_text
from ictiger.pagecache.public_write import public_write

from .claims import require_unclaimed
from .errors import CommentError, Forbidden, StaleDecision
from .recusal import require_uninvolved
from .reports import require_reports_seen
from .transitions import lock_author, lock_comment, set_state

NEGATIVE_ACTIONS = (ModerationAction.REJECT, ModerationAction.REMOVE)
UNDO_PERIOD = timedelta(hours=1)


def decide(
    *,
    moderator: User,
    comment_id: int,
    action: str,
    reason: str = "",
    note: str = "",
    version_token: str | None = None,
    take_over: bool = False,
    last_report_id: int | None = None,
) -> Decision:
    """Approve, reject or remove a comment, or undo the last decision about it, under the lock of its row.

    `reason` is the code of a Reason. The author of a rejected or removed comment gets its text in the
    author's language, or `note` in its place. `version_token` is that of the comment as the moderator saw it,
    `last_report_id` the newest report they saw (0: none). The decision settles the comment's reports. Raises

    - StaleDecision when another moderator was first, the author has changed the text since, or another reader
      has reported it;
    - Recused when this moderator is party to the decision;
    - ClaimedByOther when another moderator has claimed the comment, unless `take_over`;
    - CommentNotFound; CommentError when `reason` is missing or unknown.
    """
    with public_write() as write:
        comment = lock_comment(write, comment_id)
        require_uninvolved(comment, moderator)
        outcome = _outcome(comment, action, reason)
        if outcome is None or version_token not in (None, comment.version_token):
            raise StaleDecision(_conflict_message(comment, version_token))
        require_reports_seen(comment, last_report_id)
        if not take_over:
            require_unclaimed(comment, moderator)
        settled = list(comment.reports.open()) if action != ModerationAction.UNDO else []
        decision = _record_decision(comment, moderator, action, outcome, _find_reason(action, reason), note)
        is_reopened = action == ModerationAction.UNDO and comment.state == State.VISIBLE
        comment.approved = outcome.state == State.VISIBLE and not is_reopened
        comment.note = decision.note
        set_state(comment, outcome)
        comment.save()
        Claim.objects.filter(comment=comment).delete()
        if action in NEGATIVE_ACTIONS:
            rejections.notify_rejection(decision)
        report_outcomes.notify_reporters(settled, decision.decided_at)
    return decision


def _record_decision(
    comment: Comment, moderator: User, action: str, outcome: Outcome, reason: Reason | None, note: str
) -> Decision:
    return Decision.objects.create(
        comment=comment,
        moderator=moderator,
        verb=action,
        from_state=comment.state,
        from_reason=comment.reason,
        to_state=outcome.state,
        reason=reason,
        note=_message_to_author(comment, reason, note) if action in NEGATIVE_ACTIONS else "",
        body=comment.body,
        waited=timezone.now() - comment.held_at if comment.held_at else None,
    )


def undo_last(*, moderator: User) -> Decision | None:
    """Undo this moderator's newest decision within UNDO_PERIOD that has not been followed by another.

    Called again it undoes the one before. Returns None when there is none. Raises what `decide()` raises.
    """
    recent = Decision.objects.filter(
        moderator=moderator, decided_at__gt=timezone.now() - UNDO_PERIOD
    ).exclude(verb=ModerationAction.UNDO)
    later = Decision.objects.filter(comment=OuterRef("comment"), pk__gt=OuterRef("pk"))
    last = recent.filter(~Exists(later), comment__state=F("to_state")).order_by("-pk").first()
    if last is None:
        return None
    with public_write() as write:
        comment = lock_comment(write, last.comment_id)
        if comment.decisions.first() != last:
            raise StaleDecision(_conflict_message(comment, None))
        return decide(moderator=moderator, comment_id=comment.pk, action=ModerationAction.UNDO)


def _find_reason(action: str, code: str) -> Reason | None:
    """The active Reason with this code. None where the action needs none. Raises CommentError."""
    if action not in NEGATIVE_ACTIONS or (action == ModerationAction.REMOVE and not code):
        return None
    reason = Reason.objects.active().filter(code=code).first()
    if reason is None:
        raise CommentError(_("Choose the reason that the author is told."))
    return reason


def _message_to_author(comment: Comment, reason: Reason | None, note: str) -> str:
    """The moderator's note, or the text of the reason in the author's language."""
    text = clean_note(note)
    if text or reason is None:
        return text
    return reason.text_in(comment.author.language if comment.author else comment.language)


def ban_user(*, by: User, user: User, why: str, days: int | None) -> Ban:
    """Ban a user from commenting for `days`, or for good with None. Earlier comments stay.

    Raises AccountDeleted, and Forbidden for those who work at the desk: first an administrator has to take
    back their access.
    """
    if user.is_staff:
        raise Forbidden(_("They work at the desk. Ask an administrator to take back their access first."))
    with transaction.atomic():
        lock_author(user)
        until = timezone.now() + timedelta(days=days) if days else None
        return Ban.objects.create(user=user, banned_by=by, why=why, until=until)


def _outcome(comment: Comment, action: str, reason: str) -> Outcome | None:
    """Where the action leads from the comment's state; None when it is not allowed there."""
    if action == ModerationAction.UNDO:
        return undo_outcome(comment, comment.decisions.first())
    to_state = TRANSITIONS[action].get(comment.state)
    if to_state is None or (to_state == comment.state and not comment.reports.open().exists()):
        return None
    reasons = {State.VISIBLE: "", State.REJECTED: reason, State.REMOVED: reason or RemovedBy.MODERATOR}
    return Outcome(to_state, reasons[State(to_state)])


def undo_outcome(comment: Comment, last: Decision | None) -> Outcome | None:
    """Where undoing the comment's `last` decision leads; None when that decision no longer holds."""
    if last is None or last.verb == ModerationAction.UNDO or last.to_state != comment.state:
        return None
    if comment.state not in policy.UNDOABLE or comment.reason in (RemovedBy.AUTHOR, RemovedBy.ERASURE):
        return None
    return Outcome(last.from_state, HoldRule.UNDONE if last.from_state == State.PENDING else last.from_reason)


def _conflict_message(comment: Comment, version_token: str | None) -> str:
    """Why the moderator's view is out of date: another moderator's decision, or a changed text."""
    last = comment.decisions.select_related("moderator").first()
    if last is not None and last.to_state == comment.state:
        who = last.moderator.public_name if last.moderator else _("A former moderator")
        decided_at = local_time_text(last.decided_at)
        return _("%(who)s has already decided about this comment: %(what)s, %(when)s.") % {
            "who": who,
            "what": last,
            "when": decided_at,
        }
    if version_token is not None and not version_token.endswith(f".{comment.revision}"):
        return _("Its author has changed this comment since you looked at it. Please read it again.")
    return _("This comment is now “%(state)s”, so that cannot be done.") % {
        "state": comment.get_state_display()
    }
