"""The kill drill: the freshness drill while processes get SIGKILL.

From two seconds after each nobody may get an older page.
"""

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections

from ictiger.pagecache import maintenance
from ictiger.pagecache import store as store_module
from ictiger.pagecache.crawl import get_page, verify_pages
from ictiger.pagecache.models import Purge
from ictiger.pagecache.store import Store, get_store
from ictiger.pagecache.wsgi import PageWrapper
from ictiger.testbed.processes import Service, WebServer, this_checkout

from . import Log, Report
from .freshness import Load, fork, freshness_report, freshness_verdict, server_port
from .subjects import SCHEDULES

PURGE_BOUND = 2.0  # seconds after a kill until no older page is served
CHECK_PERIOD = 0.5  # seconds of reads after that, before the next kill
DIES_WITHIN = 5.0  # seconds in which a doomed writer reaches a COMMIT
STEPS_OF_STORING = 8
SERVER_CHILD, SERVER, WORKER, WRITER, RENDERER = (
    "server processes",
    "servers with all their processes",
    "workers",
    "writers between COMMIT and purge",
    "renderers while they store",
)
# The weights of random kills; the first few are one of each.
ODDS = {SERVER_CHILD: 50, WRITER: 20, RENDERER: 15, SERVER: 10, WORKER: 5}


@dataclass(frozen=True)
class KillPlan:
    kills: int
    writers: int
    readers: int
    pause: float
    through: str


def drill_kill(plan: KillPlan, log: Log, report: Report) -> str:
    """Run the drill, report its figures, and return what went wrong."""
    server = WebServer()
    worker = Service(this_checkout().command("worker"), log=settings.VAR / "worker.log")
    server.start()
    worker.start()
    try:
        with server_port(server, plan.through) as port:
            load = Load(port, writers=plan.writers, readers=plan.readers, pause=plan.pause, lossy=True)
            database = connections["default"].vendor
            log(
                f"{plan.kills} kills, {plan.writers} writers, {plan.readers} readers, "
                f"through {plan.through}, on {database}"
            )
            load.begin()
            killer = Killer(load, server, worker)
            for number in range(plan.kills):
                killer.kill(
                    list(ODDS)[number]
                    if number < len(ODDS)
                    else random.choices(list(ODDS), list(ODDS.values()))[0]
                )
            record = load.end()
            remains = leftovers(log)
    finally:
        worker.stop()
        server.stop()
    for victim in ODDS:
        report(f"killed {victim}", killer.killed[victim])
    freshness_report(record, load, report)
    for name, number in remains.items():
        report(name, number)
    return freshness_verdict(record, log) or next(
        (f"{name}: {number}" for name, number in remains.items() if number), ""
    )


class Killer:
    """Kills processes and restarts them as a supervisor does.

    Two seconds later readers must see what they had committed.
    """

    def __init__(self, load: Load, server: WebServer, worker: Service) -> None:
        self.load, self.server, self.worker = load, server, worker
        self.killed: Counter[str] = Counter()
        self.pages = sorted({page for subject in load.subjects for page in subject.pages})

    def kill(self, victim: str) -> None:
        time.sleep(random.uniform(0, CHECK_PERIOD))
        self._restarted_children()
        {
            SERVER_CHILD: self._server_child,
            SERVER: lambda: self._service(self.server),
            WORKER: lambda: self._service(self.worker),
            WRITER: self._writer,
            RENDERER: self._renderer,
        }[victim]()
        killed_at = time.monotonic()
        self.killed[victim] += 1
        committed = {
            subject.number: subject.committed_version()
            for subject in self.load.subjects
            if subject.kind not in SCHEDULES
        }
        connections.close_all()
        if victim == SERVER:
            self.server.start()
        if victim == WORKER:
            self.worker.start()
        time.sleep(max(0.0, killed_at + PURGE_BOUND - time.monotonic()))
        for number, version in committed.items():
            self.load.expected.versions[number] = max(self.load.expected.versions[number], version)
        time.sleep(CHECK_PERIOD)

    def _restarted_children(self) -> list[int]:
        """Return the server's worker processes, after a restart if it has ended.

        It ends when one of them dies within 5.5 seconds of its start.
        """
        while not (children := self.server.children()):
            if self.server.has_ended():
                self.server.start()
            time.sleep(0.05)
        return children

    def _server_child(self) -> None:
        """Kill one of the server's worker processes; the server replaces it."""
        children = self._restarted_children()
        with suppress(ProcessLookupError):
            os.kill(random.choice(children), signal.SIGKILL)

    def _service(self, service: Service) -> None:
        service.kill()

    def _writer(self) -> None:
        number = random.randrange(len(self.load.writers))
        self.load.expected.doomed[number] = 1
        process = self.load.writers[number]
        process.join(DIES_WITHIN)
        process.kill()  # it may have posted comments only, which the server purges
        process.join()
        self.load.expected.doomed[number] = 0
        self.load.writers[number] = self.load.begin_writer(number)

    def _renderer(self) -> None:
        process = fork.Process(
            target=render_and_die, args=[self.pages, random.randrange(STEPS_OF_STORING)], daemon=True
        )
        connections.close_all()
        process.start()
        process.join(DIES_WITHIN)
        process.kill()
        process.join()


class DyingOs:
    """`os`, but it kills the process after `steps` steps of storing a page."""

    STEPS = frozenset(["open", "rename", "unlink", "makedirs", "rmdir", "utime"])

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __getattr__(self, name: str) -> object:
        if name in self.STEPS:
            if self.steps == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self.steps -= 1
        return getattr(os, name)


def render_and_die(pages: list[str], steps: int) -> None:
    """Request pages until one has to be rendered, and die after that many steps of storing it."""
    renderer = PageWrapper(WSGIHandler(), get_store())
    renderer.sweeper.run_once()
    make_lease = renderer.store.lease

    def lease(path: bytes) -> store_module.Lease:
        store_module.os = DyingOs(steps)
        return make_lease(path)

    renderer.store.lease = lease
    while True:
        get_page(renderer, random.choice(pages).encode())


def leftovers(log: Log) -> dict[str, int]:
    """Count what killed processes have left behind, after the time in which the others clean it up."""
    time.sleep(PURGE_BOUND)
    store = get_store()
    counts = {"purges left over": Purge.objects.count()}
    maintenance.drop_orphans(store, now=time.time() + maintenance.LEASE_LIFETIME)
    counts["leases left over"] = sum(
        len(files) for _folder, _folders, files in os.walk(os.path.join(store.root, store_module.LEASES))
    )
    counts["pages in one form only"] = _incomplete_pages(store)
    different = [page for page, is_same in verify_pages(store, WSGIHandler()) if not is_same]
    for page in different:
        log(f"stored otherwise than rendered now: {page}")
    counts["stored pages that differ from a fresh render"] = len(different)
    return counts


def _incomplete_pages(store: Store) -> int:
    return sum(
        not (os.path.exists(page.file) and os.path.exists(page.file + b".gz"))
        for page in maintenance.stored_pages(store)
    )
