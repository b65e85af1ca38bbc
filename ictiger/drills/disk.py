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

from ictiger.delivery.store import the_store
from ictiger.delivery.wrapper import UNWELL_FOR

from .asking import Asker
from .freshness import opened
from .house import WebServer
from .outlive import Trouble, expect
from .publication import SCHEDULES, Kind, Ledger, Maker, Subject
from .reading import Reader
from .writing import ACCOUNTS, Writer, session_of

CANNOT_MOUNT = "No file system can be mounted here"
BALLAST = ".ballast"  # no release's name
SIZE = 2 * 1024**2  # bytes
STORED_AGAIN_WITHIN = 2 * UNWELL_FOR
TOLD = re.compile("the page store cannot store")


@dataclass(frozen=True)
class Plan:
    through: str


def drill(plan: Plan, say: Callable[[str], None], tell: Callable[[str, object], None]) -> str:
    """Run the drill, tell its figures, and return what went wrong."""
    server = WebServer()
    with small_disk(Path(settings.PAGE_STORE)) as disk:
        server.start()
        try:
            with opened(server, plan.through) as port:
                subjects = Maker(1).make()
                ledger = Ledger(subjects, 1)
                read_all(subjects, ledger, port)
                say("The disk of the page store is full of pages and of other things.")
                fill(disk)
                began = time.monotonic()
                tell("writes with a full disk, each seen at once on all pages", write_all(subjects, ledger, port))
                tell("times that the log told of it", told_in_moderation(server, time.monotonic() - began))
                look_at_status(port)
                (disk / BALLAST).unlink()
                tell("seconds until pages were stored again", f"{stored_again(port):.1f}")
        except Trouble as trouble:
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
    subprocess.run(command, check=True, env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}, **quiet)  # noqa: S603 (our own commands)


def fill(disk: Path) -> None:
    """With big pieces, then with small ones, until not a byte has room."""
    with open(disk / BALLAST, "ab", buffering=0) as ballast:
        for piece in (65_536, 1_024, 1):
            try:
                while ballast.write(b"x" * piece) == piece:
                    pass
            except OSError:
                continue


def read_all(subjects: list[Subject], ledger: Ledger, port: int) -> None:
    """Every page is there, and as fresh as it must be."""
    reader = Reader(subjects, ledger, port)
    for path in reader.pages:
        answer = reader.get(path)
        reader.hold_against_ledger(list(ledger.owed), expect(answer, 200, path), path)
    if reader.record.stale:
        raise Trouble("; ".join(reader.record.stale[:5]))


def write_all(subjects: list[Subject], ledger: Ledger, port: int) -> int:
    """One of each kind, and after each every page again."""
    writer = Writer(0, subjects, ledger, port, RawArray("Q", len(Kind)), lossy=False)
    writer.sessions = [session_of(0, number) for number in range(ACCOUNTS)]
    for subject in subjects:
        if subject.kind not in SCHEDULES:
            writer.write(subject)
            read_all(subjects, ledger, port)
    connections.close_all()
    return sum(writer.written)


def told_in_moderation(server: WebServer, seconds: float) -> int:
    """Each process tells it once in a while, not for each page."""
    times = len(TOLD.findall(server.log.read_text()))
    most = len(server.children()) * (seconds / UNWELL_FOR + 1)
    if not 0 < times <= most:
        raise Trouble(f"the log told {times} times of the full disk, in {seconds:.0f} s")
    return times


def look_at_status(port: int) -> None:
    answer = expect(Asker(port).get("/status"), 503, "/status")
    if f"MiB are left for {settings.PAGE_STORE}" not in answer.text:
        raise Trouble(f"/status does not tell of the full disk: {answer.text}")


def stored_again(port: int) -> float:
    asker, began = Asker(port), time.monotonic()
    while time.monotonic() - began < STORED_AGAIN_WITHIN:
        expect(asker.get("/"), 200, "/")
        if os.path.exists(the_store().pages + b"/index.html"):
            return time.monotonic() - began
        time.sleep(0.2)
    raise Trouble("Pages are not stored although there is room again")
