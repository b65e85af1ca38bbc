"""The threads of a serving process that look after stored pages (line 7 of the protocol).

A process may be killed between COMMIT and its purge. So each web process purges for outbox rows that are left
over, each second and before its first request. The worker does the same in one of its loops
(ictiger/worker.py).
"""

import logging
import time
from datetime import timedelta

from django.conf import settings

from ictiger.core.repeating_thread import RepeatingThread

from . import maintenance, stats
from .purge import purge_leftovers
from .store import Store

logger = logging.getLogger("ictiger.delivery")

SWEEP_INTERVAL = 1.0  # seconds
# Seconds that the first readers wait for the first sweep. With the database down they are served what is
# stored.
FIRST_SWEEP_WAIT = 2.0
MAINTENANCE_INTERVAL = 300.0  # seconds


def store_sweeper(store: Store) -> RepeatingThread:
    """Purges for outbox rows that are left over. Readers wait for its first call, so it does nothing slow."""

    def first_sweep() -> None:
        maintenance.invalidate_after_reboot(store)
        purge_leftovers(older_than=timedelta(0))

    return _repeating_thread("ictiger-sweeper", purge_leftovers, first=first_sweep)


def outbox_sweeper() -> RepeatingThread:
    """The same where HTTP caches hold the pages.

    No reader waits for its first call: the caches outlive our process.
    """
    return _repeating_thread("ictiger-sweeper", purge_leftovers)


def maintenance_thread(store: Store, counter: stats.HitCounter) -> RepeatingThread:
    """Writes the hit counter, empties the trash, and bounds the store's size.

    The size is checked every few minutes, and earlier when a twentieth of the limit was stored since the last
    check.
    """
    last_check = {"at": -MAINTENANCE_INTERVAL, "stored": 0}

    def maintain() -> None:
        counter.write()
        maintenance.empty_trash(store)
        stored = counter.value("bytes")
        is_due = time.monotonic() - last_check["at"] >= MAINTENANCE_INTERVAL
        if is_due or stored - last_check["stored"] > settings.PAGE_STORE_LIMIT / 20:
            last_check.update(at=time.monotonic(), stored=stored)
            maintenance.drop_orphans(store)
            maintenance.evict(store, settings.PAGE_STORE_LIMIT)

    return _repeating_thread("ictiger-maintenance", maintain)


def _repeating_thread(name: str, function, first=None) -> RepeatingThread:
    return RepeatingThread(name, function, interval=SWEEP_INTERVAL, logger=logger, first=first)
