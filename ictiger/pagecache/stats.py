import json
import os
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from .store import INVENTORY_FILE, TALLIES, Store, list_folder, replace_file

COUNTER_LIFETIME = 7 * 86_400.0  # seconds


class HitCounter:
    """How often this process found pages, and how often not. Added up over all processes from files."""

    def __init__(self, store: Store) -> None:
        self.folder = os.path.join(store.root, TALLIES)
        self.file = os.path.join(self.folder, uuid4().hex.encode())
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._written: Counter[str] = Counter()

    def count(self, what: str, number: int = 1) -> None:
        with self._lock:
            self._counts[what] += number

    def so_far(self, what: str) -> int:
        return self._counts[what]

    def write(self) -> None:
        """Tell the others, if there is news."""
        with self._lock:
            counts = self._counts.copy()
        if counts != self._written:
            os.makedirs(self.folder, exist_ok=True)
            with open(self.file + b".new", "w") as opened:
                json.dump(counts, opened)
            os.rename(self.file + b".new", self.file)
            self._written = counts


def hit_counters(store: Store) -> Counter[str]:
    """What all processes of the last week have counted."""
    total: Counter[str] = Counter()
    for file in list_folder(os.path.join(store.root, TALLIES)):
        with suppress(OSError, ValueError), open(file) as opened:
            total.update(json.load(opened))
    return total


def hit_totals(counts: Counter[str]) -> int:
    """How many pages readers asked the processes for. What a file server in front has served is in its own log."""
    return counts["hits"] + counts["stored"] + counts["unstored"]


def _write_inventory(store: Store, number: int, size: int) -> None:
    """Write down how much there is: to count anew whenever somebody asks would take longer than the answer is worth."""
    with suppress(OSError):  # of a full disk
        replace_file(
            Path(os.fsdecode(store.root)) / INVENTORY_FILE.decode(),
            json.dumps({"pages": number, "bytes": size, "at": time.time()}).encode(),
        )


def inventory(store: Store) -> dict[str, float]:
    """`pages`, `bytes` on disk and the time (`at`, seconds of the epoch) of the last count; empty before the first."""
    try:
        return json.loads((Path(os.fsdecode(store.root)) / INVENTORY_FILE.decode()).read_bytes())
    except (OSError, ValueError):
        return {}
