"""Mails to readers about what was decided on the comments that they reported (DSA, article 16 (5)).

One mail reports all decisions since it was queued. It waits OUTCOME_DELAY, since a moderator may undo a
decision.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.models import User
from comments.models import Report
from comments.policy import ModerationAction
from ictiger.mail.models import Mail

from .recipients import already_notified, queue_decision_mail

OUTCOME_PURPOSE = "comments/report_outcome"
OUTCOME_LIFETIME = timedelta(days=7)
OUTCOME_DELAY = timedelta(minutes=5)


def notify_reporters(settled: Iterable[Report], decided_at: datetime) -> None:
    """Queue a mail to each reporter with a verified address. Runs in the transaction of the decision."""
    reporter_ids = {report.reporter_id for report in settled}
    for reporter in User.objects.filter(pk__in=reporter_ids, is_active=True) if reporter_ids else ():
        queue_decision_mail(
            OUTCOME_PURPOSE, reporter, decided_at, delay=OUTCOME_DELAY, lifetime=OUTCOME_LIFETIME
        )


def reports_to_answer(mail: Mail) -> list[Report]:
    """The user's settled reports that no other mail has answered, oldest first, one for each comment."""
    since = datetime.fromisoformat(mail.context["since"])
    reports = (
        Report.objects.with_decision()
        .filter(reporter=mail.user, settled_by__isnull=False, comment__decisions__decided_at__gte=since)
        .exclude(settled_by=ModerationAction.UNDO)
        .select_related("comment__article")
        .order_by("created_at", "pk")
        .distinct()
    )
    notified = already_notified(
        Mail.objects.filter(purpose=OUTCOME_PURPOSE, user=mail.user).exclude(pk=mail.pk)
    )
    by_comment = {report.comment_id: report for report in reports if report.pk not in notified}
    return list(by_comment.values())
