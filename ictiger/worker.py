import threading
from collections.abc import Callable

from django.db import close_old_connections, connections
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from ictiger.mail.sweep import send_due_mail
from ictiger.pagecache.purge import purge_leftovers

from .jobs import enqueue_due_jobs, logger

PAUSE_AFTER_FAULT = 5.0  # seconds


SUPERVISION_INTERVAL = 1.0  # seconds between two looks at the loops


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
    if (
        DBTaskResult.objects.ready().exists()
    ):  # a look takes no lock; the worker takes the only one that SQLite has
        TaskWorker(stop).run()


def send_mail(stop: threading.Event) -> None:
    while not stop.is_set() and send_due_mail(100, keep_going=lambda: not stop.is_set()):
        pass


class RepeatingThread(threading.Thread):
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
        except (
            Exception
        ):  # whatever it is (a lock that timed out, a database that restarts): the next round must come
            logger.exception("%s failed; it goes on in %.0f s", self.name, PAUSE_AFTER_FAULT)
            return False
        return True


def make_loops(stop: threading.Event) -> dict[str, Callable[[], RepeatingThread]]:
    """What a worker does all the time, by name; intervals in seconds."""
    bodies: dict[str, tuple[Callable[[], object], float]] = {
        "mail": (lambda: send_mail(stop), 0.5),
        "purges": (purge_leftovers, 1.0),
        "timer": (enqueue_due_jobs, 5.0),
        "tasks": (lambda: work_off_tasks(stop), 0.5),
    }
    return {
        name: lambda name=name, body=body, every=every: RepeatingThread(name, body, every, stop)
        for name, (body, every) in bodies.items()
    }


def run_worker(stop: threading.Event) -> None:
    """Run all sweeps and jobs until `stop` is set; then end what is under way, and return. Loops that die are begun again."""
    makers = make_loops(stop)
    loops: dict[str, RepeatingThread] = {}
    while not stop.is_set():
        for name, make in makers.items():
            if name not in loops or not loops[name].is_alive():
                loops[name] = make()
                loops[name].start()
        stop.wait(SUPERVISION_INTERVAL)
    for loop in loops.values():
        loop.join()
