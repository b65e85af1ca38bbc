"""How the house is, for those who watch it.

`/healthz`: this process lives. `/readyz`: it can serve; a slow queue does not make it unready, or every node would leave at once.
`/status`: everything an operator should be woken for; alerts only, it never takes a node out.

They are answered before all other middleware, so that a load balancer which asks by IP address gets its answer: whatever ALLOWED_HOSTS
says, without the redirect to https, without a session. Nothing in them depends on the Host header. `/status` names no person, but its
figures are the house's own: a proxy in front may keep it from strangers.
"""

import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Case, Count, Min, Q, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_tasks_db.models import DBTaskResult, get_date_max

from ictiger.mail.models import UNSETTLED, Mail, MailState
from ictiger.pagecache import stats
from ictiger.pagecache.purge import due_purges
from ictiger.pagecache.store import get_store

from .jobs import SCHEDULE
from .models import ScheduledJob

MAX_AGE = timedelta(minutes=5)
MIN_FREE_BYTES = (
    500 * 1024**2
)  # bytes on a disk: time enough to make room before uploads, backups and SQLite fail
NO_WORKER = "jobs: no worker has run yet; mail waits for one"


class HealthMiddleware:
    """Answers the health addresses; everything else goes on. Before all of MIDDLEWARE but the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return VIEWS.get(request.path_info, self.get_response)(request)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive. Touches nothing else."""
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
    return (
        _status_line(f"migrations not applied: {', '.join(pending)}", status=503)
        if pending
        else _status_line("ok")
    )


@never_cache
@require_safe
def status(request: HttpRequest) -> JsonResponse:
    """Database, mail, jobs, purges, pages and disk as JSON; 503 and `"status": "red"` with reasons when somebody should look."""
    report, reasons = {"database": "ok"}, []
    try:
        for name, (look, question) in QUEUES.items():
            report[name] = look()
            if report[name]["oldest_due_seconds"] > MAX_AGE.total_seconds():
                waited = f"the oldest that is due has waited for more than {MAX_AGE.total_seconds() / 60:.0f} minutes"
                reasons.append(f"{name}: {waited}; {question}")
        if not ScheduledJob.objects.exists():
            reasons.append(NO_WORKER)
    except DatabaseError:
        report["database"] = "unreachable"
        reasons.append("the database cannot be reached")
    report["disk_free_bytes"] = _free(settings.VAR)
    report["pages"] = _pages()
    reasons += _disk_problems(report)
    colour = "red" if reasons else "green"
    return JsonResponse({"status": colour, "reasons": reasons, **report}, status=503 if reasons else 200)


VIEWS = {"/healthz": healthz, "/readyz": readyz, "/status": status}


def pending_migrations() -> list[str]:
    """Names of the migrations that the database lacks. Asked until there are none; a running process gets no new ones."""
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
    """Due is what should have left: what no worker took in time, and what finds no mail server, however often it is tried.

    A mail that a server puts off (greylisting, a full mailbox) is not due before its next attempt, and shows as unsent.
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
    """Those that wait for a worker, and those that a worker should have taken up by its clock: some are due twice a minute."""
    due_at = Case(When(run_after=get_date_max(), then="enqueued_at"), default="run_after")
    figures = DBTaskResult.objects.ready().aggregate(due=Min(due_at), waiting=Count("pk"))
    recurring = ScheduledJob.objects.filter(name__in=[job.module_path for job in SCHEDULE]).aggregate(
        due=Min("due_at")
    )
    return {
        "oldest_due_seconds": max(_age(figures["due"]), _age(recurring["due"])),
        "waiting": figures["waiting"],
    }


def _purges() -> dict:
    figures = due_purges(timedelta(0)).aggregate(
        oldest=Min(Coalesce("again_at", "created_at")), waiting=Count("pk")
    )
    return {"oldest_due_seconds": _age(figures["oldest"]), "waiting": figures["waiting"]}


QUEUES = {
    "mail": (_mail, "does the worker run, and does the mail server answer?"),
    "jobs": (_jobs, "does the worker run?"),
    "purges": (_purges, "can stored pages be deleted, and do the caches in front answer?"),
}


def _age(moment: datetime | None) -> int:
    return max(0, int((timezone.now() - moment).total_seconds())) if moment else 0


def _pages() -> dict | None:
    """The page store as its processes have written it down; None where there is none."""
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
        **{what: counts[what] for what in ("hits", "stored", "unstored")},
        "disk_free_bytes": _free(settings.PAGE_STORE),
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


def _free(folder: str | Path) -> int | None:
    """Bytes that we may still write on the disk of `folder`, which the first page makes; None when that cannot be told."""
    try:
        return shutil.disk_usage(
            next(place for place in (Path(folder), *Path(folder).parents) if place.exists())
        ).free
    except OSError:
        return None
