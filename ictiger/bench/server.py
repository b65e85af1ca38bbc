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

from django.conf import settings

from .site import free_port

READY_WITHIN = 60.0  # seconds
ENDS_WITHIN = 40.0


class NotServing(RuntimeError):
    """The server did not come up."""


@contextmanager
def serving(*options: str, **variables: str) -> Iterator[int]:
    """`manage.py serve` with these options and variables beside the environment's; yields its port once it can serve."""
    port = free_port()
    log = Path(settings.VAR) / "serve.log"
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "serve", f"--port={port}", *options]
    with log.open("wb") as output, subprocess.Popen(command, env=os.environ | variables, stdout=output, stderr=output) as server:  # noqa: S603
        try:
            _wait_until_ready(port, server, log)
            yield port
        finally:
            server.terminate()
            try:
                server.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_until_ready(port: int, server: subprocess.Popen, log: Path) -> None:
    patience = time.monotonic() + READY_WITHIN
    while server.poll() is None and time.monotonic() < patience:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise NotServing(log.read_text(errors="replace"))
