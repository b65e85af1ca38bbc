"""What happens without a reader waiting for it: sweeps that never rest, recurring jobs, and the worker that runs them.

Every job is idempotent and works from rows, so that one which is killed, or runs twice, does no harm. Tasks of django-tasks only wake
or carry a job; what there is to do is never in the task itself.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from django.core.management import call_command
from django.db import close_old_connections, connection, connections, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks import task
from django_tasks.base import Task
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from accounts import blocks
from accounts.purge import purge, remind
from articles.images import make_renditions
from comments import digest, services, waiting
from ictiger.delivery.purge import purge_left_over
from ictiger.mail.models import Mail
from ictiger.mail.sweep import send_due_mail

from .models import Recurring

logger = logging.getLogger("ictiger.jobs")

MAIL_KEPT = timedelta(days=90)
ASKER_KEPT = timedelta(days=1)  # the limits that count by it look back an hour
TASKS_KEPT = timedelta(days=3)
TASK_GIVEN_UP = timedelta(days=1)  # a task that has been running for so long was killed
LOOKED_AT = 1_000  # rows of each index, for statistics
PAUSE_AFTER_FAULT = 5.0  # seconds
SUPERVISION = 1.0  # seconds between two looks at the loops


@task()
def render_pictures() -> int:
    """Make the smaller versions of a few pictures that editors have uploaded; the next round makes those of the next."""
    return make_renditions()


@task()
def prune_mail() -> int:
    """Forget settled mails, and before that who asked for them: the ledger holds what is nobody's business for ever."""
    Mail.objects.filter(created_at__lt=timezone.now() - ASKER_KEPT).exclude(client="").update(client="")
    rows, _kinds = Mail.objects.settled().filter(created_at__lt=timezone.now() - MAIL_KEPT).delete()
    return rows


@task()
def prune_tasks() -> None:
    DBTaskResult.objects.running().filter(started_at__lt=timezone.now() - TASK_GIVEN_UP).delete()
    call_command("prune_db_task_results", queue_name="*", min_age_days=TASKS_KEPT.days, verbosity=0)


@task()
def clear_sessions() -> None:
    call_command("clearsessions")


@task()
def prune_waiting_texts() -> int:
    """Forget what strangers wrote and did not come back for."""
    return waiting.purge()


@task()
def forget_old_claims() -> int:
    """Forget who was looking at which comment, once that is over."""
    return services.forget_old_claims()


@task()
def tell_moderators() -> int:
    """Ask for the mails that tell moderators what waits, where today's have not been asked for yet."""
    return digest.ask_for_mails()


@task()
def tend_unproven_accounts() -> None:
    """Remind those who never confirmed their address, delete them when their time is over, and let blocked mailboxes go again."""
    remind()
    purge()
    blocks.prune()


@task()
def refresh_statistics() -> None:
    """Let SQLite look at how the rows are spread, by which it plans its queries. PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit = {LOOKED_AT}")
            cursor.execute("ANALYZE")


RECURRING: dict[Task, timedelta] = {
    render_pictures: timedelta(seconds=30),
    prune_mail: timedelta(days=1),
    prune_tasks: timedelta(hours=1),
    clear_sessions: timedelta(days=1),
    prune_waiting_texts: timedelta(days=1),
    forget_old_claims: timedelta(days=1),
    tell_moderators: timedelta(minutes=10),
    tend_unproven_accounts: timedelta(hours=1),
    refresh_statistics: timedelta(days=1),
}


def enqueue_due_jobs() -> int:
    """Hand every recurring job whose time has come to the task queue. Returns how many this worker was the first to claim."""
    recurring = {job.module_path: job for job in RECURRING}
    Recurring.objects.bulk_create([Recurring(name=name) for name in recurring], ignore_conflicts=True)
    due = Recurring.objects.filter(name__in=recurring, due_at__lte=timezone.now())
    return sum(_claim(recurring[row.name], row) for row in due)


def _claim(job: Task, row: Recurring) -> bool:
    with transaction.atomic():
        ours = Recurring.objects.filter(name=row.name, due_at=row.due_at).update(due_at=timezone.now() + RECURRING[job])
        if ours:
            job.enqueue()
    return bool(ours)


class TaskWorker(Worker):
    """django-tasks-db's worker, working off what is ready and no more; after `stop` it begins nothing new."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        super().__init__(
            queue_names=["default"],
            excluded_queue_names=[],
            backend_name="default",
            batch=True,
            interval=0.2,
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
        )

    def run_task(self, db_task_result: DBTaskResult) -> None:
        super().run_task(db_task_result)
        self.running = not self.stop.is_set()


def work_off_tasks(stop: threading.Event) -> None:
    if DBTaskResult.objects.ready().exists():  # a look takes no lock; the worker takes the only one that SQLite has
        TaskWorker(stop).run()


def send_mail(stop: threading.Event) -> None:
    while not stop.is_set() and send_due_mail(100, keep_going=lambda: not stop.is_set()):
        pass


class Loop(threading.Thread):
    """Does `body` again and again until `stop`. A fault is logged, and after a pause it tries again."""

    def __init__(self, name: str, body: Callable[[], object], every: float, stop: threading.Event) -> None:
        super().__init__(name=f"ictiger-{name}", daemon=True)
        self.body, self.every, self.stop = body, every, stop

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.stop.wait(self.every if self._once() else PAUSE_AFTER_FAULT)
        finally:
            connections.close_all()

    def _once(self) -> bool:
        close_old_connections()
        try:
            self.body()
        except Exception:  # whatever it is (a lock that timed out, a database that restarts): the next round must come
            logger.exception("%s failed; it goes on in %.0f s", self.name, PAUSE_AFTER_FAULT)
            return False
        return True


def make_loops(stop: threading.Event) -> dict[str, Callable[[], Loop]]:
    """What a worker does all the time, by name; intervals in seconds."""
    bodies: dict[str, tuple[Callable[[], object], float]] = {
        "mail": (lambda: send_mail(stop), 0.5),
        "purges": (purge_left_over, 1.0),
        "timer": (enqueue_due_jobs, 5.0),
        "tasks": (lambda: work_off_tasks(stop), 0.5),
    }
    return {name: lambda name=name, body=body, every=every: Loop(name, body, every, stop) for name, (body, every) in bodies.items()}


def run_worker(stop: threading.Event) -> None:
    """Run all sweeps and jobs until `stop` is set; then end what is under way, and return. Loops that die are begun again."""
    makers = make_loops(stop)
    loops: dict[str, Loop] = {}
    while not stop.is_set():
        for name, make in makers.items():
            if name not in loops or not loops[name].is_alive():
                loops[name] = make()
                loops[name].start()
        stop.wait(SUPERVISION)
    for loop in loops.values():
        loop.join()
