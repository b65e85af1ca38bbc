"""Processes for work that keeps a core busy. Imports no models: Django is set up in each process first."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread

import django


def process_pool(processes: int) -> ProcessPoolExecutor:
    """A pool whose processes have Django and connections of their own, and end when this process ends."""
    return ProcessPoolExecutor(processes, get_context("spawn"), _set_up)


def _set_up() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends the pool
    Thread(target=_end_with_parent, daemon=True).start()
    django.setup()


def _end_with_parent() -> None:
    """End this process when its parent was killed: otherwise it waits for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
