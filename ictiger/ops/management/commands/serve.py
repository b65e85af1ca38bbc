"""`manage.py serve`: the production server. Refuses to run in a state in which readers should not see it, and says why."""

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

# Per process. More of them get in each other's way in one interpreter; PostgreSQL is asked for workers × threads connections.
THREADS = 4
READY_TIMEOUT = 30  # seconds that a stopping process has for the answers under way


class Command(BaseCommand):
    help = "Serves readers in production. Mail and jobs need `manage.py worker` beside it."
    requires_system_checks = ()  # asked below, the deploy checks too

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
        self._refuse_unless_fit()
        with exec_single_process():
            if static_files_are_stale():
                self.stdout.write("Collecting static files …")
                call_command("collectstatic", interactive=False, verbosity=0)
            write_error_pages()
        place = self._place(live) if live else None
        where = (
            {"uds": place.socket, "uds_permissions": SOCKET_MODE}
            if place
            else {"address": host, "port": port}
        )
        told = place.socket if place else f"http://{host}:{port}"
        self.stdout.write(
            f"Serving {settings.SITE_URL} on {told}. Mail and jobs need `manage.py worker` beside it."
        )
        connection.close()
        preload_application()
        server = Granian(
            "ictiger.wsgi:application",
            **where,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            respawn_failed_workers=True,
            workers_kill_timeout=READY_TIMEOUT,
            websockets=False,
            log_dictconfig=deepcopy(settings.LOGGING),  # it writes into what it is given
        )
        if place:
            server.on_startup(lambda: place.take_over_when(lambda: len(server.wrks) == workers))
            server.on_shutdown(place.leave)
        try:
            server.serve()
        except RuntimeError as error:
            if "os error" not in str(
                error
            ):  # granian's words for what the system refuses: an address in use, a port that is root's
                raise
            raise CommandError(f"Cannot listen on {told}: {error}") from None

    def _place(self, live: str) -> LiveSlot:
        try:
            place = LiveSlot(live)
            place.prepare()
        except CannotGoLive as error:
            raise CommandError(str(error)) from None
        return place

    def _refuse_unless_fit(self) -> None:
        if settings.DEBUG:
            raise CommandError(
                "DEBUG is on: it shows the house's insides to strangers. Set DEBUG=0, or use quickstart to try things out."
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


def preload_application() -> None:
    """The processes begin as copies of this one and share its memory for as long as nobody writes there, which the collector does wherever
    it looks.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def exec_single_process() -> Iterator[None]:
    """Servers that start at the same time collect one after the other."""
    with (settings.VAR / "collecting").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def static_files_are_stale() -> bool:
    """Whether a static file is missing from what was collected, or younger than it."""
    manifest = Path(settings.STATIC_ROOT) / staticfiles_storage.manifest_name
    if not manifest.exists():
        return True
    collected, when = staticfiles_storage.hashed_files, manifest.stat().st_mtime
    return any(name not in collected or changed > when for name, changed in _source_files())


def _source_files() -> Iterator[tuple[str, float]]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            prefix = getattr(storage, "prefix", "")
            yield (f"{prefix}/{name}" if prefix else name), Path(storage.path(name)).stat().st_mtime
