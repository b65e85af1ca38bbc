"""This machine's nginx with ICTiger's site file, in front of an application: for tests, drills and
benchmarks.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ictiger.ops.error_pages import write_error_pages
from ictiger.ops.nginx_conf import NginxSite, render_conf

from .site import free_port

# Like the distribution's nginx.conf, but with all files in one folder.
MAIN_CONF = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log notice;
worker_processes {processes};
{user}
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
# For drills and benchmarks, where all clients have the same address.
NO_LIMITS = {
    "writes": 100_000,
    "writes_burst": 100_000,
    "logins": 100_000,
    "logins_burst": 100_000,
    "connections": 60_000,
}
START_TIMEOUT = 10.0  # seconds


class Nginx(NamedTuple):
    """A running nginx.

    `url` is http, or https when its site file has TLS; `pid` is that of the master process.
    """

    url: str
    pid: int
    folder: Path
    process: subprocess.Popen

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def errors(self) -> str:
        return (self.folder / "error.log").read_text()


class NginxFailed(RuntimeError):
    """nginx is not installed or refuses the configuration; the message is nginx's."""


def is_installed() -> bool:
    return binary() is not None


def binary() -> str | None:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def nginx_in_front_of(
    app: str, *, pages: Path | str, port: int = 0, processes: int = 2, **options: object
) -> Iterator[Nginx]:
    """Run nginx in front of `app` (host:port or unix:/path), with the stored pages in `pages`, until the
    block ends.

    It serves plain HTTP whatever SITE_URL is, and sends SITE_URL's scheme to the application. Requests need a
    Host of ALLOWED_HOSTS. There are no limits unless `options`, fields of NginxSite, set them. This process
    must have the same settings as the application.
    """
    port = port or free_port()
    write_error_pages()
    site = {"app": app, "pages": str(pages), "listen": "127.0.0.1", "tls": False, "http_port": port}
    with running_nginx(
        render_conf(NginxSite(**NO_LIMITS | site | options)), port=port, processes=processes
    ) as nginx:
        yield nginx


@contextlib.contextmanager
def running_nginx(site_file: str, *, port: int, processes: int = 2) -> Iterator[Nginx]:
    """Run nginx with this site file, which listens on `port` of 127.0.0.1, until the block ends.

    Its logs are in a folder that is deleted afterwards. Raises NginxFailed.
    """
    folder = Path(tempfile.mkdtemp(prefix="ictiger-nginx-"))
    (folder / "site.conf").write_text(site_file.replace("/var/log/nginx/", f"{folder}/"))
    user = "user root;" if os.geteuid() == 0 else ""  # to read files that only root may read
    (folder / "nginx.conf").write_text(MAIN_CONF.format(folder=folder, processes=processes, user=user))
    try:
        process = _start(folder, port)
        try:
            scheme = "https" if " ssl " in site_file else "http"
            yield Nginx(f"{scheme}://127.0.0.1:{port}", process.pid, folder, process)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    process.stdout.close()


def _start(folder: Path, port: int) -> subprocess.Popen:
    program = binary()
    if program is None:
        raise NginxFailed("there is no nginx on this machine")
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process
        time.sleep(0.02)
    process.kill()
    output, _errors = process.communicate()
    raise NginxFailed(output or (folder / "error.log").read_text())
