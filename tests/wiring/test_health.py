"""/healthz, /readyz and /status."""

import shutil
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import DatabaseError
from django.utils import timezone

from ictiger import health
from ictiger.jobs import prune_tasks
from ictiger.mail.models import Mail
from ictiger.mail.sending import send_due_mail
from ictiger.models import ScheduledJob
from ictiger.pagecache import maintenance, stats
from ictiger.pagecache.models import Purge
from ictiger.pagecache.pages import compress_page
from ictiger.pagecache.store import get_store
from tests.articles.test_rerender import make_old
from tests.factories import make_article

PATHS = ["/healthz", "/readyz", "/status"]
SIX_MINUTES = timedelta(minutes=6)


@pytest.fixture
def no_database(monkeypatch):
    def unreachable(*_args, **_kwargs):
        raise DatabaseError("connection refused")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", unreachable)


@pytest.fixture(autouse=True)
def migrated(monkeypatch):
    """All migrations are applied, as a running process has found out."""
    monkeypatch.setattr(health, "_migrated", [True])


@pytest.fixture(autouse=True)
def running_worker(request):
    """A scheduled job is due later, as it is seconds after a worker has started."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        ScheduledJob.objects.create(name=prune_tasks.module_path, due_at=later(1))


def later(hours: int) -> datetime:
    return timezone.now() + timedelta(hours=hours)


def queue_mail(**fields) -> Mail:
    return Mail.objects.create(
        purpose="a/b",
        recipient="a@b.org",
        language="en",
        expires_at=timezone.now() + timedelta(days=1),
        **fields,
    )


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_endpoints_are_green(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_request_by_ip_address_over_http_is_answered(client, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path, headers={"host": "10.0.0.7"}).status_code == 200
    assert client.get("/about/", headers={"host": "10.0.0.7"}).status_code == 400


@pytest.mark.parametrize("path", PATHS)
def test_health_refuses_post(client, path):
    assert client.post(path).status_code == 405


def test_process_without_a_database_is_alive_and_not_ready(client, no_database):
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"database unreachable\n")


def test_status_without_a_database_is_red(client, no_database):
    response = client.get("/status")
    assert response.status_code == 503
    report = response.json()
    assert (report["status"], report["database"]) == ("red", "unreachable")
    assert report["disk_free_bytes"] > 0


@pytest.mark.django_db
def test_unapplied_migration_makes_the_process_unready(client, monkeypatch):
    class Migration:
        app_label, name = "articles", "0042_more"

    monkeypatch.setattr(health, "_migrated", [])
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: [(Migration, False)])
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"migrations not applied: articles.0042_more\n")


@pytest.mark.django_db
def test_status_counts_mails_by_state(client):
    queue_mail()
    queue_mail(state="sent", sent_at=timezone.now())
    queue_mail(state="sent", sent_at=timezone.now())
    states = client.get("/status").json()["mail"]["states"]
    assert states == {"queued": 1, "sending": 0, "sent": 2, "refused": 0, "expired": 0, "cancelled": 0}


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{}, {"state": "sending", "lease_until": timezone.now() - SIX_MINUTES}])
def test_mail_due_for_more_than_five_minutes_turns_status_red_and_nothing_else(client, fields):
    queue_mail(next_try_at=timezone.now() - SIX_MINUTES, **fields)
    response = client.get("/status")
    assert response.status_code == 503
    assert response.json()["reasons"] == [
        "mail: the oldest that is due has waited for more than 5 minutes; "
        "does the worker run, and does the mail server answer?"
    ]
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_mail_that_waits_for_its_next_attempt_is_not_due(client):
    queue_mail(
        created_at=timezone.now() - timedelta(hours=1), next_try_at=timezone.now() + timedelta(minutes=10)
    )
    response = client.get("/status")
    assert response.status_code == 200
    mail = response.json()["mail"]
    assert (mail["oldest_due_seconds"], mail["oldest_unsent_seconds"] // 60) == (0, 60)


@pytest.mark.django_db
def test_unreachable_mail_server_turns_status_red_between_attempts(client, time_machine, settings, free_port):
    """The pauses between attempts are shorter than five minutes, so the mail is never due for so long."""
    time_machine.move_to(timezone.now(), tick=False)
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "ictiger.mail.backend.EmailBackend",
        "127.0.0.1",
        free_port,
    )
    Mail.objects.create(
        purpose="accounts/login_code",
        recipient="a@b.org",
        language="en",
        context={"nonce": "n"},
        expires_at=later(1),
    )
    send_due_mail(1)
    assert client.get("/status").status_code == 200
    for _attempt in range(3):
        time_machine.shift(timedelta(seconds=121))
        send_due_mail(1)
    response = client.get("/status")
    assert response.status_code == 503
    assert response.json()["mail"]["oldest_due_seconds"] == 363
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_mail_server_that_returned_turns_status_green(client):
    mail = queue_mail(state="sending", lease_until=later(1), undeliverable_since=timezone.now() - SIX_MINUTES)
    assert client.get("/status").status_code == 503
    mail.record_sent("250 ok")
    assert client.get("/status").status_code == 200


@pytest.mark.django_db
def test_full_mailbox_does_not_turn_status_red(client):
    mail = queue_mail(state="sending", lease_until=later(1), undeliverable_since=timezone.now() - SIX_MINUTES)
    mail.record_failure("queued", "452 mailbox full", next_try_at=later(1))
    assert client.get("/status").status_code == 200


@pytest.mark.django_db
def test_job_due_for_more_than_five_minutes_turns_status_red(client, time_machine):
    time_machine.move_to(timezone.now() - SIX_MINUTES, tick=False)
    prune_tasks.enqueue()
    time_machine.shift(SIX_MINUTES)
    response = client.get("/status")
    assert response.status_code == 503
    assert response.json()["jobs"] == {"oldest_due_seconds": 360, "waiting": 1}


@pytest.mark.django_db
def test_job_for_later_is_not_due(client):
    prune_tasks.using(run_after=timezone.now() + timedelta(hours=1)).enqueue()
    assert client.get("/status").json()["jobs"] == {"oldest_due_seconds": 0, "waiting": 0}


@pytest.mark.django_db
def test_outbox_row_of_more_than_five_minutes_turns_status_red(client, time_machine):
    time_machine.move_to(timezone.now() - SIX_MINUTES, tick=False)
    Purge.objects.create(paths=["/"])
    time_machine.shift(SIX_MINUTES)
    (reason,) = client.get("/status").json()["reasons"]
    assert reason.startswith("purges: the oldest that is due has waited for more than 5 minutes")


@pytest.mark.django_db
def test_status_shows_size_and_hit_rate_of_the_page_store(client, settings, tmp_path):
    assert client.get("/status").json()["pages"] is None
    settings.PAGE_STORE = str(tmp_path / "pages")
    assert client.get("/status").json()["pages"]["hit_rate"] is None
    store = get_store()
    lease = store.lease(b"/about/")
    assert store.save(lease, compress_page(b"html", b"<p>About</p>" * 1_000, None))
    counter = stats.HitCounter(store)
    counter.count("hits", 3)
    counter.count("stored")
    counter.write()
    maintenance.evict(store, 10**9)
    figures = client.get("/status").json()["pages"]
    assert figures["bytes"] >= 12_000
    assert figures["disk_free_bytes"] > 0
    assert {
        key: figures[key]
        for key in ("pages", "hit_rate", "hits", "stored", "unstored", "counted_seconds_ago")
    } == {
        "pages": 1,
        "hit_rate": 0.75,
        "hits": 3,
        "stored": 1,
        "unstored": 0,
        "counted_seconds_ago": 0,
    }


@pytest.mark.django_db
def test_stopped_worker_turns_status_red_without_waiting_work(client):
    ScheduledJob.objects.update(due_at=timezone.now() - SIX_MINUTES)
    response = client.get("/status")
    assert response.status_code == 503
    assert response.json()["reasons"] == [
        "jobs: the oldest that is due has waited for more than 5 minutes; does the worker run?"
    ]


@pytest.mark.django_db
def test_scheduled_job_of_an_older_release_is_never_due(client):
    ScheduledJob.objects.create(name="comments.tasks.removed", due_at=timezone.now() - SIX_MINUTES)
    assert client.get("/status").status_code == 200


@pytest.mark.django_db
def test_worker_that_was_never_started_turns_status_red(client):
    ScheduledJob.objects.all().delete()
    assert client.get("/status").json()["reasons"] == ["jobs: no worker has run yet; mail waits for one"]


@pytest.mark.django_db
@pytest.mark.parametrize("store", ["pages", "off"])
def test_disk_that_is_nearly_full_turns_status_red(client, settings, tmp_path, monkeypatch, store):
    settings.VAR = tmp_path
    settings.PAGE_STORE = store if store == "off" else str(tmp_path / store)
    assert client.get("/status").status_code == 200
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=499 * 1024**2))
    folders = [tmp_path] if store == "off" else [tmp_path, tmp_path / store]
    assert client.get("/status").json()["reasons"] == [
        f"disk: 499 MiB are left for {folder}" for folder in folders
    ]


@pytest.mark.django_db
def test_status_contains_no_address(client):
    queue_mail(reply="550 no such mailbox secret@b.org")
    assert b"@b.org" not in client.get("/status").content


@pytest.mark.django_db
def test_cache_that_does_not_answer_turns_status_red(client, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError

    monkeypatch.setattr("ictiger.health.cache.set", fail)
    response = client.get("/status")
    assert (response.status_code, response.json()["cache"]) == (503, "unreachable")
    assert "nobody can log in" in response.json()["reasons"][0]


@pytest.mark.django_db
def test_media_folder_that_cannot_be_written_turns_status_red(client, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    assert client.get("/status").status_code == 200
    monkeypatch.setattr("os.access", lambda *_args: False)  # root may write whatever the mode says
    response = client.get("/status")
    assert response.status_code == 503
    assert "no picture can be uploaded" in response.json()["reasons"][0]


@pytest.mark.django_db
def test_status_counts_texts_of_an_earlier_renderer_and_stays_green(client):
    make_old(make_article("old"))
    make_article("new")

    response = client.get("/status")

    assert (response.status_code, response.json()["texts"]) == (200, {"old": 1})
