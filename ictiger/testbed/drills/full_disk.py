"""The drill of a full disk: the page store lies on a small file system of its own, which is filled, and then has room again."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
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

from .database_outage import DrillFailure, expect
from .freshness import opened
from .http_client import HttpClient
from .readers import DrillReader
from .subjects import SCHEDULES, ExpectedVersions, SubjectFactory, SubjectKind, TrackedObject
from .writers import ACCOUNTS, DrillWriter, session_of

CANNOT_MOUNT = "No file system can be mounted here"
BALLAST = ".ballast"  # no release's name
SIZE = 2 * 1024**2  # bytes
STORED_AGAIN_WITHIN = 2 * STORE_RETRY_AFTER
REPORT_LINES = re.compile("the page store cannot store")


@dataclass(frozen=True)
class FullDiskPlan:
    through: str


def drill_full_disk(
    plan: FullDiskPlan, say: Callable[[str], None], tell: Callable[[str, object], None]
) -> str:
    """Run the drill, tell its figures, and return what went wrong."""
    server = WebServer()
    with small_disk(Path(settings.PAGE_STORE)) as disk:
        server.start()
        try:
            with opened(server, plan.through) as port:
                subjects = SubjectFactory(1).make()
                ledger = ExpectedVersions(subjects, 1)
                read_all(subjects, ledger, port)
                say("The disk of the page store is full of pages and of other things.")
                fill(disk)
                began = time.monotonic()
                tell(
                    "writes with a full disk, each seen at once on all pages",
                    write_all(subjects, ledger, port),
                )
                tell("times that the log told of it", told_in_moderation(server, time.monotonic() - began))
                look_at_status(port)
                (disk / BALLAST).unlink()
                tell("seconds until pages were stored again", f"{stored_again(port):.1f}")
        except DrillFailure as trouble:
            return str(trouble)
        finally:
            server.stop()
    return ""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of SIZE bytes mounted at `folder`. It takes root to do so."""
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
    """With big pieces, then with small ones, until not a byte has room."""
    with open(disk / BALLAST, "ab", buffering=0) as ballast:
        for piece in (65_536, 1_024, 1):
            try:
                while ballast.write(b"x" * piece) == piece:
                    pass
            except OSError:
                continue


def read_all(subjects: list[TrackedObject], ledger: ExpectedVersions, port: int) -> None:
    """Every page is there, and as fresh as it must be."""
    reader = DrillReader(subjects, ledger, port)
    for path in reader.pages:
        answer = reader.get(path)
        reader.hold_against_ledger(list(ledger.owed), expect(answer, 200, path), path)
    if reader.record.stale:
        raise DrillFailure("; ".join(reader.record.stale[:5]))


def write_all(subjects: list[TrackedObject], ledger: ExpectedVersions, port: int) -> int:
    """One of each kind, and after each every page again."""
    writer = DrillWriter(0, subjects, ledger, port, RawArray("Q", len(SubjectKind)), lossy=False)
    writer.sessions = [session_of(0, number) for number in range(ACCOUNTS)]
    for subject in subjects:
        if subject.kind not in SCHEDULES:
            writer.write(subject)
            read_all(subjects, ledger, port)
    connections.close_all()
    return sum(writer.written)


def told_in_moderation(server: WebServer, seconds: float) -> int:
    """Each process tells it once in a while, not for each page."""
    times = len(REPORT_LINES.findall(server.log.read_text()))
    most = len(server.children()) * (seconds / STORE_RETRY_AFTER + 1)
    if not 0 < times <= most:
        raise DrillFailure(f"the log told {times} times of the full disk, in {seconds:.0f} s")
    return times


def look_at_status(port: int) -> None:
    answer = expect(HttpClient(port).get("/status"), 503, "/status")
    if f"MiB are left for {settings.PAGE_STORE}" not in answer.text:
        raise DrillFailure(f"/status does not tell of the full disk: {answer.text}")


def stored_again(port: int) -> float:
    asker, began = HttpClient(port), time.monotonic()
    while time.monotonic() - began < STORED_AGAIN_WITHIN:
        expect(asker.get("/"), 200, "/")
        if os.path.exists(get_store().pages + b"/index.html"):
            return time.monotonic() - began
        time.sleep(0.2)
    raise DrillFailure("Pages are not stored although there is room again")
