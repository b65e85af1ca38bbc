"""Figures of the page store's use: hits and misses of all processes, and how much is stored."""

import json
import os
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from .maintenance_files import list_folder, replace_file
from .store import COUNTERS, INVENTORY_FILE, Store

COUNTER_LIFETIME = 7 * 86_400.0  # seconds


class HitCounter:
    """Counts this process's hits and misses in a file of its own.

    `hit_counts()` adds up the files of all processes.
    """

    def __init__(self, store: Store) -> None:
        self.folder = os.path.join(store.root, COUNTERS)
        self.file = os.path.join(self.folder, uuid4().hex.encode())
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._written: Counter[str] = Counter()

    def count(self, name: str, number: int = 1) -> None:
        with self._lock:
            self._counts[name] += number

    def value(self, name: str) -> int:
        return self._counts[name]

    def write(self) -> None:
        """Write the file, if a count has changed."""
        with self._lock:
            counts = self._counts.copy()
        if counts != self._written:
            os.makedirs(self.folder, exist_ok=True)
            with open(self.file + b".new", "w") as file:
                json.dump(counts, file)
            os.rename(self.file + b".new", self.file)
            self._written = counts


def hit_counts(store: Store) -> Counter[str]:
    """The counts of all processes of the last week."""
    total: Counter[str] = Counter()
    for path in list_folder(os.path.join(store.root, COUNTERS)):
        with suppress(OSError, ValueError), open(path) as file:
            total.update(json.load(file))
    return total


def request_count(counts: Counter[str]) -> int:
    """How many pages were requested from our processes. A file server in front logs what it served itself."""
    return counts["hits"] + counts["stored"] + counts["unstored"]


def write_inventory(store: Store, pages: int, size: int) -> None:
    """Write down how many pages are stored and how many bytes they take.

    Counting them for each request would be slow.
    """
    inventory = {"pages": pages, "bytes": size, "at": time.time()}
    with suppress(OSError):  # a full disk
        replace_file(_inventory_path(store), json.dumps(inventory).encode())


def read_inventory(store: Store) -> dict[str, float]:
    """`pages`, `bytes` on disk and the time `at` (seconds since 1970) of the last count, or {}."""
    try:
        return json.loads(_inventory_path(store).read_bytes())
    except (OSError, ValueError):
        return {}


def _inventory_path(store: Store) -> Path:
    return Path(os.fsdecode(store.root)) / INVENTORY_FILE.decode()
