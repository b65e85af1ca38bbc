"""The worker: recurring jobs run once, loops that fail or die go on, a stop ends what is under way and nothing more."""

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
from ictiger.jobs import SCHEDULE, enqueue_due_jobs
from ictiger.mail.models import Mail
from ictiger.models import ScheduledJob
from ictiger.worker import RepeatingThread, run_worker, work_off_tasks

NEVER = threading.Event()
STOP = threading.Event()


@task()
def told_to_stop() -> None:
    STOP.set()


@pytest.fixture
def one_connection(monkeypatch) -> None:
    """The worker would close the connection of the test's own transaction."""
    monkeypatch.setattr("django_tasks_db.management.commands.db_worker.close_old_connections", lambda: None)


def settle_mail(**fields) -> Mail:
    return Mail.objects.create(
        purpose="a/b", recipient="a@b.org", language="en", expires_at=timezone.now(), **fields
    )


@pytest.mark.django_db
def test_recurring_jobs_are_due_at_the_first_start_and_once_a_period_after_it(time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    assert enqueue_due_jobs() == len(SCHEDULE)
    assert enqueue_due_jobs() == 0
    time_machine.shift(min(SCHEDULE.values()))
    assert enqueue_due_jobs() == 1
    assert DBTaskResult.objects.order_by("enqueued_at").last().task_path == "ictiger.jobs.render_pictures"


@pytest.mark.django_db
def test_recurring_job_that_another_worker_has_claimed_is_not_run(monkeypatch):
    enqueue_due_jobs()
    stale = ScheduledJob(name="ictiger.jobs.prune_mail", due_at=timezone.now() - timedelta(days=1))
    assert jobs._claim_job(jobs.prune_mail, stale) is False


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_recurring_jobs_run_once_however_many_workers_there_are(in_threads):
    assert sum(in_threads([enqueue_due_jobs] * 4)) == len(SCHEDULE)
    assert DBTaskResult.objects.count() == len(SCHEDULE)


@pytest.mark.django_db
def test_every_recurring_job_runs(one_connection):
    enqueue_due_jobs()
    work_off_tasks(NEVER)
    outcomes = dict(DBTaskResult.objects.values_list("task_path", "status"))
    assert outcomes == {job.module_path: "SUCCESSFUL" for job in SCHEDULE}


@pytest.mark.django_db
def test_settled_mails_are_forgotten_after_ninety_days_and_others_never():
    long_ago = timezone.now() - timedelta(days=91)
    settle_mail(state="sent", created_at=long_ago, sent_at=long_ago)
    settle_mail(state="refused", created_at=long_ago)
    kept = [
        settle_mail(state="sent", sent_at=timezone.now()),
        settle_mail(state="queued", created_at=long_ago),
    ]
    assert jobs.prune_mail.func() == 2
    assert set(Mail.objects.all()) == set(kept)


@pytest.mark.django_db
def test_who_asked_for_a_mail_is_forgotten_after_a_day():
    settle_mail(state="refused", client="old", created_at=timezone.now() - timedelta(days=2))
    settle_mail(state="refused", client="new")
    jobs.prune_mail.func()
    assert set(Mail.objects.values_list("client", flat=True)) == {"", "new"}


@pytest.mark.django_db
def test_tasks_of_killed_workers_are_forgotten_after_a_day():
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
    told_to_stop.enqueue()
    told_to_stop.enqueue()
    work_off_tasks(STOP)
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == ["READY", "SUCCESSFUL"]


def test_loop_that_fails_goes_on(monkeypatch, caplog):
    monkeypatch.setattr(worker, "PAUSE_AFTER_FAULT", 0.0)
    stop, rounds = threading.Event(), []

    def body() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise OperationalError("database is locked")
        stop.set()

    loop = RepeatingThread("test", body, 0.0, stop)
    loop.start()
    loop.join(timeout=10)
    assert len(rounds) == 2
    assert "ictiger-test failed" in caplog.text


def test_worker_begins_a_dead_loop_again_and_ends_all_when_stopped(monkeypatch):
    stop, begun = threading.Event(), []

    class Mortal(threading.Thread):
        def run(self) -> None:
            begun.append(self)
            if len(begun) == 2:
                stop.set()

    monkeypatch.setattr(worker, "make_loops", lambda _: {"mortal": Mortal})
    monkeypatch.setattr(worker, "SUPERVISION_INTERVAL", 0.0)
    run_worker(stop)
    assert len(begun) >= 2
    assert not any(loop.is_alive() for loop in begun)


def test_worker_has_a_loop_for_each_thing_that_never_rests():
    assert set(worker.make_loops(NEVER)) == {"mail", "purges", "timer", "tasks"}


@pytest.fixture
def signals_restored() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_sigterm_ends_the_worker(monkeypatch, capsys, signals_restored):
    def until_told(stop: threading.Event) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(timeout=10)

    monkeypatch.setattr("ictiger.management.commands.worker.run_worker", until_told)
    call_command("worker")
    assert capsys.readouterr().out == "Worker started.\nWorker stopped.\n"


def test_second_sigterm_ends_it_at_once(monkeypatch, signals_restored):
    def not_listening(stop: threading.Event) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("ictiger.management.commands.worker.run_worker", not_listening)
    with pytest.raises(SystemExit):
        call_command("worker")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps statistics by itself")
@pytest.mark.django_db
def test_statistics_are_kept_for_the_planner():
    settle_mail()
    jobs.refresh_statistics.func()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = %s", [Mail._meta.db_table])
        assert cursor.fetchone()[0] > 0
