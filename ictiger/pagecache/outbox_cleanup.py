"""Deletes outbox rows whose pages are purged, several at a time.

A commit for each row would double the disk writes of a busy discussion. The response need not wait for the
deletion: the pages are purged already. If the process is killed first, the sweep purges for the row once
more, which does no harm. Only a serving process collects rows; elsewhere each row is deleted at once.
"""

import logging
import threading

from django.db import DatabaseError

from ictiger.core.repeating_thread import RepeatingThread

from .models import Purge

logger = logging.getLogger("ictiger.delivery")

CLEANUP_INTERVAL = (
    0.1  # seconds; well below LEFTOVER_AFTER, the age at which the sweep purges for a row again
)


class OutboxCleanup:
    def __init__(self) -> None:
        self._keys: list[int] = []
        self._pending = threading.Event()
        self._thread = RepeatingThread(
            "ictiger-outbox-cleanup",
            self._delete_pending,
            interval=CLEANUP_INTERVAL,
            trigger=self._pending,
            logger=logger,
        )

    def start(self) -> None:
        """Collect rows from now on, and delete them in a thread of this process."""
        self._thread.start()

    def stop(self) -> None:
        """Delete the collected rows and end the thread."""
        self._thread.stop()
        self._delete_pending()

    def add(self, key: int) -> None:
        """Delete the row soon, or at once where the thread does not run."""
        if not self._thread.is_started:
            delete_rows([key])
            return
        self._keys.append(key)
        self._pending.set()

    def _delete_pending(self) -> None:
        keys, self._keys = self._keys, []
        try:
            delete_rows(keys)
        except DatabaseError as error:
            logger.warning(
                "%s outbox rows cannot be deleted; the sweep purges for them again: %s", len(keys), error
            )


def delete_rows(keys: list[int]) -> None:
    Purge.objects.filter(pk__in=keys).delete()


outbox_cleanup = OutboxCleanup()
