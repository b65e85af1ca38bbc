"""Readers' reports of comments, and the moderators' answer to them.

Every report is seen: it is open until a moderator decides about the comment (`ReportQuerySet.open()`), and
its reporter hears what was decided (notifications/report_outcomes.py). Three may also hold a comment at once.
"""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from comments import policy
from comments.models import Comment, Report
from comments.policy import HoldRule, Outcome, State
from comments.text import word_count
from ictiger.pagecache.public_write import public_write

from .errors import CommentError, Forbidden, RateLimited, StaleDecision
from .screening import is_trusted
from .transitions import lock_author, lock_comment, set_state


def report_comment(*, user: User, comment_id: int, reason: str, note: str = "") -> Report:
    """Report another author's comment to the moderators. Raises CommentError.

    The same report again is one; another reason or note is added to it. Enough reports by trusted users hold
    the comment, unless a moderator has approved its text.
    """
    if not user.is_verified:
        raise Forbidden(
            _("Please confirm your e-mail address first: only confirmed readers can report a comment.")
        )
    note = word_count.clean_note(note)
    with public_write() as write:
        lock_author(user)
        comment = lock_comment(write, comment_id)
        if comment.author_id == user.pk:
            raise CommentError(_("This is your own comment: you can remove it instead."))
        if comment.state != State.VISIBLE:
            raise CommentError(_("This comment is no longer shown."))
        earlier = list(Report.objects.open().filter(comment=comment, reporter=user))
        for report in earlier:
            if (report.reason, report.note) == (reason, note):
                return report
        _require_below_limits(user, len(earlier))
        report = Report.objects.create(
            comment=comment, reporter=user, reason=reason, note=note, counts=_counts(user)
        )
        if not comment.approved and _count_reporters(comment) >= policy.REPORTS_THAT_HOLD:
            set_state(comment, Outcome(State.PENDING, HoldRule.REPORTED))
            comment.save()
    return report


def require_reports_seen(comment: Comment, last_seen_id: int | None) -> None:
    """Raise StaleDecision when a report has come in since the moderator saw the one with this id, the newest
    then (0: none; None: not known, nothing is checked).
    """
    if last_seen_id is not None and comment.reports.filter(pk__gt=last_seen_id).exists():
        raise StaleDecision(_("Another report has come in since you looked at this comment. Please read it."))


def _require_below_limits(user: User, open_about_comment: int) -> None:
    if open_about_comment >= policy.MAX_OPEN_REPORTS:
        raise RateLimited(_("You have reported this comment already. A moderator will look at it."))
    lately = Report.objects.filter(reporter=user, created_at__gt=timezone.now() - timedelta(hours=1))
    if lately.count() >= policy.MAX_REPORTS_AN_HOUR:
        raise RateLimited(
            _("You have reported many comments within an hour. Please send this report again later.")
        )


def _counts(user: User) -> bool:
    """Whether a report by `user` now helps to hold the comment."""
    lately = Report.objects.filter(
        reporter=user, counts=True, created_at__gt=timezone.now() - timedelta(days=1)
    )
    return is_trusted(user) and lately.count() < policy.COUNTING_REPORTS_A_DAY


def _count_reporters(comment: Comment) -> int:
    """Readers whose reports count, those before the last approval apart: it settled them."""
    approved_at = (
        comment.decisions.filter(to_state=State.VISIBLE).values_list("decided_at", flat=True).first()
    )
    reports = comment.reports.filter(counts=True).order_by()
    if approved_at:
        reports = reports.filter(created_at__gt=approved_at)
    return reports.values("reporter").distinct().count()
