"""`manage.py serve`: the production server.

It refuses to start with unsafe settings or pending migrations.
"""

import fcntl
import gc
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from granian import Granian
from granian.constants import Interfaces

from ictiger.health import pending_migrations
from ictiger.ops.error_pages import write_error_pages
from ictiger.ops.live import SOCKET_MODE, CannotGoLive, LiveSlot

# Per process. More would compete for the interpreter lock; PostgreSQL needs workers × threads connections.
THREADS = 4
STOP_TIMEOUT = 30  # seconds that a stopping process has to finish its requests


class Command(BaseCommand):
    help = "Serves readers in production. Mail and jobs need `manage.py worker` beside it."
    requires_system_checks = ()  # run by _require_fit(), with the deploy checks

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", default=8000, type=int, help="port to listen on (default: %(default)s)")
        parser.add_argument(
            "--live", help="folder in which to listen instead, where nginx looks for whoever is live"
        )
        parser.add_argument("--workers", default=2, type=int, help="processes (default: %(default)s)")
        parser.add_argument(
            "--threads", default=THREADS, type=int, help="of each process (default: %(default)s)"
        )

    def handle(
        self, *, host: str, port: int, live: str | None, workers: int, threads: int, **options
    ) -> None:
        self._require_fit()
        with collecting_lock():
            if static_files_are_stale():
                self.stdout.write("Collecting static files …")
                call_command("collectstatic", interactive=False, verbosity=0)
            write_error_pages()
        slot = self._live_slot(live) if live else None
        bind = (
            {"uds": slot.socket, "uds_permissions": SOCKET_MODE} if slot else {"address": host, "port": port}
        )
        address = slot.socket if slot else f"http://{host}:{port}"
        self.stdout.write(
            f"Serving {settings.SITE_URL} on {address}. Mail and jobs need `manage.py worker` beside it."
        )
        connection.close()
        freeze_objects()
        server = Granian(
            "ictiger.wsgi:application",
            **bind,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            respawn_failed_workers=True,
            workers_kill_timeout=STOP_TIMEOUT,
            websockets=False,
            log_dictconfig=deepcopy(settings.LOGGING),  # granian changes it
        )
        if slot:
            server.on_startup(lambda: slot.take_over_when(lambda: len(server.wrks) == workers))
            server.on_shutdown(slot.leave)
        try:
            server.serve()
        except RuntimeError as error:
            if "os error" not in str(error):  # of granian for an address in use or a privileged port
                raise
            raise CommandError(f"Cannot listen on {address}: {error}") from None

    def _live_slot(self, live: str) -> LiveSlot:
        try:
            slot = LiveSlot(live)
            slot.prepare()
        except CannotGoLive as error:
            raise CommandError(str(error)) from None
        return slot

    def _require_fit(self) -> None:
        if settings.DEBUG:
            raise CommandError(
                "DEBUG is on: it shows the house's insides to strangers. "
                "Set DEBUG=0, or use quickstart to try things out."
            )
        self.check(include_deployment_checks=True, fail_level=checks.WARNING)
        try:
            pending = pending_migrations()
        except OperationalError as error:
            raise CommandError(f"The database cannot be reached: {str(error).strip()}") from None
        if pending:
            raise CommandError(
                f"The database lacks {len(pending)} migrations, {pending[0]} first: run `manage.py migrate`."
            )


def freeze_objects() -> None:
    """Keep the garbage collector off the objects that exist before the server forks.

    The server's processes share the memory of this one until they write to it, and the collector writes to
    every object that it visits.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def collecting_lock() -> Iterator[None]:
    """Make servers that start at the same time collect static files one after the other."""
    with (settings.VAR / "collecting").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def static_files_are_stale() -> bool:
    """Return whether a static file is missing from the collected ones or newer than they are."""
    manifest = Path(settings.STATIC_ROOT) / staticfiles_storage.manifest_name
    if not manifest.exists():
        return True
    collected, collected_at = staticfiles_storage.hashed_files, manifest.stat().st_mtime
    return any(name not in collected or changed > collected_at for name, changed in _source_files())


def _source_files() -> Iterator[tuple[str, float]]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            prefix = getattr(storage, "prefix", "")
            yield (f"{prefix}/{name}" if prefix else name), Path(storage.path(name)).stat().st_mtime
