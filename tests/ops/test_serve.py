"""`manage.py serve`: what it refuses, the static files it collects, and the real server."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError
from django.db import OperationalError

from ictiger.ops.management.commands import serve
from tests.wiring.test_checks import PRODUCTION

MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"


@pytest.fixture
def started(monkeypatch) -> list[dict]:
    """The arguments that the server was started with; no server runs."""
    starts: list[dict] = []

    class Server:
        def __init__(self, target: str, **options) -> None:
            self.start = {"target": target, **options}

        def serve(self) -> None:
            starts.append(self.start)

    monkeypatch.setattr(serve, "Granian", Server)
    return starts


@pytest.fixture
def fit(monkeypatch, settings, tmp_path) -> None:
    """Settings that `serve` accepts, with no static file collected yet and one to collect."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a {}")
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": MANIFEST}}
    monkeypatch.setattr(serve.Command, "check", lambda *_, **__: None)
    monkeypatch.setattr(serve, "pending_migrations", list)
    # Error pages need the site's style sheet, which is not among the files to collect.
    monkeypatch.setattr(serve, "write_error_pages", list)


def test_serve_starts_the_server(started, fit, settings):
    call_command("serve", host="0.0.0.0", port=9000, workers=3)
    (start,) = started
    assert (start["target"], start["address"], start["port"], start["workers"]) == (
        "ictiger.wsgi:application",
        "0.0.0.0",
        9000,
        3,
    )


def test_serve_refuses_debug(started, fit, settings):
    settings.DEBUG = True
    with pytest.raises(CommandError, match="DEBUG is on"):
        call_command("serve")
    assert started == []


def test_serve_refuses_settings_that_fail_the_deploy_checks(started, settings):
    settings.SECRET_KEY = "short"
    with pytest.raises(SystemCheckError, match=r"ictiger\.W002.*50"):
        call_command("serve")
    assert started == []


def test_serve_refuses_a_database_that_lacks_migrations(started, fit, monkeypatch):
    monkeypatch.setattr(serve, "pending_migrations", lambda: ["articles.0002_more"])
    with pytest.raises(CommandError, match=r"lacks 1 migrations, articles\.0002_more first"):
        call_command("serve")
    assert started == []


def test_serve_without_a_database_says_so_in_one_line(started, fit, monkeypatch):
    def unreachable():
        raise OperationalError("connection refused\n\tIs the server running?\n")

    monkeypatch.setattr(serve, "pending_migrations", unreachable)
    with pytest.raises(CommandError, match="The database cannot be reached: connection refused"):
        call_command("serve")
    assert started == []


def test_address_in_use_is_reported_in_one_line(fit, monkeypatch):
    class Server:
        def __init__(self, target: str, **options) -> None:
            pass

        def serve(self) -> None:
            raise RuntimeError("Address already in use (os error 98)")

    monkeypatch.setattr(serve, "Granian", Server)
    with pytest.raises(
        CommandError, match=r"Cannot listen on http://127\.0\.0\.1:8000: Address already in use"
    ):
        call_command("serve")


def test_serve_collects_missing_static_files_and_notices_newer_ones(started, fit, settings, tmp_path):
    collected = Path(settings.STATIC_ROOT) / "staticfiles.json"
    call_command("serve")
    assert collected.exists()
    assert serve.static_files_are_stale() is False
    os.utime(tmp_path / "source" / "a.css", (collected.stat().st_mtime + 10,) * 2)
    assert serve.static_files_are_stale() is True


def test_new_static_file_with_an_old_date_makes_the_collected_ones_stale(started, fit, tmp_path):
    call_command("serve")
    new = tmp_path / "source" / "b.css"
    new.write_text("b {}")
    os.utime(new, (0, 0))
    assert serve.static_files_are_stale() is True


def test_server_answers_shares_memory_between_processes_and_ends_on_sigterm(tmp_path, free_port):
    variables = PRODUCTION | {
        "ICTIGER_VAR": str(tmp_path),
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
    }
    manage = [sys.executable, "manage.py"]
    process_options = {"cwd": django_settings.BASE_DIR, "env": variables}
    subprocess.run([*manage, "migrate", "--verbosity=0"], check=True, timeout=120, **process_options)
    command = [*manage, "serve", f"--port={free_port}", "--workers=1"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **process_options,
    ) as server:
        try:
            assert fetch_when_up(f"http://127.0.0.1:{free_port}/readyz", server) == b"ok\n"
            (process,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            memory = dict(
                line.split(":") for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
            )
            shared, private = (
                int(memory[name].removesuffix("kB")) for name in ("Shared_Dirty", "Private_Dirty")
            )
            assert shared > 1.5 * private, (
                "kB: the process has written to too much of the memory that it shares with its parent"
            )
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=30) == 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def fetch_when_up(url: str, server: subprocess.Popen) -> bytes:
    """Return the body of the response as soon as the server listens."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return response.read()
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            continue
    return pytest.fail(server.stdout.read())
