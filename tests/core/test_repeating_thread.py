"""RepeatingThread: repeated calls, errors, triggers, and its end."""

import logging
import threading
from collections.abc import Iterator
from queue import Queue

import pytest

from ictiger.core.repeating_thread import RepeatingThread

logger = logging.getLogger("ictiger.test")


@pytest.fixture
def threads() -> Iterator[list[RepeatingThread]]:
    """Threads that are stopped at the end of the test."""
    started: list[RepeatingThread] = []
    yield started
    for thread in started:
        thread.stop()


def test_first_call_precedes_the_repeated_ones(threads):
    calls: Queue[str] = Queue()
    thread = RepeatingThread(
        "test", lambda: calls.put("repeated"), first=lambda: calls.put("first"), interval=0.001, logger=logger
    )
    threads.append(thread)
    thread.start()
    assert [calls.get(timeout=5) for _call in range(3)] == ["first", "repeated", "repeated"]


def test_started_thread_is_not_started_twice(threads):
    calls: Queue[threading.Thread] = Queue()
    thread = RepeatingThread(
        "test", lambda: calls.put(threading.current_thread()), interval=0.001, logger=logger
    )
    threads.append(thread)
    for _start in range(2):
        thread.start()
    assert len({calls.get(timeout=5) for _call in range(10)}) == 1


def test_trigger_leads_to_one_call(threads):
    calls: Queue[int] = Queue()
    trigger = threading.Event()
    thread = RepeatingThread("test", lambda: calls.put(1), interval=0.001, trigger=trigger, logger=logger)
    threads.append(thread)
    thread.start()
    assert thread.wait_for_first(5)
    assert calls.empty()
    for _call in range(2):
        trigger.set()
        assert calls.get(timeout=5) == 1
        assert calls.empty()


def test_error_pause_logs_each_error(threads, caplog):
    calls: Queue[int] = Queue()

    def fail() -> None:
        calls.put(1)
        raise RuntimeError("no database")

    thread = RepeatingThread("test", fail, interval=60.0, error_pause=0.001, logger=logger)
    threads.append(thread)
    thread.start()
    for _call in range(4):
        assert calls.get(timeout=5)
    assert caplog.text.count("test failed") >= 3


def test_recovery_after_a_series_of_errors_is_logged(threads, caplog):
    calls: Queue[int] = Queue()
    errors = [RuntimeError("one"), RuntimeError("two")]

    def fail_twice() -> None:
        calls.put(1)
        if errors:
            raise errors.pop()

    thread = RepeatingThread("test", fail_twice, interval=0.001, logger=logger)
    threads.append(thread)
    thread.start()
    for _call in range(4):
        assert calls.get(timeout=5)
    assert (caplog.text.count("test failed"), caplog.text.count("test works again")) == (1, 1)


def test_stop_event_that_is_set_prevents_every_call():
    calls: list[int] = []
    stop = threading.Event()
    stop.set()
    thread = RepeatingThread("test", lambda: calls.append(1), interval=0.0, stop_event=stop, logger=logger)
    thread.start()
    thread.join(5)
    assert (calls, thread.is_alive()) == ([], False)


def test_run_once_makes_the_first_call_in_the_callers_thread():
    calls: list[threading.Thread] = []
    thread = RepeatingThread(
        "test", lambda: calls.append(threading.current_thread()), interval=0.0, logger=logger
    )
    thread.run_once()
    assert calls == [threading.current_thread()]
    assert thread.wait_for_first(0)
    assert not thread.is_alive()
