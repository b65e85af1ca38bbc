"""The real server, as a process of its own, for the time of a measurement."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from .site import free_port

READY_TIMEOUT = 60.0  # seconds
STOP_TIMEOUT = 40.0


class ServerNotReady(RuntimeError):
    """The server did not come up."""


class ServerInfo(NamedTuple):
    port: int
    pid: int
    log: Path


@contextmanager
def running_server(*options: str, environment: dict[str, str] | None = None) -> Iterator[ServerInfo]:
    """`manage.py serve` with these options, in this environment or in ours, once it can serve."""
    environment = environment or dict(os.environ)
    port = free_port()
    log = Path(environment["ICTIGER_VAR"]) / f"serve-{port}.log"
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "serve", f"--port={port}", *options]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output) as server,
    ):
        try:
            _wait_until_ready(port, server, log)
            yield ServerInfo(port, server.pid, log)
        finally:
            server.terminate()
            try:
                server.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_until_ready(port: int, server: subprocess.Popen, log: Path) -> None:
    patience = time.monotonic() + READY_TIMEOUT
    while server.poll() is None and time.monotonic() < patience:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise ServerNotReady(log.read_text(errors="replace"))
