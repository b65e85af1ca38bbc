"""Purging for processes that were killed between COMMIT and purge: in every web process, each second and before the first request.

The worker does the same among its loops (ictiger/jobs.py).
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import close_old_connections, connections

from . import maintenance, stats
from .purge import purge_leftovers
from .store import Store

logger = logging.getLogger("ictiger.delivery")

SWEEP_INTERVAL = 1.0  # seconds
FIRST_SWEEP_WAIT = (
    2.0  # seconds that the first readers wait for it; with the database down they read what is stored
)
MAINTENANCE_INTERVAL = 300.0  # seconds


class Sweeper:
    """Runs `begin` once and then `sweep` each second, in a daemon thread of the process that starts it."""

    def __init__(
        self,
        name: str,
        begin: Callable[[], object],
        sweep: Callable[[], object],
        every: float = SWEEP_INTERVAL,
    ) -> None:
        self.name, self.begin, self.sweep, self.every = name, begin, sweep, every
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._begun = threading.Event()
        self._end = threading.Event()

    def start(self) -> None:
        """Begin sweeping in this process. A thread does not survive a fork: the child begins anew."""
        with self._lock:
            if self._pid != os.getpid():
                self._begun, self._end = threading.Event(), threading.Event()
                self._pid = os.getpid()
                self._thread = threading.Thread(
                    target=self._run, args=[self._begun, self._end], name=self.name, daemon=True
                )
                self._thread.start()

    def run_once(self) -> None:
        """The first round in the caller's own thread, and none after it: for a command."""
        self.begin()
        self._pid = os.getpid()
        self._begun.set()

    def stop(self) -> None:
        """End sweeping in this process, after the round under way."""
        self._end.set()
        self._thread.join()

    def wait_for_first(self) -> None:
        """Return once what was left over when this process began is purged, or cannot be."""
        if self._pid != os.getpid():
            self.start()
        if not self._begun.is_set():
            self._begun.wait(FIRST_SWEEP_WAIT)

    def _run(self, begun: threading.Event, end: threading.Event) -> None:
        well = self._once(self.begin, True)
        begun.set()
        while not end.wait(self.every):
            well = self._once(self.sweep, well)
        connections.close_all()

    def _once(self, work: Callable[[], object], was_well: bool) -> bool:
        """A fault is told when it begins, not each second: the next round must come."""
        close_old_connections()
        try:
            work()
        except Exception:
            if was_well:
                logger.exception("%s failed; it tries again each second", self.name)
            return False
        if not was_well:
            logger.warning("%s works again", self.name)
        return True


def store_sweeper(store: Store) -> Sweeper:
    """Purges what is left over. Nothing slow is in its way: readers of changed pages wait for it."""

    def begin() -> None:
        maintenance.invalidate_after_reboot(store)
        purge_leftovers(older_than=timedelta(0))

    return Sweeper("ictiger-sweeper", begin, purge_leftovers)


def outbox_sweeper() -> Sweeper:
    """The same where HTTP caches keep the pages: they were never without us, so no reader waits for the first round."""
    return Sweeper("ictiger-sweeper", purge_leftovers, purge_leftovers)


def maintenance_thread(store: Store, tally: stats.HitCounter) -> Sweeper:
    """Empties the trash, writes the tally, and bounds the disk: every few minutes, and after much was stored at once."""
    done = {"at": -MAINTENANCE_INTERVAL, "stored": 0}

    def care() -> None:
        tally.write()
        maintenance.empty_trash(store)
        stored = tally.so_far("bytes")
        if (
            time.monotonic() - done["at"] >= MAINTENANCE_INTERVAL
            or stored - done["stored"] > settings.PAGE_STORE_LIMIT / 20
        ):
            done.update(at=time.monotonic(), stored=stored)
            maintenance.drop_orphans(store)
            maintenance.evict(store, settings.PAGE_STORE_LIMIT)

    return Sweeper("ictiger-caretaker", care, care)
