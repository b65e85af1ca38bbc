"""Health endpoints for monitoring.

`/healthz`: this process is alive. `/readyz`: it can serve; a slow queue does not make it unready, or every
node would be taken out at once. `/status`: everything an operator should be alerted to; it never takes a node
out.

They are answered before all other middleware, so that a load balancer that requests them by IP address gets a
response whatever ALLOWED_HOSTS is, without the redirect to https, without a session. Nothing in them depends
on the Host header. `/status` names no person, but its figures need not be public: a proxy in front may
restrict it.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Case, Count, Min, Q, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_tasks_db.models import DBTaskResult, get_date_max

from articles.rerender import count_outdated
from ictiger.mail.models import UNSETTLED, Mail, MailState
from ictiger.pagecache import stats
from ictiger.pagecache.purge import due_purges
from ictiger.pagecache.store import get_store

from .jobs import SCHEDULE
from .models import ScheduledJob

logger = logging.getLogger("ictiger.health")

CACHE_PROBE_KEY = "status-probe"
MAX_AGE = timedelta(minutes=5)
# On a disk. It leaves the time to make room before uploads, backups and SQLite fail.
MIN_FREE_BYTES = 500 * 1024**2
NO_WORKER = "jobs: no worker has run yet; mail waits for one"


class HealthMiddleware:
    """Answer the health endpoints and pass other requests on.

    Only the request log comes earlier in MIDDLEWARE.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return VIEWS.get(request.path_info, self.get_response)(request)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive. It checks nothing else."""
    return _status_line("ok")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """This process can serve: the database answers and has the tables that this code needs."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        pending = pending_migrations()
    except DatabaseError:
        return _status_line("database unreachable", status=503)
    if pending:
        return _status_line(f"migrations not applied: {', '.join(pending)}", status=503)
    return _status_line("ok")


@never_cache
@require_safe
def status(request: HttpRequest) -> JsonResponse:
    """Figures as JSON. On trouble the status is 503 and `"status": "red"`, with reasons."""
    report, reasons = {"database": "ok"}, []
    try:
        for name, (figures, question) in QUEUES.items():
            report[name] = figures()
            if report[name]["oldest_due_seconds"] > MAX_AGE.total_seconds():
                minutes = f"{MAX_AGE.total_seconds() / 60:.0f} minutes"
                reasons.append(
                    f"{name}: the oldest that is due has waited for more than {minutes}; {question}"
                )
        report["texts"] = {"old": count_outdated()}  # until `manage.py render` has run
        if not ScheduledJob.objects.exists():
            reasons.append(NO_WORKER)
    except DatabaseError:
        report["database"] = "unreachable"
        reasons.append("the database cannot be reached")
    report["cache"] = "ok" if _cache_works() else "unreachable"
    if report["cache"] != "ok":
        reasons.append("the cache cannot be reached: nobody can log in, sign up or comment as a visitor")
    if not _can_write(settings.MEDIA_ROOT):
        reasons.append(f"disk: {settings.MEDIA_ROOT} cannot be written: no picture can be uploaded")
    report["disk_free_bytes"] = _free_bytes(settings.VAR)
    report["pages"] = _pages()
    reasons += _disk_problems(report)
    colour = "red" if reasons else "green"
    return JsonResponse({"status": colour, "reasons": reasons, **report}, status=503 if reasons else 200)


VIEWS = {"/healthz": healthz, "/readyz": readyz, "/status": status}


def pending_migrations() -> list[str]:
    """Names of unapplied migrations.

    Once there are none, the database is not asked again: code does not change.
    """
    if not _migrated:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
        _migrated.append(True)
    return []


_migrated: list[bool] = []


def _status_line(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")


def _mail() -> dict:
    """Figures of the mail queue. Due are mails that no worker took in time or that reach no mail server.

    A mail that the server deferred (greylisting, a full mailbox) is not due before its next attempt; it
    counts as unsent.
    """
    due_at = Case(
        When(undeliverable_since__isnull=False, then="undeliverable_since"),
        When(state=MailState.SENDING, then="lease_until"),
        default="next_try_at",
    )
    figures = Mail.objects.aggregate(
        due=Min(due_at, filter=Q(state__in=UNSETTLED)),
        unsent=Min("created_at", filter=Q(state__in=UNSETTLED)),
        **{state: Count("pk", filter=Q(state=state)) for state in MailState.values},
    )
    return {
        "oldest_due_seconds": _age(figures.pop("due")),
        "oldest_unsent_seconds": _age(figures.pop("unsent")),
        "states": figures,
    }


def _jobs() -> dict:
    """Figures of waiting tasks and of scheduled jobs, some of which are due twice a minute."""
    due_at = Case(When(run_after=get_date_max(), then="enqueued_at"), default="run_after")
    figures = DBTaskResult.objects.ready().aggregate(due=Min(due_at), waiting=Count("pk"))
    names = [job.module_path for job in SCHEDULE]
    scheduled = ScheduledJob.objects.filter(name__in=names).aggregate(due=Min("due_at"))
    return {
        "oldest_due_seconds": max(_age(figures["due"]), _age(scheduled["due"])),
        "waiting": figures["waiting"],
    }


def _purges() -> dict:
    """Figures of outbox rows that are still to be purged for."""
    figures = due_purges(timedelta(0)).aggregate(
        oldest=Min(Coalesce("again_at", "created_at")), waiting=Count("pk")
    )
    return {"oldest_due_seconds": _age(figures["oldest"]), "waiting": figures["waiting"]}


QUEUES = {
    "mail": (_mail, "does the worker run, and does the mail server answer?"),
    "jobs": (_jobs, "does the worker run?"),
    "purges": (_purges, "can stored pages be deleted, and do the caches in front answer?"),
}


def _cache_works() -> bool:
    """Whether the cache, which counts for the rate limits, stores a value and returns it."""
    probe = uuid4().hex
    try:
        cache.set(CACHE_PROBE_KEY, probe, timeout=60)
        # Another process may have stored its own since.
        return isinstance(cache.get(CACHE_PROBE_KEY), str)
    # Each cache backend has exceptions of its own.
    except Exception:
        logger.exception("the cache cannot be reached")
        return False


def _can_write(folder: str | Path) -> bool:
    """Whether files can be made in a folder, or the folder itself if nothing was uploaded yet."""
    existing = next(path for path in (Path(folder), *Path(folder).parents) if path.exists())
    return os.access(existing, os.W_OK | os.X_OK)


def _age(moment: datetime | None) -> int:
    return max(0, int((timezone.now() - moment).total_seconds())) if moment else 0


def _pages() -> dict | None:
    """Figures of the page store, as its processes last wrote them; None without a page store."""
    if settings.PAGE_STORE == "off":
        return None
    store = get_store()
    counts, inventory = stats.hit_counts(store), stats.read_inventory(store)
    requests = stats.request_count(counts)
    return {
        "pages": inventory.get("pages"),
        "bytes": inventory.get("bytes"),
        "limit_bytes": settings.PAGE_STORE_LIMIT,
        "counted_seconds_ago": max(0, int(time.time() - inventory["at"])) if inventory else None,
        "hit_rate": round(counts["hits"] / requests, 4) if requests else None,
        **{name: counts[name] for name in ("hits", "stored", "unstored")},
        "disk_free_bytes": _free_bytes(settings.PAGE_STORE),
    }


def _disk_problems(report: dict) -> list[str]:
    disks = {str(settings.VAR): report["disk_free_bytes"]}
    if report["pages"]:
        disks.setdefault(settings.PAGE_STORE, report["pages"]["disk_free_bytes"])
    return [
        f"disk: {folder} cannot be read"
        if free is None
        else f"disk: {free / 1024**2:.0f} MiB are left for {folder}"
        for folder, free in disks.items()
        if free is None or free < MIN_FREE_BYTES
    ]


def _free_bytes(folder: str | Path) -> int | None:
    """Free bytes on the disk of `folder`, which need not exist yet; None when the disk cannot be read."""
    try:
        existing = next(path for path in (Path(folder), *Path(folder).parents) if path.exists())
        return shutil.disk_usage(existing).free
    except OSError:
        return None
