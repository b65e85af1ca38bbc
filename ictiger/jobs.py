"""The scheduled jobs, and when each is due.

Every job is idempotent and reads its work from rows, so a job that is killed or runs twice does no harm.
"""

from datetime import timedelta

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from django_tasks import task
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from accounts.form_submissions import prune_submissions
from accounts.unverified_cleanup import purge_unverified, send_reminders
from accounts.verification import blocks
from articles.images import make_renditions
from comments import services
from comments.notifications import digest
from comments.services import drafts
from ictiger.mail.models import Mail

from .models import ScheduledJob

MAIL_RETENTION = timedelta(days=90)
CLIENT_RETENTION = timedelta(days=1)  # rate limits by client look back one hour
TASK_RETENTION = timedelta(days=3)
TASK_TIMEOUT = timedelta(days=1)  # a task that has been running for longer was killed
ANALYSIS_LIMIT = 1_000  # rows of each index that SQLite samples


@task()
def render_pictures() -> int:
    """Make the smaller versions of a few uploaded pictures; the next run continues."""
    return make_renditions()


@task()
def prune_mail() -> int:
    """Delete settled mails after 90 days, and clear the client of every mail after one day."""
    Mail.objects.filter(created_at__lt=timezone.now() - CLIENT_RETENTION).exclude(client="").update(client="")
    old = Mail.objects.settled().filter(created_at__lt=timezone.now() - MAIL_RETENTION)
    count, _per_model = old.delete()
    return count


@task()
def prune_tasks() -> None:
    """Delete finished tasks after three days, and tasks of killed workers after one."""
    DBTaskResult.objects.running().filter(started_at__lt=timezone.now() - TASK_TIMEOUT).delete()
    call_command("prune_db_task_results", queue_name="*", min_age_days=TASK_RETENTION.days, verbosity=0)


@task()
def clear_sessions() -> None:
    """Delete expired sessions."""
    call_command("clearsessions")


@task()
def prune_comment_drafts() -> int:
    """Delete drafts of anonymous visitors who did not return."""
    return drafts.purge_drafts()


@task()
def prune_claims() -> int:
    """Delete review claims, and bans kept from erased accounts, that have expired."""
    return services.prune_claims() + services.prune_erased_bans()


@task()
def send_moderator_digests() -> int:
    """Queue today's mails that list waiting comments, for moderators who have not had theirs."""
    return digest.queue_digests()


@task()
def clean_up_unverified_accounts() -> None:
    """Remind unverified accounts, delete them after their deadline, and delete expired mailbox blocks and
    notes of sent forms.
    """
    send_reminders()
    purge_unverified()
    blocks.prune_blocks()
    prune_submissions()


@task()
def refresh_statistics() -> None:
    """Update the statistics of SQLite's query planner. PostgreSQL does so by itself."""
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
    """Enqueue every scheduled job that is due. Returns how many this worker claimed first."""
    jobs = {job.module_path: job for job in SCHEDULE}
    ScheduledJob.objects.bulk_create([ScheduledJob(name=name) for name in jobs], ignore_conflicts=True)
    due = ScheduledJob.objects.filter(name__in=jobs, due_at__lte=timezone.now())
    return sum(claim_job(jobs[row.name], row) for row in due)


def claim_job(job: Task, row: ScheduledJob) -> bool:
    """Enqueue the job unless another worker has claimed it since `row` was read."""
    with transaction.atomic():
        unclaimed = ScheduledJob.objects.filter(name=row.name, due_at=row.due_at)
        claimed = unclaimed.update(due_at=timezone.now() + SCHEDULE[job])
        if claimed:
            job.enqueue()
    return bool(claimed)
