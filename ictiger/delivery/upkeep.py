"""What the page store needs beside serving: bounded disk, an empty trash, figures of its use, and a clean start after a crash."""

import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from .store import BOOT, FILES, LEASES, STOCK, TALLIES, TIMED, TRASH, Store, remove_empty

LEASE_LIVES = 600.0  # seconds; longer than any render: whoever made it was killed
TALLY_LIVES = 7 * 86_400.0  # seconds
EVICT_DOWN_TO = 0.9  # of the limit
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Kept(NamedTuple):
    """A page in the store. `used` is the last time at which it is known to have been stored or read."""

    path: str
    file: bytes
    size: int  # bytes on disk, both forms
    used: float
    release: str
    timed: bool


class Tally:
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


def tallies(store: Store) -> Counter[str]:
    """What all processes of the last week have counted."""
    total: Counter[str] = Counter()
    for file in _listed(os.path.join(store.root, TALLIES)):
        with suppress(OSError, ValueError), open(file) as opened:
            total.update(json.load(opened))
    return total


def asked_for(counts: Counter[str]) -> int:
    """How many pages readers asked the processes for. What a file server in front has served is in its own log."""
    return counts["hits"] + counts["stored"] + counts["unstored"]


def pages(store: Store) -> Iterator[Kept]:
    """Every page on disk, of every release, past its time or not."""
    for release in sorted(store.releases()):
        for kind in (b"", TIMED):
            shelf = store.shelf(kind, release)
            for folder, folders, files in os.walk(shelf):
                folders.sort()
                kept = _kept(shelf, folder, files, release.decode(), bool(kind))
                if kept is not None:
                    yield kept


def _kept(shelf: bytes, folder: bytes, files: list[bytes], release: str, timed: bool) -> Kept | None:
    size, used, plain = 0, 0.0, None
    for name in sorted(set(files) & set(FILES)):
        with suppress(FileNotFoundError):
            status = os.stat(os.path.join(folder, name))
            size += status.st_blocks * 512
            used = max(used, status.st_atime, status.st_ctime)
            plain = plain or os.path.join(folder, name.removesuffix(b".gz"))
    path = folder.removeprefix(shelf).decode(errors="replace") + "/"
    return Kept(path, plain, size, used, release, timed) if plain else None


def evict(store: Store, limit: int) -> int:
    """Take pages away until they fill less than `limit` bytes: those of other releases first, then those unused for longest.

    Returns the number of pages taken. The disk notes a page's reads roughly (once a day, and none from a process's memory) or not at all:
    then the oldest stored go first. What goes too early is rendered again.
    """
    kept = list(pages(store))
    size = sum(page.size for page in kept)
    if size <= limit:
        _note_stock(store, len(kept), size)
        return 0
    gone = 0
    for page in sorted(kept, key=lambda page: (page.release.encode() == store.release, page.used)):
        if size <= limit * EVICT_DOWN_TO:
            break
        _remove(page, store)
        size -= page.size
        gone += 1
    _note_stock(store, len(kept) - gone, size)
    return gone


def _note_stock(store: Store, number: int, size: int) -> None:
    """Write down how much there is: to count anew whenever somebody asks would take longer than the answer is worth."""
    with suppress(OSError):  # of a full disk
        _replace(Path(os.fsdecode(store.root)) / STOCK.decode(), json.dumps({"pages": number, "bytes": size, "at": time.time()}).encode())


def stock(store: Store) -> dict[str, float]:
    """`pages`, `bytes` on disk and the time (`at`, seconds of the epoch) of the last count; empty before the first."""
    try:
        return json.loads((Path(os.fsdecode(store.root)) / STOCK.decode()).read_bytes())
    except (OSError, ValueError):
        return {}


def _replace(file: Path, content: bytes) -> None:
    """Put a file in place whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{uuid4().hex}")
    fresh.write_bytes(content)
    fresh.rename(file)


def _remove(page: Kept, store: Store) -> None:
    for file in (page.file, page.file + b".gz"):
        with suppress(FileNotFoundError):
            os.unlink(file)
    remove_empty(os.path.dirname(page.file), store.shelf(TIMED if page.timed else b"", page.release.encode()))


def empty_trash(store: Store) -> None:
    for tree in _listed(os.path.join(store.root, TRASH)):
        shutil.rmtree(tree, ignore_errors=True)


def drop_orphans(store: Store, now: float | None = None) -> None:
    """What renderers that were killed have left (leases, and pages without their plain form), and tallies of processes long gone."""
    now = now or time.time()
    for folder, _folders, files in os.walk(os.path.join(store.root, LEASES)):
        _unlink_older(folder, files, now - LEASE_LIVES)
    for page in pages(store):
        _drop_half(page, now - LEASE_LIVES)
    tallied = os.path.join(store.root, TALLIES)
    _unlink_older(tallied, [os.path.basename(file) for file in _listed(tallied)], now - TALLY_LIVES)


def _drop_half(page: Kept, moment: float) -> None:
    """A page that has its compressed form alone is as fresh as any, but a file server would leave it to us for ever."""
    half = page.file + b".gz"
    with suppress(FileNotFoundError):
        if not os.path.exists(page.file) and os.stat(half).st_ctime < moment:
            os.unlink(half)


def _unlink_older(folder: bytes, names: list[bytes], moment: float) -> None:
    for file in (os.path.join(folder, name) for name in names):
        with suppress(FileNotFoundError):
            if os.stat(file).st_mtime < moment:
                os.unlink(file)


def begin(store: Store) -> None:
    """Forget every page if the machine has started anew since they were stored.

    Files are not forced to disk, neither when they appear nor when they go: after a power cut a purged page may be back, or half a page.
    """
    try:
        boot = BOOT_ID.read_bytes()
    except OSError:
        return  # not Linux: nothing tells one start from the next
    file = Path(os.fsdecode(store.root)) / BOOT.decode()
    if file.is_file() and file.read_bytes() == boot:
        return
    store.clear()
    _replace(file, boot)


def _listed(folder: bytes) -> list[bytes]:
    with suppress(FileNotFoundError):
        return [os.path.join(folder, name) for name in os.listdir(folder)]
    return []
