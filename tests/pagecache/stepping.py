"""Actors that stop before every step, so that a test decides who goes next.

Each actor is a thread; at most one runs at any time. The store's calls of the operating system are its steps, and so are its waits.
A killed actor does nothing more: as with SIGKILL, not even what stands in `finally`, except that the kernel closes its files.
"""

import os
import threading
from collections.abc import Callable

PATIENCE = (
    10.0  # seconds of real time for one step; an actor that takes longer waits for somebody who cannot go on
)


class Killed(BaseException):
    """Ends a killed actor's thread."""


class Actor:
    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.result: object = None
        self.fault: BaseException | None = None
        self.done = self.dead = False
        self.before = ""  # the step that it will do next
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        _here.actor = self
        try:
            self.step()
            self.result = self.work()
        except Killed:
            pass
        except BaseException as fault:  # told by whoever drives the actor
            self.fault = fault
        self.done = True
        self._stopped.release()

    def step(self, name: str = "") -> None:
        """Called in the actor's thread before each step."""
        if self.dead:
            raise Killed
        self.before = name
        self._stopped.release()
        self._go.acquire()
        if self.dead:
            raise Killed

    def advance(self) -> None:
        """Let it do one step, up to the next."""
        if not self.done:
            self._wait()
            self._go.release()
            self._wait()
            self._stopped.release()
            if self.done:
                self._thread.join()
                if self.fault is not None:
                    raise self.fault

    def _wait(self) -> None:
        assert self._stopped.acquire(timeout=PATIENCE), f"it does not come back from the step {self.before!r}"

    def advance_to(self, name: str, at_most: int = 100) -> None:
        """Let it go on until that step is its next."""
        for _step in range(at_most):
            self.advance()
            if self.done or self.before == name:
                return

    def finish(self, at_most: int = 10_000) -> object:
        for _step in range(at_most):
            if self.done:
                return self.result
            self.advance()
        raise AssertionError("it does not come to an end")

    def kill(self) -> None:
        self.dead = True
        self.finish()


def in_time(work: Callable[[], object], seconds: float = 3.0) -> object:
    """What `work` returns, done in a thread of its own. One that waits for ever fails its test, and does not hold up the others."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert results, f"no answer within {seconds} seconds" if thread.is_alive() else "it failed"
    return results[0]


_here = threading.local()


def step(name: str = "") -> None:
    """A step of the actor whose thread this is; in any other thread nothing."""
    actor = getattr(_here, "actor", None)
    if actor is not None:
        actor.step(name)


class SteppingOs:
    """`os`, with a step before each call that others could notice."""

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
    """`time`, in which waiting is a step and moves a clock of its own. The clock on the wall stands until somebody moves it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.wall = 1_000_000

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return float(self.wall)

    def time_ns(self) -> int:
        return self.wall * 10**9

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        step("sleep")
