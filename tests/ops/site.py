"""A production site in processes: management commands, `serve`, and requests over real sockets."""

import http.client
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ictiger.testbed import processes
from ictiger.testbed.processes import Service
from ictiger.testbed.site import site_environment

ROOT = Path(__file__).parent.parent.parent
HOST = "publication.test"
PRODUCTION = {
    "SECRET_KEY": "only-for-the-tests-of-deployment-" + "Zq9!" * 10,  # the same for a copy of a site
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "DEFAULT_FROM_EMAIL": f"ICTiger <letters@{HOST}>",
    "PYTHONUNBUFFERED": "1",
}
Result = TypeVar("Result")


class Site:
    """One publication: a folder with its data, and the code that runs it."""

    def __init__(self, var: Path, code: Path = ROOT, **variables: str) -> None:
        self.var, self.code = var, code
        self.environment = site_environment(
            str(var), HOST, **(PRODUCTION | {"PYTHONPATH": str(code)} | variables)
        )

    def manage(
        self, *arguments: str, check: bool = True, stdin: str = "", **variables: str
    ) -> subprocess.CompletedProcess:
        done = self._run(["manage.py", *arguments], stdin, variables)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def python(self, program: str, **variables: str) -> str:
        """Run a few lines with Django set up, and return what they print."""
        lines = f"import django; django.setup()\n{program}"
        done = self._run(["-c", lines], "", {"DJANGO_SETTINGS_MODULE": "ictiger.settings"} | variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _run(
        self, arguments: list[str], stdin: str, variables: dict[str, str]
    ) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.code,
            env=self.environment | variables,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def serving(self, *options: str) -> Iterator[Service]:
        """Run `serve` with one worker process until the block ends.

        It may not be ready when the block begins.
        """
        command = [sys.executable, "manage.py", "serve", "--workers=1", *options]
        log = self.var / f"serve-{time.monotonic_ns()}.log"
        server = Service(command, log=log, environment=self.environment, folder=self.code)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def wait_for(
    condition: Callable[[], Result], *, seconds: float = 30.0, server: Service | None = None
) -> Result:
    """Return what `condition()` returns as soon as that is true.

    Fails at once when `server` ends meanwhile.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        assert server is None or not server.has_ended(), server.log.read_text()
        time.sleep(0.02)
    raise AssertionError(
        f"not within {seconds} s: {condition}" + (f"\n{server.log.read_text()}" if server else "")
    )


def is_ready(port: int) -> bool:
    return processes.is_ready(port, HOST)


def fetch(
    port: int, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body. An underscore in a header's name stands for a hyphen."""
    headers = {"Host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return (
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
        )
    finally:
        connection.close()


def send_raw(
    port: int,
    request: bytes,
    *,
    tls: ssl.SSLContext | None = None,
    server_name: str = HOST,
    source: str = "",
) -> bytes:
    """Send these bytes, and return all that comes back until the other side hangs up or is silent for 10
    seconds.

    `source` is the address to send from; `server_name` is for TLS.
    """
    source_address = (source, 0) if source else None
    with socket.create_connection(("127.0.0.1", port), timeout=10, source_address=source_address) as plain:
        connection = tls.wrap_socket(plain, server_hostname=server_name) if tls else plain
        with connection:
            connection.sendall(request)
            return _read_all(connection)


def _read_all(connection: socket.socket) -> bytes:
    response = b""
    with suppress(TimeoutError, ConnectionResetError):
        while part := connection.recv(65536):
            response += part
    return response
