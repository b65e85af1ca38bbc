"""What `bench pages` measures: the servers of each site, nginx in front, and servers that only send a page's
bytes.
"""

import gzip
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path

from django.conf import settings

from ictiger.testbed.nginx import nginx_in_front_of, running_nginx
from ictiger.testbed.site import BENCH_HOST, free_port

from .post_load import PreparedPost, post
from .sites import BenchSite
from .wrk import GetMeasurement, Measurement, MeasurementFailed

PLAIN_FILE_SERVER = (
    "server {{ listen 127.0.0.1:{port}; root {folder}; access_log off; "
    "location / {{ gzip_static on; default_type text/html; }} }}"
)
WRITERS = 8  # concurrent connections that post


def start_measurements(
    stack: ExitStack, sites: list[BenchSite], size: list[str], prefixes: tuple[str, ...]
) -> list[Measurement]:
    """Start the servers of all sites. Return what to measure, with what is compared side by side.

    `size` are the options of `serve` for processes and threads. What not all sites have is left out, and so
    is what begins with none of `prefixes`.
    """
    per_site = [{item.name: item for item in _site_measurements(stack, site, size)} for site in sites]
    references = _references(stack, sites[0], size)
    measurements = []
    for name in per_site[0]:
        if all(name in others for others in per_site):
            measurements += [*(others[name] for others in per_site), *references.get(name, ())]
    return [measurement for measurement in measurements if measurement.name.startswith(prefixes)]


def _site_measurements(stack: ExitStack, site: BenchSite, size: list[str]) -> list[Measurement]:
    prepared, article = site.prepared, site.prepared["article"]
    server = stack.enter_context(site.serving(*size))
    renderer = stack.enter_context(site.serving(*size, PAGE_STORE="off"))
    proxy = stack.enter_context(nginx_in_front_of(f"127.0.0.1:{server.port}", pages=prepared["pages"]))
    nginx_port = int(proxy.url.rpartition(":")[2])
    site.servers = [server, renderer]
    _body, etag = _fetch(server.port, article)
    signed_in = {"Cookie": prepared["cookies"]}
    stored = {"stored": {}, "stored, signed in": signed_in, "304": {"If-None-Match": etag}}

    def get(name: str, port: int, path: str, headers: dict[str, str] | None = None) -> GetMeasurement:
        return GetMeasurement(name, site.name, port, path, headers or {})

    return [
        *(get(f"nginx, {name}", nginx_port, article, headers) for name, headers in stored.items()),
        *(get(f"server, {name}", server.port, article, headers) for name, headers in stored.items()),
        *(get(name, server.port, path, signed_in) for name, path in prepared["personal"].items()),
        *(get(name, server.port, path) for name, path in prepared["searches"].items()),
        get("rendered, 200 comments", renderer.port, article),
        *(get(f"rendered, {name}", renderer.port, path) for name, path in prepared["lists"].items()),
        PostMeasurement("comments posted", site.name, server.port, site.prepared_posts()),
    ]


def _references(stack: ExitStack, site: BenchSite, size: list[str]) -> dict[str, list[Measurement]]:
    """Start servers that only send the stored page's bytes; by the measurement to be compared with them."""
    path = site.prepared["article"]
    body, _etag = _fetch(site.servers[0].port, path)
    plain_file = stack.enter_context(_plain_file_server(body, path))
    constant = stack.enter_context(_constant_server(body, size))
    return {
        "nginx, stored": [GetMeasurement("nginx, plain file", site.name, plain_file, path)],
        "server, stored": [GetMeasurement("server, constant", site.name, constant, path)],
    }


@dataclass
class PostMeasurement(Measurement):
    """Comments by as many readers; `bench comments` measures more of it."""

    port: int
    posts: Iterator[PreparedPost]

    def run(self, seconds: float) -> float:
        posts = self.posts if seconds else islice(self.posts, 1)
        results, duration = post(posts, self.port, WRITERS, seconds or 60)
        others = sum((result.others for result in results), Counter())
        accepted = sum(len(result.accepted) for result in results)
        if others or not accepted:
            raise MeasurementFailed(f"{self.name}: {dict(others) or 'none is ready any more, see --posts'}")
        return accepted / duration


def _fetch(port: int, path: str) -> tuple[bytes, str]:
    """Return a page's compressed body and its ETag. The page is stored from then on."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Host": BENCH_HOST, "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip"}
    connection.request("GET", path, headers=headers)
    with closing(connection), connection.getresponse() as response:
        return response.read(), response.headers["ETag"]


@contextmanager
def _constant_server(body: bytes, size: list[str]) -> Iterator[int]:
    port, file = free_port(), Path(settings.VAR) / "constant.gz"
    file.write_bytes(body)
    workers, threads = (option.partition("=")[2] for option in size)
    module = "ictiger.testbed.bench.constant_app"
    command = [sys.executable, "-m", module, str(port), workers, threads, str(file)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=settings.BASE_DIR, **silent) as server:
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    for _attempt in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/"):
                return
        except OSError:
            time.sleep(0.05)


@contextmanager
def _plain_file_server(body: bytes, path: str) -> Iterator[int]:
    folder, port = Path(settings.VAR) / "plain", free_port()
    page = folder / path.strip("/")
    page.mkdir(parents=True)
    (page / "index.html.gz").write_bytes(body)
    (page / "index.html").write_bytes(gzip.decompress(body))
    with running_nginx(PLAIN_FILE_SERVER.format(port=port, folder=folder), port=port):
        yield port
