"""`manage.py serve`: the production server. Refuses to run in a state in which readers should not see it, and says why."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from granian import Granian
from granian.constants import Interfaces

from ictiger.health import pending_migrations

# Per process. SQLite has one writer at a time, so more threads only wait longer; PostgreSQL is asked for workers × threads connections.
THREADS = {"sqlite": 4, "postgresql": 8}
PATIENCE = 30  # seconds that a stopping process has for the answers under way


class Command(BaseCommand):
    help = "Serves readers in production. Mail and jobs need `manage.py worker` beside it."
    requires_system_checks = ()  # asked below, the deploy checks too

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", default=8000, type=int, help="port to listen on (default: %(default)s)")
        parser.add_argument("--workers", default=2, type=int, help="processes (default: %(default)s)")

    def handle(self, *, host: str, port: int, workers: int, **options) -> None:
        self._refuse_unless_fit()
        if static_files_are_stale():
            self.stdout.write("Collecting static files …")
            call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write(f"Serving {settings.SITE_URL} on http://{host}:{port}. Mail and jobs need `manage.py worker` beside it.")
        connection.close()
        Granian(
            "ictiger.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=THREADS[connection.vendor],
            respawn_failed_workers=True,
            workers_kill_timeout=PATIENCE,
            websockets=False,
        ).serve()

    def _refuse_unless_fit(self) -> None:
        if settings.DEBUG:
            raise CommandError("DEBUG is on: it shows the house's insides to strangers. Set DEBUG=0, or use quickstart to try things out.")
        self.check(include_deployment_checks=True, fail_level=checks.WARNING)
        if pending := pending_migrations():
            raise CommandError(f"The database lacks {len(pending)} migrations, {pending[0]} first: run `manage.py migrate`.")


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
