"""Actors that stop before every step, so that a test decides which of them continues.

Each actor is a thread; at most one runs at any time. The store's calls of the operating system are its steps,
and so are its waits. A killed actor does nothing more: as with SIGKILL, not even `finally` blocks run, except
that the kernel closes its files.
"""

import os
import threading
from collections.abc import Callable

STEP_TIMEOUT = 10.0  # seconds of real time; an actor that takes longer waits for one that cannot continue


class Killed(BaseException):
    """Ends a killed actor's thread."""


class Actor:
    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.result: object = None
        self.error: BaseException | None = None
        self.done = self.dead = False
        self.next_step = ""
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        _current.actor = self
        try:
            self.step()
            self.result = self.work()
        except Killed:
            pass
        except BaseException as error:  # raised again in the thread that drives the actor
            self.error = error
        self.done = True
        self._stopped.release()

    def step(self, name: str = "") -> None:
        """Called in the actor's thread before each step."""
        if self.dead:
            raise Killed
        self.next_step = name
        self._stopped.release()
        self._go.acquire()
        if self.dead:
            raise Killed

    def advance(self) -> None:
        """Let it do one step."""
        if not self.done:
            self._wait()
            self._go.release()
            self._wait()
            self._stopped.release()
            if self.done:
                self._thread.join()
                if self.error is not None:
                    raise self.error

    def _wait(self) -> None:
        stopped = self._stopped.acquire(timeout=STEP_TIMEOUT)
        assert stopped, f"it does not return from the step {self.next_step!r}"

    def advance_to(self, name: str, at_most: int = 100) -> None:
        """Let it continue until that step is its next."""
        for _step in range(at_most):
            self.advance()
            if self.done or self.next_step == name:
                return

    def finish(self, at_most: int = 10_000) -> object:
        for _step in range(at_most):
            if self.done:
                return self.result
            self.advance()
        raise AssertionError("it does not end")

    def kill(self) -> None:
        self.dead = True
        self.finish()


def within_seconds(work: Callable[[], object], seconds: float = 3.0) -> object:
    """What `work` returns, called in a thread of its own.

    If it blocks, its test fails and the others continue.
    """
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert results, f"no result within {seconds} seconds" if thread.is_alive() else "it raised an exception"
    return results[0]


_current = threading.local()


def step(name: str = "") -> None:
    """A step of the actor that this thread belongs to; in any other thread nothing."""
    actor = getattr(_current, "actor", None)
    if actor is not None:
        actor.step(name)


class SteppingOs:
    """`os`, with a step before each call that other actors could notice."""

    STEPS = frozenset(
        ["open", "rename", "unlink", "scandir", "listdir", "walk", "makedirs", "rmdir", "utime"]
    )

    def __init__(self, log: list | None = None) -> None:
        self.log = log

    def __getattr__(self, name: str):
        call = getattr(os, name)
        if name not in self.STEPS:
            return call

        def stepping(*args, **kwargs):
            step(name)
            if self.log is not None:
                self.log.append((name, *args))
            return call(*args, **kwargs)

        return stepping


class SteppingTime:
    """`time`, in which waiting is a step and moves the monotonic clock.

    The wall clock stands until a test moves it.
    """

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.wall = 1_000_000

    def monotonic(self) -> float:
        return self.elapsed

    def time(self) -> float:
        return float(self.wall)

    def time_ns(self) -> int:
        return self.wall * 10**9

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        step("sleep")
