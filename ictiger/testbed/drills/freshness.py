"""The freshness drill: no GET that starts after the response to a write may get an older page.

Writers and readers run in processes beside the server.
"""

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

from . import Log, Report
from .readers import DrillReader, ReadRecord, load_record
from .subjects import ExpectedVersions, SubjectFactory, SubjectKind, TrackedObject
from .writers import DrillWriter

fork = multiprocessing.get_context("fork")
MAX_LOGGED_FAULTS = 20  # of each kind


@dataclass(frozen=True)
class FreshnessPlan:
    seconds: float
    writers: int
    readers: int
    pause: float
    through: str


class Load:
    """Writers and readers of a publication, from `begin()` to `end()`.

    With `lossy`, processes are killed meanwhile: a request that was cut off is no error.
    """

    def __init__(self, port: int, *, writers: int, readers: int, pause: float, lossy: bool = False) -> None:
        self.subjects: list[TrackedObject] = SubjectFactory(writers).make()
        self.expected = ExpectedVersions(self.subjects, writers)
        self.written = [RawArray("Q", len(SubjectKind)) for _writer in range(writers)]
        self.stopped = RawArray("b", 1)
        self.port, self.pause, self.lossy = port, pause, lossy
        self.writers: list[multiprocessing.Process] = []
        self.readers: list[multiprocessing.Process] = []
        self.numbers = range(writers), range(readers)

    def begin(self) -> None:
        connections.close_all()  # a child process must not share them
        self.writers = [self.begin_writer(number) for number in self.numbers[0]]
        self.readers = [self._start(self._read, number) for number in self.numbers[1]]

    def begin_writer(self, number: int) -> multiprocessing.Process:
        connections.close_all()
        return self._start(self._write, number)

    def _start(self, work: Callable[[int], None], number: int) -> multiprocessing.Process:
        process = fork.Process(target=work, args=[number], daemon=True)
        process.start()
        return process

    def _write(self, number: int) -> None:
        writer = DrillWriter(
            number, self.subjects, self.expected, self.port, self.written[number], lossy=self.lossy
        )
        writer.run(self.is_running, self.pause)

    def _read(self, number: int) -> None:
        DrillReader(self.subjects, self.expected, self.port, lossy=self.lossy).run(
            self.is_running, self._file(number)
        )

    def _file(self, number: int) -> Path:
        return settings.VAR / f"reader-{number}.json"

    def is_running(self) -> bool:
        return not self.stopped[0]

    def end(self) -> ReadRecord:
        """Stop all processes, and return the readers' records as one.

        A process that failed is an error in it.
        """
        self.stopped[0] = 1
        total = ReadRecord()
        for process in self.writers + self.readers:
            process.join(60)
            if process.exitcode:
                total.errors.append(f"{process.name} ended with {process.exitcode}; its traceback is above")
        for number in self.numbers[1]:
            if self._file(number).exists():
                total.add(load_record(self._file(number)))
        return total

    def writes(self) -> dict[str, int]:
        return {
            kind: sum(written[index] for written in self.written) for index, kind in enumerate(SubjectKind)
        }


@contextmanager
def server_port(server: WebServer, through: str) -> Iterator[int]:
    """Yield the port for readers: the server's, or that of nginx in front of it."""
    if through == "wrapper":
        yield server.port
        return
    with nginx_in_front_of(f"127.0.0.1:{server.port}", pages=get_store().pages.decode()) as nginx:
        yield int(nginx.url.rpartition(":")[2])


def drill_freshness(plan: FreshnessPlan, log: Log, report: Report) -> str:
    """Run the drill, report its figures, and return what went wrong."""
    server = WebServer()
    server.start()
    try:
        with server_port(server, plan.through) as port:
            load = Load(port, writers=plan.writers, readers=plan.readers, pause=plan.pause)
            database = connections["default"].vendor
            log(
                f"{plan.writers} writers and {plan.readers} readers for {plan.seconds:g} s, "
                f"through {plan.through}, on {database}"
            )
            load.begin()
            time.sleep(plan.seconds)
            record = load.end()
    finally:
        server.stop()
    freshness_report(record, load, report)
    return freshness_verdict(record, log)


def freshness_report(record: ReadRecord, load: Load, report: Report) -> None:
    for kind, number in load.writes().items():
        report(kind, number)
    report("writes", sum(load.writes().values()))
    report("reads", record.reads)
    report("checked against what writers were answered", record.checked)
    report("checked against the clock of a schedule", record.scheduled)
    report("answered 304", record.unmodified)
    report("stale", len(record.stale))
    report("errors", len(record.errors))
    if load.lossy:
        report("requests cut off by a kill", record.cut)
    seconds = sorted(record.seconds) or [0.0]
    for name, part in (("half", 0.5), ("99 %", 0.99), ("all", 1.0)):
        report(f"{name} of the answers within", f"{1000 * seconds[int(part * (len(seconds) - 1))]:.1f} ms")


def freshness_verdict(record: ReadRecord, log: Log) -> str:
    for fault in [*record.stale[:MAX_LOGGED_FAULTS], *record.errors[:MAX_LOGGED_FAULTS]]:
        log(fault)
    if record.stale:
        return "Readers got pages that were older than an answered write."
    if record.errors:
        return "There were errors."
    return "" if record.checked else "Nothing was checked."
