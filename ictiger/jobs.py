"""What happens without a reader waiting for it: sweeps that never rest, recurring jobs, and the worker that runs them.

Every job is idempotent and works from rows, so that one which is killed, or runs twice, does no harm. Tasks of django-tasks only wake
or carry a job; what there is to do is never in the task itself.
"""

import logging
from datetime import timedelta

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from django_tasks import task
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from accounts.unverified_cleanup import purge_unverified, send_reminders
from accounts.verification import blocks
from articles.images import make_renditions
from comments import services
from comments.notifications import digest
from comments.services import drafts
from ictiger.mail.models import Mail

from .models import ScheduledJob

logger = logging.getLogger("ictiger.jobs")

MAIL_RETENTION = timedelta(days=90)
CLIENT_RETENTION = timedelta(days=1)  # the limits that count by it look back an hour
TASK_RETENTION = timedelta(days=3)
TASK_TIMEOUT = timedelta(days=1)  # a task that has been running for so long was killed
ANALYSIS_LIMIT = 1_000  # rows of each index, for statistics


@task()
def render_pictures() -> int:
    """Make the smaller versions of a few pictures that editors have uploaded; the next round makes those of the next."""
    return make_renditions()


@task()
def prune_mail() -> int:
    """Forget settled mails, and before that who asked for them: the ledger holds what is nobody's business for ever."""
    Mail.objects.filter(created_at__lt=timezone.now() - CLIENT_RETENTION).exclude(client="").update(client="")
    rows, _kinds = Mail.objects.settled().filter(created_at__lt=timezone.now() - MAIL_RETENTION).delete()
    return rows


@task()
def prune_tasks() -> None:
    DBTaskResult.objects.running().filter(started_at__lt=timezone.now() - TASK_TIMEOUT).delete()
    call_command("prune_db_task_results", queue_name="*", min_age_days=TASK_RETENTION.days, verbosity=0)


@task()
def clear_sessions() -> None:
    call_command("clearsessions")


@task()
def prune_comment_drafts() -> int:
    """Forget what strangers wrote and did not come back for."""
    return drafts.purge_drafts()


@task()
def prune_claims() -> int:
    """Forget who was looking at which comment, once that is over."""
    return services.prune_claims()


@task()
def send_moderator_digests() -> int:
    """Ask for the mails that tell moderators what waits, where today's have not been asked for yet."""
    return digest.queue_digests()


@task()
def clean_up_unverified_accounts() -> None:
    """Remind those who never confirmed their address, delete them when their time is over, and let blocked mailboxes go again."""
    send_reminders()
    purge_unverified()
    blocks.prune_blocks()


@task()
def refresh_statistics() -> None:
    """Let SQLite look at how the rows are spread, by which it plans its queries. PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit = {ANALYSIS_LIMIT}")
            cursor.execute("ANALYZE")


SCHEDULE: dict[Task, timedelta] = {
    render_pictures: timedelta(seconds=30),
    prune_mail: timedelta(days=1),
    prune_tasks: timedelta(hours=1),
    clear_sessions: timedelta(days=1),
    prune_comment_drafts: timedelta(days=1),
    prune_claims: timedelta(days=1),
    send_moderator_digests: timedelta(minutes=10),
    clean_up_unverified_accounts: timedelta(hours=1),
    refresh_statistics: timedelta(days=1),
}


def enqueue_due_jobs() -> int:
    """Hand every recurring job whose time has come to the task queue. Returns how many this worker was the first to claim."""
    recurring = {job.module_path: job for job in SCHEDULE}
    ScheduledJob.objects.bulk_create([ScheduledJob(name=name) for name in recurring], ignore_conflicts=True)
    due = ScheduledJob.objects.filter(name__in=recurring, due_at__lte=timezone.now())
    return sum(_claim_job(recurring[row.name], row) for row in due)


def _claim_job(job: Task, row: ScheduledJob) -> bool:
    with transaction.atomic():
        ours = ScheduledJob.objects.filter(name=row.name, due_at=row.due_at).update(
            due_at=timezone.now() + SCHEDULE[job]
        )
        if ours:
            job.enqueue()
    return bool(ours)
