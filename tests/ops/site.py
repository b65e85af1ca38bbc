"""A site as in production, in processes of its own: `serve`, its store, and what stands in front."""

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HOST = "publication.test"
PRODUCTION = {
    "SECRET_KEY": "only-for-the-tests-of-deployment-" + "Zq9!" * 10,
    "ALLOWED_HOSTS": HOST,
    "SITE_URL": f"https://{HOST}",
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "DEFAULT_FROM_EMAIL": f"ICTiger <letters@{HOST}>",
    "TRUSTED_PROXY_COUNT": "1",
    "PYTHONUNBUFFERED": "1",
}


class Site:
    """One publication: a folder with its data, and the code that runs it."""

    def __init__(self, var: Path, code: Path = ROOT, **variables: str) -> None:
        self.var, self.code = var, code
        self.environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environ |= (
            PRODUCTION
            | {"ICTIGER_VAR": str(var), "PAGE_STORE": str(var / "pages"), "PYTHONPATH": str(code)}
            | variables
        )

    def manage(
        self, *arguments: str, check: bool = True, stdin: str = "", **variables: str
    ) -> subprocess.CompletedProcess:
        done = self._run(["manage.py", *arguments], stdin, variables)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def python(self, program: str) -> str:
        """Run a few lines with Django set up."""
        done = self._run(
            ["-c", f"import django; django.setup()\n{program}"],
            "",
            {"DJANGO_SETTINGS_MODULE": "ictiger.settings"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _run(
        self, arguments: list[str], stdin: str, variables: dict[str, str]
    ) -> subprocess.CompletedProcess:
        command, environ = [sys.executable, *arguments], self.environ | variables
        return subprocess.run(
            command,
            cwd=self.code,
            env=environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def served(self, *options: str, workers: int = 1):
        """`serve` with these options, until the block ends. Ready when the block begins, if it listens on a port."""
        log = self.var / f"serve-{time.monotonic_ns()}.log"
        with log.open("w") as output:
            command = [sys.executable, "manage.py", "serve", f"--workers={workers}", *options]
            process = subprocess.Popen(
                command,
                cwd=self.code,
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process.log = log
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen) -> None:
    """As a service manager does, and the whole group if it does not go."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(5)


def wait_for(what, *, within: float = 30.0, alive: subprocess.Popen | None = None):
    """What `what()` returns, as soon as that is true."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if found := what():
            return found
        assert alive is None or alive.poll() is None, alive.log.read_text()
        time.sleep(0.02)
    raise AssertionError(f"not within {within} s: {what}" + (f"\n{alive.log.read_text()}" if alive else ""))


def is_ready(port: int) -> bool:
    with suppress(OSError, http.client.HTTPException):
        return ask(port, "/readyz")[0] == 200
    return False


def ask(
    port: int, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body. An underscore in a header's name stands for a hyphen."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(
            method,
            path,
            body,
            {"Host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()},
        )
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def say(
    port: int,
    request: bytes,
    *,
    patience: float = 10.0,
    tls: ssl.SSLContext | None = None,
    name: str = HOST,
    source: str = "",
) -> bytes:
    """Everything that is answered to these bytes until the other side hangs up, or has nothing more to say."""
    with socket.create_connection(
        ("127.0.0.1", port), timeout=patience, source_address=(source, 0) if source else None
    ) as plain:
        return _say(tls.wrap_socket(plain, server_hostname=name) if tls else plain, request)


def _say(line: socket.socket, request: bytes) -> bytes:
    with line:
        line.sendall(request)
        answer = b""
        with suppress(TimeoutError, ConnectionResetError):
            while part := line.recv(65536):
                answer += part
        return answer
