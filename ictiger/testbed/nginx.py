"""nginx as this machine has it, with the configuration that we ship, in front of an application: for tests, drills and benches."""

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

# What the distribution's nginx.conf says around a site, with everything it writes in a folder of its own.
WRAPPER = """
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
# For drills and benches, where all clients have one address.
NO_LIMITS = {
    "writes": 100_000,
    "writes_burst": 100_000,
    "logins": 100_000,
    "logins_burst": 100_000,
    "connections": 60_000,
}
START_TIMEOUT = 10.0  # seconds


class Nginx(NamedTuple):
    """A running nginx: `url` leads to the site (http, or https when the settings say so), `pid` is its master's."""

    url: str
    pid: int
    folder: Path
    process: subprocess.Popen

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def errors(self) -> str:
        return (self.folder / "error.log").read_text()


class NginxFailed(RuntimeError):
    """nginx is not there, or refuses the configuration; its own words."""


def is_installed() -> bool:
    return binary() is not None


def binary() -> str | None:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def nginx_in_front_of(
    app: str, *, pages: Path | str, port: int = 0, processes: int = 2, **told: object
) -> Iterator[Nginx]:
    """Run nginx before `app` (host:port or unix:/path), serving stored pages from the folder `pages`, until the block ends.

    It speaks plain HTTP whatever SITE_URL is, and tells the application SITE_URL's scheme; call it by a host of ALLOWED_HOSTS. Limits are
    lifted unless `told` (see conf.Site) sets them. The settings are those of this process: they must be the application's.
    """
    port = port or free_port()
    write_error_pages()
    site = {"app": app, "pages": str(pages), "listen": "127.0.0.1", "tls": False, "http_port": port}
    with running_nginx(
        render_conf(NginxSite(**NO_LIMITS | site | told)), port=port, processes=processes
    ) as nginx:
        yield nginx


@contextlib.contextmanager
def running_nginx(site_file: str, *, port: int, processes: int = 2) -> Iterator[Nginx]:
    """Run nginx with this site file, which listens on `port` of 127.0.0.1. Its logs lie in a folder that goes when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="ictiger-nginx-"))
    (folder / "site.conf").write_text(site_file.replace("/var/log/nginx/", f"{folder}/"))
    user = "user root;" if os.geteuid() == 0 else ""  # else its workers could not read what only we may read
    (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder, processes=processes, user=user))
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
    told, _nothing = process.communicate()
    raise NginxFailed(told or (folder / "error.log").read_text())
