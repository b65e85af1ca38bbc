"""The project's commands as processes: of this checkout or another, stopped in order or killed."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.management.base import CommandError

from .site import free_port

READY_TIMEOUT = 60.0  # seconds
STOP_TIMEOUT = 40.0  # seconds; `serve` gives requests in progress 30 to finish


class Checkout(NamedTuple):
    """A copy of the project's code, and the Python interpreter that runs it."""

    folder: Path
    python: str = sys.executable

    @classmethod
    def at(cls, folder: str) -> "Checkout":
        """Return the checkout in `folder`, with its .venv's Python if it has one, else with this process's.

        Raises CommandError when there is no manage.py.
        """
        path = Path(folder).resolve()
        if not (path / "manage.py").is_file():
            raise CommandError(f"{folder} is no checkout of the project: it has no manage.py")
        python = path / ".venv" / "bin" / "python"
        return cls(path, str(python) if python.exists() else sys.executable)

    def command(self, *arguments: str) -> list[str]:
        return [self.python, str(self.folder / "manage.py"), *arguments]


def this_checkout() -> Checkout:
    return Checkout(settings.BASE_DIR)


class ServerNotReady(CommandError):
    """The server ended, or did not answer within READY_TIMEOUT; the message is the end of its log."""


class Service:
    """A process and its children, with their output in the file `log`.

    It may be started again after its end.
    """

    def __init__(
        self,
        command: list[str],
        *,
        log: Path,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """`environment` and `folder` are those of this process if not given."""
        self.command, self.log, self.environment, self.folder = command, log, environment, folder
        self.process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def children(self) -> list[int]:
        """Return its child processes, started by any of its threads: replacements come from another than the
        first.
        """
        threads = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for thread in threads for pid in thread.read_text().split()]

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        """Send SIGKILL to the whole process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Send SIGTERM, wait STOP_TIMEOUT, then kill what is left of the process group."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_TIMEOUT)
        self.kill()


class WebServer(Service):
    """`manage.py serve` on a free port, in this environment or another one, of this checkout or another
    one.
    """

    def __init__(
        self, *options: str, environment: dict[str, str] | None = None, checkout: Checkout | None = None
    ) -> None:
        self.port = free_port()
        command = (checkout or this_checkout()).command("serve", f"--port={self.port}", *options)
        folder = Path((environment or os.environ)["ICTIGER_VAR"])
        super().__init__(command, log=folder / f"serve-{self.port}.log", environment=environment)

    def start(self) -> None:
        """Return once it answers. Raises ServerNotReady."""
        super().start()
        try:
            self.wait_until_ready()
        except ServerNotReady:
            self.kill()
            raise

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline and not self.has_ended():
            if is_ready(self.port):
                return
            time.sleep(0.05)
        raise ServerNotReady(f"The server did not come up:\n{self.log.read_text(errors='replace')[-4000:]}")


@contextmanager
def running_server(
    *options: str, environment: dict[str, str] | None = None, checkout: Checkout | None = None
) -> Iterator[WebServer]:
    """Run a WebServer until the block ends. Raises ServerNotReady."""
    server = WebServer(*options, environment=environment, checkout=checkout)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def is_ready(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server on this port of 127.0.0.1 answers /readyz with 200.

    `host` is the Host header.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
