"""The worker process: sends mail, purges for left-over outbox rows, enqueues due jobs and runs tasks."""

import logging
import threading
from collections.abc import Callable

from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from ictiger.core.repeating_thread import RepeatingThread
from ictiger.mail.sending import send_due_mail
from ictiger.pagecache.purge import purge_leftovers

from .jobs import enqueue_due_jobs

logger = logging.getLogger("ictiger.jobs")

ERROR_PAUSE = 5.0  # seconds that a loop waits after an exception
SUPERVISION_INTERVAL = 1.0  # seconds between two checks that all loops run
MAIL_BATCH = 100  # mails that one sweep sends at most


class TaskWorker(Worker):
    """django-tasks-db's worker, which here runs the tasks that are ready and returns.

    After `stop` it begins no task.
    """

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


def run_ready_tasks(stop: threading.Event) -> None:
    """Run the tasks that are ready.

    The check comes first because it takes no lock, and SQLite has one write lock.
    """
    if DBTaskResult.objects.ready().exists():
        TaskWorker(stop).run()


def send_mail(stop: threading.Event) -> None:
    """Send due mails until there are none."""
    while not stop.is_set() and send_due_mail(MAIL_BATCH, keep_going=lambda: not stop.is_set()):
        pass


def make_loops(stop: threading.Event) -> dict[str, RepeatingThread]:
    """The threads of a worker by name; intervals in seconds."""
    loops: dict[str, tuple[Callable[[], object], float]] = {
        "mail": (lambda: send_mail(stop), 0.5),
        "purges": (purge_leftovers, 1.0),
        "timer": (enqueue_due_jobs, 5.0),
        "tasks": (lambda: run_ready_tasks(stop), 0.5),
    }
    return {
        name: RepeatingThread(
            f"ictiger-{name}",
            function,
            interval=interval,
            error_pause=ERROR_PAUSE,
            stop_event=stop,
            logger=logger,
        )
        for name, (function, interval) in loops.items()
    }


def run_worker(stop: threading.Event) -> None:
    """Run all loops until `stop` is set; then finish the calls under way and return.

    A loop that died is restarted.
    """
    loops = make_loops(stop)
    while not stop.is_set():
        for loop in loops.values():
            loop.start()  # does nothing while it runs
        stop.wait(SUPERVISION_INTERVAL)
    for loop in loops.values():
        loop.join()
