"""A throw-away site: an environment and a database of its own, and real servers and workers that may be killed.

`environment()` is for whoever begins a drill; the rest is for the drill itself, in a process that has this environment.
"""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from django.conf import settings
from django.core.management.base import CommandError

DRILL_VARIABLE = "ICTIGER_DRILL"  # set in a drill's own environment: nothing there is of the site around it
DRILL_HOST = "drill.example.org"
HEADERS = {
    "Host": DRILL_HOST,
    "X-Forwarded-Proto": "https",
}  # what a proxy in front would send with a reader's request
MANAGE = [sys.executable, str(Path(__file__).resolve().parent.parent.parent.parent / "manage.py")]
READY_TIMEOUT = 60.0  # seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def site_environment(folder: str, database: str, *, page_store: str = "") -> dict[str, str]:
    """As in production behind a proxy, with everything that is kept below `folder`."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
        DRILL_VARIABLE: "1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": DRILL_HOST,
        "SITE_URL": f"https://{DRILL_HOST}",
        "TRUSTED_PROXY_COUNT": "1",
        "DEFAULT_FROM_EMAIL": f"ICTiger <no-reply@{DRILL_HOST}>",
        "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}",
        "ICTIGER_VAR": folder,
        "DATABASE_URL": database,
        "CACHE_URL": "",
        "PAGE_STORE": page_store or f"{folder}/pages",
        "DEBUG": "",
        "COMMENTS_AT_A_TIME": "1000000",  # few accounts write as much as many would
        "COMMENTS_IN_AN_HOUR": "1000000",
    }


@contextmanager
def drill_database(url: str) -> Iterator[str]:
    """A new database on the server that `url` names, dropped at the end; for "" or "sqlite" a file in the drill's own folder."""
    if url in ("", "sqlite"):
        yield ""
        return
    name = f"ictiger_drill_{secrets.token_hex(6)}"
    _execute(url, f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        _execute(url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _execute(url: str, statement: str) -> None:
    try:
        connection = psycopg2.connect(url)
    except psycopg2.OperationalError as error:
        raise CommandError(f"--database: no such PostgreSQL server ({error})") from error
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


class Service:
    """A command of ours as a supervised service: killed with all its processes, begun again by whoever supervises it."""

    def __init__(self, *command: str, log: str) -> None:
        self.command = [*MANAGE, *command]
        self.log = settings.VAR / log
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True)

    def children(self) -> list[int]:
        """The processes that it has begun itself, in whichever thread: it begins one anew in another than the first."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for thread in threads for pid in thread.read_text().split()]

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        """SIGKILL to all its processes, as a supervisor does for what is left of a service that died."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """In good order; after half a minute without."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=30)
        self.kill()


class WebServer(Service):
    """`manage.py serve` of this site on a free port."""

    def __init__(self, workers: int = 2, threads: int | None = None) -> None:
        self.port = free_port()
        size = [f"--workers={workers}", *([f"--threads={threads}"] if threads else [])]
        super().__init__("serve", f"--port={self.port}", *size, log="serve.log")

    def start(self) -> None:
        super().start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return once it answers. Raises CommandError when it has ended instead."""
        patience = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < patience and not self.has_ended():
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            time.sleep(0.05)
        raise CommandError(f"The server did not come up:\n{self.log.read_text()[-4000:]}")
