"""The freshness drill: writers and readers in processes of their own, and no GET that starts after an answer may get an older page."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray
from pathlib import Path

from django.conf import settings
from django.db import connections

from ictiger.pagecache.store import get_store
from ictiger.testbed.nginx import nginx_in_front_of
from ictiger.testbed.processes import WebServer

from .readers import DrillReader, ReadRecord, load
from .subjects import ExpectedVersions, SubjectFactory, SubjectKind, TrackedObject
from .writers import DrillWriter

fork = multiprocessing.get_context("fork")
FRESHNESS_LINES = 20  # faults that are told one by one


@dataclass(frozen=True)
class FreshnessPlan:
    seconds: float
    writers: int
    readers: int
    pause: float
    through: str


class Load:
    """Writers and readers at work on a publication, until `end()`."""

    def __init__(self, port: int, *, writers: int, readers: int, pause: float, lossy: bool = False) -> None:
        self.subjects: list[TrackedObject] = SubjectFactory(writers).make()
        self.ledger = ExpectedVersions(self.subjects, writers)
        self.written = [RawArray("Q", len(SubjectKind)) for _writer in range(writers)]
        self.over = RawArray("b", 1)
        self.port, self.pause, self.lossy = port, pause, lossy
        self.writers: list[multiprocessing.Process] = []
        self.readers: list[multiprocessing.Process] = []
        self.numbers = range(writers), range(readers)

    def begin(self) -> None:
        connections.close_all()  # a connection must not be shared with a child
        self.writers = [self.begin_writer(number) for number in self.numbers[0]]
        self.readers = [self._begun(self._read, number) for number in self.numbers[1]]

    def begin_writer(self, number: int) -> multiprocessing.Process:
        connections.close_all()
        return self._begun(self._write, number)

    def _begun(self, work: Callable[[int], None], number: int) -> multiprocessing.Process:
        process = fork.Process(target=work, args=[number], daemon=True)
        process.start()
        return process

    def _write(self, number: int) -> None:
        writer = DrillWriter(
            number, self.subjects, self.ledger, self.port, self.written[number], lossy=self.lossy
        )
        writer.run(self.goes_on, self.pause)

    def _read(self, number: int) -> None:
        DrillReader(self.subjects, self.ledger, self.port, lossy=self.lossy).run(
            self.goes_on, self._file(number)
        )

    def _file(self, number: int) -> Path:
        return settings.VAR / f"reader-{number}.json"

    def goes_on(self) -> bool:
        return not self.over[0]

    def end(self) -> ReadRecord:
        """Stop everybody, and return what the readers have seen together. A process that failed is an error too."""
        self.over[0] = 1
        total = ReadRecord()
        for process in self.writers + self.readers:
            process.join(60)
            if process.exitcode:
                total.errors.append(
                    f"{process.name} ended with {process.exitcode}; what it said stands above"
                )
        for number in self.numbers[1]:
            if self._file(number).exists():
                total.add(load(self._file(number)))
        return total

    def writes(self) -> dict[str, int]:
        return {
            kind: sum(written[index] for written in self.written) for index, kind in enumerate(SubjectKind)
        }


@contextmanager
def opened(server: WebServer, through: str) -> Iterator[int]:
    """The port by which readers come: the server's own, or that of nginx in front of it."""
    if through == "wrapper":
        yield server.port
        return
    with nginx_in_front_of(f"127.0.0.1:{server.port}", pages=get_store().pages.decode()) as nginx:
        yield int(nginx.url.rpartition(":")[2])


def drill_freshness(
    plan: FreshnessPlan, say: Callable[[str], None], tell: Callable[[str, object], None]
) -> str:
    """Run the drill, tell its figures, and return what went wrong."""
    server = WebServer()
    server.start()
    try:
        with opened(server, plan.through) as port:
            load = Load(port, writers=plan.writers, readers=plan.readers, pause=plan.pause)
            database = connections["default"].vendor
            say(
                f"{plan.writers} writers and {plan.readers} readers for {plan.seconds:g} s, through {plan.through}, on {database}"
            )
            load.begin()
            time.sleep(plan.seconds)
            record = load.end()
    finally:
        server.stop()
    freshness_report(record, load, tell)
    return freshness_verdict(record, say)


def freshness_report(record: ReadRecord, load: Load, tell: Callable[[str, object], None]) -> None:
    for kind, number in load.writes().items():
        tell(kind, number)
    tell("writes", sum(load.writes().values()))
    tell("reads", record.reads)
    tell("checked against what writers were answered", record.checked)
    tell("checked against the clock of a schedule", record.scheduled)
    tell("answered 304", record.unmodified)
    tell("stale", len(record.stale))
    tell("errors", len(record.errors))
    if load.lossy:
        tell("requests cut off by a kill", record.cut)
    seconds = sorted(record.seconds) or [0.0]
    for name, part in (("half", 0.5), ("99 %", 0.99), ("all", 1.0)):
        tell(f"{name} of the answers within", f"{1000 * seconds[int(part * (len(seconds) - 1))]:.1f} ms")


def freshness_verdict(record: ReadRecord, say: Callable[[str], None]) -> str:
    for fault in [*record.stale[:FRESHNESS_LINES], *record.errors[:FRESHNESS_LINES]]:
        say(fault)
    if record.stale:
        return "Readers got pages that were older than an answered write."
    if record.errors:
        return "There were errors."
    return "" if record.checked else "Nothing was checked."
