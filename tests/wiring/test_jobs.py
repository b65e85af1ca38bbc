"""The worker: scheduled jobs run once, loops continue after errors, a stop finishes what is under way."""

import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from ictiger import jobs, worker
from ictiger.core.repeating_thread import RepeatingThread
from ictiger.jobs import SCHEDULE, enqueue_due_jobs
from ictiger.mail.models import Mail
from ictiger.models import ScheduledJob
from ictiger.worker import run_ready_tasks, run_worker

NEVER = threading.Event()
STOP = threading.Event()


@task()
def set_stop_event() -> None:
    STOP.set()


@pytest.fixture
def one_connection(monkeypatch) -> None:
    """Keep the worker from closing the connection that holds the test's transaction."""
    monkeypatch.setattr("django_tasks_db.management.commands.db_worker.close_old_connections", lambda: None)


def make_mail(**fields) -> Mail:
    return Mail.objects.create(
        purpose="a/b", recipient="a@b.org", language="en", expires_at=timezone.now(), **fields
    )


@pytest.mark.django_db
def test_scheduled_jobs_are_due_at_the_first_start_and_once_in_each_period(time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    assert enqueue_due_jobs() == len(SCHEDULE)
    assert enqueue_due_jobs() == 0
    time_machine.shift(min(SCHEDULE.values()))
    assert enqueue_due_jobs() == 1
    assert DBTaskResult.objects.order_by("enqueued_at").last().task_path == "ictiger.jobs.render_pictures"


@pytest.mark.django_db
def test_scheduled_job_claimed_by_another_worker_is_not_enqueued(monkeypatch):
    enqueue_due_jobs()
    stale = ScheduledJob(name="ictiger.jobs.prune_mail", due_at=timezone.now() - timedelta(days=1))
    assert jobs.claim_job(jobs.prune_mail, stale) is False


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_scheduled_jobs_are_enqueued_once_by_several_workers(in_threads):
    assert sum(in_threads([enqueue_due_jobs] * 4)) == len(SCHEDULE)
    assert DBTaskResult.objects.count() == len(SCHEDULE)


@pytest.mark.django_db
def test_every_scheduled_job_succeeds(one_connection):
    enqueue_due_jobs()
    run_ready_tasks(NEVER)
    outcomes = dict(DBTaskResult.objects.values_list("task_path", "status"))
    assert outcomes == {job.module_path: "SUCCESSFUL" for job in SCHEDULE}


@pytest.mark.django_db
def test_settled_mails_are_deleted_after_ninety_days_and_unsettled_never():
    long_ago = timezone.now() - timedelta(days=91)
    make_mail(state="sent", created_at=long_ago, sent_at=long_ago)
    make_mail(state="refused", created_at=long_ago)
    remaining = [
        make_mail(state="sent", sent_at=timezone.now()),
        make_mail(state="queued", created_at=long_ago),
    ]
    assert jobs.prune_mail.func() == 2
    assert set(Mail.objects.all()) == set(remaining)


@pytest.mark.django_db
def test_client_of_a_mail_is_cleared_after_a_day():
    make_mail(state="refused", client="old", created_at=timezone.now() - timedelta(days=2))
    make_mail(state="refused", client="new")
    jobs.prune_mail.func()
    assert set(Mail.objects.values_list("client", flat=True)) == {"", "new"}


@pytest.mark.django_db
def test_tasks_of_killed_workers_are_deleted_after_a_day():
    killed, running = jobs.prune_mail.enqueue(), jobs.prune_mail.enqueue()
    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now())
    DBTaskResult.objects.filter(pk=killed.id).update(started_at=timezone.now() - timedelta(days=2))
    jobs.prune_tasks.func()
    assert [str(pk) for pk in DBTaskResult.objects.values_list("pk", flat=True)] == [running.id]


@pytest.mark.django_db
def test_expired_sessions_are_cleared():
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
    jobs.clear_sessions.func()
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_stopping_worker_begins_no_further_task(one_connection):
    set_stop_event.enqueue()
    set_stop_event.enqueue()
    run_ready_tasks(STOP)
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == ["READY", "SUCCESSFUL"]


def test_loop_continues_after_an_error(monkeypatch, caplog):
    monkeypatch.setattr(worker, "ERROR_PAUSE", 0.0)
    stop, calls = threading.Event(), []

    def fail_once() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("database is locked")
        stop.set()

    monkeypatch.setattr(worker, "enqueue_due_jobs", fail_once)
    loop = worker.make_loops(stop)["timer"]
    loop.interval = 0.0
    loop.start()
    loop.join(timeout=10)
    assert len(calls) == 2
    assert "ictiger-timer failed" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_worker_restarts_a_dead_loop_and_ends_all_when_stopped(monkeypatch):
    stop, threads = threading.Event(), []

    def die() -> None:
        threads.append(threading.current_thread())
        if len(threads) == 2:
            stop.set()
        raise SystemExit  # ends the thread: no subclass of Exception

    loop = RepeatingThread("mortal", die, interval=0.0, stop_event=stop, logger=worker.logger)
    monkeypatch.setattr(worker, "make_loops", lambda _: {"mortal": loop})
    monkeypatch.setattr(worker, "SUPERVISION_INTERVAL", 0.0)
    run_worker(stop)
    assert len(threads) >= 2
    assert not any(thread.is_alive() for thread in threads)


def test_worker_has_a_loop_for_each_of_its_duties():
    assert set(worker.make_loops(NEVER)) == {"mail", "purges", "timer", "tasks"}


@pytest.fixture
def signals_restored() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_sigterm_ends_the_worker(monkeypatch, capsys, signals_restored):
    def wait_for_stop(stop: threading.Event) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(timeout=10)

    monkeypatch.setattr("ictiger.management.commands.worker.run_worker", wait_for_stop)
    call_command("worker")
    assert capsys.readouterr().out == "Worker started.\nWorker stopped.\n"


def test_second_sigterm_ends_the_worker_at_once(monkeypatch, signals_restored):
    def ignore_stop(stop: threading.Event) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("ictiger.management.commands.worker.run_worker", ignore_stop)
    with pytest.raises(SystemExit):
        call_command("worker")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL collects statistics by itself")
@pytest.mark.django_db
def test_statistics_are_refreshed_for_the_query_planner():
    make_mail()
    jobs.refresh_statistics.func()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = %s", [Mail._meta.db_table])
        assert cursor.fetchone()[0] > 0
