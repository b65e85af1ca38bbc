"""Outbox rows whose pages are purged, deleted some at a time: a commit for each would double what a busy discussion asks of the disk.

The answer need not wait for it: its pages are gone. If the process is killed first, the sweep takes the row for left over and purges once
more, which does no harm. Only a process that serves collects rows; elsewhere each is deleted at once.
"""

import logging
import threading
import time

from django.db import DatabaseError, close_old_connections

from .models import Purge

logger = logging.getLogger("ictiger.delivery")

CLEANUP_INTERVAL = 0.1  # seconds; well below those after which the sweep takes a row for left over


class OutboxCleanup:
    def __init__(self) -> None:
        self._keys: list[int] = []
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, key: int) -> None:
        """Have the row deleted soon; at once, where nothing collects them."""
        if self._thread is None:
            _delete([key])
            return
        self._keys.append(key)
        self._some.set()

    def collect(self) -> None:
        """Begin to collect, in a thread of this process."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ictiger-settled", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._some.wait()
            time.sleep(CLEANUP_INTERVAL)
            self._some.clear()  # before the keys are taken: one that comes in between is found in the next round
            keys, self._keys = self._keys, []
            try:
                close_old_connections()
                _delete(keys)
            except DatabaseError as error:
                logger.warning(
                    "%s outbox rows cannot be deleted; the sweep purges for them again: %s", len(keys), error
                )


def _delete(keys: list[int]) -> None:
    Purge.objects.filter(pk__in=keys).delete()


outbox_cleanup = OutboxCleanup()
