"""The full disk drill: the page store is on a small file system, which is filled, and later has room
again.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections

from ictiger.pagecache.store import get_store
from ictiger.pagecache.wsgi import STORE_RETRY_AFTER
from ictiger.testbed.processes import WebServer

from . import Log, Report
from .database_outage import DrillFailure, expect
from .freshness import server_port
from .http_client import HttpClient
from .readers import DrillReader
from .subjects import SCHEDULES, ExpectedVersions, SubjectFactory, SubjectKind, TrackedObject
from .writers import ACCOUNTS, DrillWriter, log_in

CANNOT_MOUNT = "No file system can be mounted here"
BALLAST = ".ballast"  # a file that fills the disk; no release has this name
SIZE = 2 * 1024**2  # bytes of the disk
STORED_AGAIN_WITHIN = 2 * STORE_RETRY_AFTER  # seconds
LOGGED_FAILURE = re.compile("the page store cannot store")


@dataclass(frozen=True)
class FullDiskPlan:
    through: str


def drill_full_disk(plan: FullDiskPlan, log: Log, report: Report) -> str:
    """Run the drill, report its figures, and return what went wrong."""
    server = WebServer()
    with small_disk(Path(settings.PAGE_STORE)) as disk:
        server.start()
        try:
            with server_port(server, plan.through) as port:
                subjects = SubjectFactory(1).make()
                expected = ExpectedVersions(subjects, 1)
                read_all(subjects, expected, port)
                log("The disk of the page store is full of pages and of other things.")
                fill(disk)
                filled_at = time.monotonic()
                report(
                    "writes with a full disk, each seen at once on all pages",
                    write_all(subjects, expected, port),
                )
                report("times that the log told of it", check_log(server, time.monotonic() - filled_at))
                check_status(port)
                (disk / BALLAST).unlink()
                report("seconds until pages were stored again", f"{seconds_until_stored(port):.1f}")
        except DrillFailure as failure:
            return str(failure)
        finally:
            server.stop()
    return ""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system of SIZE bytes at `folder`, as root only can. Raises CommandError."""
    image = settings.VAR / "disk.img"
    with open(image, "wb") as opened_image:
        opened_image.truncate(SIZE)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _run("mkfs.ext4", "-q", "-m", "0", "-F", str(image))
        _run("mount", "-o", "loop", str(image), str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        raise CommandError(f"{CANNOT_MOUNT}: {error}") from error
    try:
        yield folder
    finally:
        _run("umount", str(folder))


def _run(*command: str) -> None:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, check=True, env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}, **quiet)


def fill(disk: Path) -> None:
    """Write to the ballast file in large pieces, then in small ones, until not a byte fits."""
    with open(disk / BALLAST, "ab", buffering=0) as ballast:
        for piece in (65_536, 1_024, 1):
            try:
                while ballast.write(b"x" * piece) == piece:
                    pass
            except OSError:
                continue


def read_all(subjects: list[TrackedObject], expected: ExpectedVersions, port: int) -> None:
    """Read every page. Raises DrillFailure when one is missing or stale."""
    reader = DrillReader(subjects, expected, port)
    for path in reader.pages:
        response = reader.get(path)
        reader.check_versions(list(expected.versions), expect(response, 200, path), path)
    if reader.record.stale:
        raise DrillFailure("; ".join(reader.record.stale[:5]))


def write_all(subjects: list[TrackedObject], expected: ExpectedVersions, port: int) -> int:
    """Write each object once, and read every page after each. Return the number of writes."""
    writer = DrillWriter(0, subjects, expected, port, RawArray("Q", len(SubjectKind)), lossy=False)
    writer.sessions = [log_in(0, number) for number in range(ACCOUNTS)]
    for subject in subjects:
        if subject.kind not in SCHEDULES:
            writer.write(subject)
            read_all(subjects, expected, port)
    connections.close_all()
    return sum(writer.written)


def check_log(server: WebServer, seconds: float) -> int:
    """Return how often the full disk was logged: each process does so once in a while, not for each page."""
    count = len(LOGGED_FAILURE.findall(server.log.read_text()))
    limit = len(server.children()) * (seconds / STORE_RETRY_AFTER + 1)
    if not 0 < count <= limit:
        raise DrillFailure(f"the log told {count} times of the full disk, in {seconds:.0f} s")
    return count


def check_status(port: int) -> None:
    response = expect(HttpClient(port).get("/status"), 503, "/status")
    if f"MiB are left for {settings.PAGE_STORE}" not in response.text:
        raise DrillFailure(f"/status does not tell of the full disk: {response.text}")


def seconds_until_stored(port: int) -> float:
    client, started = HttpClient(port), time.monotonic()
    while time.monotonic() - started < STORED_AGAIN_WITHIN:
        expect(client.get("/"), 200, "/")
        if os.path.exists(get_store().pages + b"/index.html"):
            return time.monotonic() - started
        time.sleep(0.2)
    raise DrillFailure("Pages are not stored although there is room again")
