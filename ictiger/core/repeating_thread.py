"""A daemon thread that calls a function again and again. The page cache and the worker use it."""

import logging
import os
import threading
from collections.abc import Callable

from django.db import close_old_connections, connections


class RepeatingThread:
    """Calls `function` every `interval` seconds in a daemon thread of the process that starts it.

    `first` is called once, before all other calls (default: `function`). With `trigger`, an event, there is
    no first call: each call follows `interval` seconds after the event was set, and none is made while it is
    not set.

    An exception is logged and does not end the thread. With `error_pause` the next call follows after that
    many seconds, and each exception is logged. Without it the next call follows after `interval`, and of a
    series of exceptions only the first is logged, then a warning that the function works again.

    `stop_event` ends the thread from outside, after the call under way.
    """

    def __init__(
        self,
        name: str,
        function: Callable[[], object],
        *,
        interval: float,
        logger: logging.Logger,
        first: Callable[[], object] | None = None,
        trigger: threading.Event | None = None,
        error_pause: float | None = None,
        stop_event: threading.Event | None = None,
    ) -> None:
        self.name, self.function, self.interval, self.logger = name, function, interval, logger
        self.first = first or function
        self.trigger, self.error_pause, self._shared_stop = trigger, error_pause, stop_event
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._thread: threading.Thread | None = None
        self._first_done, self._stop = threading.Event(), threading.Event()

    def start(self) -> None:
        """Start the thread in this process, unless it runs.

        A thread does not survive a fork: the child starts its own.
        """
        with self._lock:
            if self._pid == os.getpid() and self.is_alive():
                return
            self._pid = os.getpid()
            self._first_done, self._stop = threading.Event(), self._shared_stop or threading.Event()
            arguments = (self._first_done, self._stop)
            self._thread = threading.Thread(target=self._run, args=arguments, name=self.name, daemon=True)
            self._thread.start()

    @property
    def is_started(self) -> bool:
        """Whether `start()` was called in this process, and not in the one that it was forked from."""
        return self._pid == os.getpid()

    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def run_once(self) -> None:
        """Make the first call in the caller's thread and start none. For a management command."""
        self.first()
        self._pid = os.getpid()
        self._first_done.set()

    def wait_for_first(self, timeout: float) -> bool:
        """Start the thread if need be, and wait for its first call.

        False if that takes longer than `timeout` seconds.
        """
        if self._pid != os.getpid():
            self.start()
        return self._first_done.is_set() or self._first_done.wait(timeout)

    def stop(self) -> None:
        """End the thread of this process after the call under way."""
        self._stop.set()
        if self.trigger is not None:
            self.trigger.set()
        self.join()

    def join(self, timeout: float | None = None) -> None:
        if self._thread is not None:
            self._thread.join(timeout)

    @property
    def _error_pause(self) -> float:
        return self.interval if self.error_pause is None else self.error_pause

    def _run(self, first_done: threading.Event, stop: threading.Event) -> None:
        try:
            succeeded = True
            if self.trigger is None and not stop.is_set():
                succeeded = self._call(self.first, succeeded)
            first_done.set()
            while not self._wait(stop, succeeded):
                succeeded = self._call(self.function, succeeded)
        finally:
            connections.close_all()

    def _wait(self, stop: threading.Event, succeeded: bool) -> bool:
        """Wait for the next call. True when there is none, because the thread has to stop."""
        if self.trigger is not None:
            self.trigger.wait()
        stopped = stop.wait(self.interval if succeeded else self._error_pause)
        if self.trigger is not None:
            self.trigger.clear()  # before the call: what sets it during the call leads to another one
        return stopped

    def _call(self, function: Callable[[], object], succeeded_before: bool) -> bool:
        close_old_connections()
        try:
            function()
        except (
            Exception
        ):  # whatever it is, a lock that timed out or a database that restarts: the next call must come
            if succeeded_before or self.error_pause is not None:
                self.logger.exception("%s failed; the next attempt is in %g s", self.name, self._error_pause)
            return False
        if not succeeded_before and self.error_pause is None:
            self.logger.warning("%s works again", self.name)
        return True
