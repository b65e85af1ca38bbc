"""What the page store needs beside serving: bounded disk, an empty trash, figures of its use, and a clean start after a crash."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .stats import COUNTER_LIFETIME, _write_inventory
from .store import BOOT, FILES, LEASES, TALLIES, TIMED, TRASH, Store, list_folder, remove_empty, replace_file

LEASE_LIFETIME = 600.0  # seconds; longer than any render: whoever made it was killed
EVICTION_TARGET = 0.9  # of the limit
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class StoredPage(NamedTuple):
    """A page in the store. `used` is the last time at which it is known to have been stored or read."""

    path: str
    file: bytes
    size: int  # bytes on disk, both forms
    used: float
    release: str
    timed: bool


def stored_pages(store: Store) -> Iterator[StoredPage]:
    """Every page on disk, of every release, past its time or not."""
    for release in sorted(store.releases()):
        for kind in (b"", TIMED):
            subtree = store.subtree(kind, release)
            for folder, folders, files in os.walk(subtree):
                folders.sort()
                kept = _stored_page(subtree, folder, files, release.decode(), bool(kind))
                if kept is not None:
                    yield kept


def _stored_page(
    subtree: bytes, folder: bytes, files: list[bytes], release: str, timed: bool
) -> StoredPage | None:
    size, used, plain = 0, 0.0, None
    for name in sorted(set(files) & set(FILES)):
        with suppress(FileNotFoundError):
            status = os.stat(os.path.join(folder, name))
            size += status.st_blocks * 512
            used = max(used, status.st_atime, status.st_ctime)
            plain = plain or os.path.join(folder, name.removesuffix(b".gz"))
    path = folder.removeprefix(subtree).decode(errors="replace") + "/"
    return StoredPage(path, plain, size, used, release, timed) if plain else None


def evict(store: Store, limit: int) -> int:
    """Take pages away until they fill less than `limit` bytes: those of other releases first, then those unused for longest.

    Returns the number of pages taken. The disk notes a page's reads roughly (once a day, and none from a process's memory) or not at all:
    then the oldest stored go first. What goes too early is rendered again.
    """
    kept = list(stored_pages(store))
    size = sum(page.size for page in kept)
    if size <= limit:
        _write_inventory(store, len(kept), size)
        return 0
    gone = 0
    for page in sorted(kept, key=lambda page: (page.release.encode() == store.release, page.used)):
        if size <= limit * EVICTION_TARGET:
            break
        _remove(page, store)
        size -= page.size
        gone += 1
    _write_inventory(store, len(kept) - gone, size)
    return gone


def _remove(page: StoredPage, store: Store) -> None:
    for file in (page.file, page.file + b".gz"):
        with suppress(FileNotFoundError):
            os.unlink(file)
    remove_empty(
        os.path.dirname(page.file), store.subtree(TIMED if page.timed else b"", page.release.encode())
    )


def empty_trash(store: Store) -> None:
    for tree in list_folder(os.path.join(store.root, TRASH)):
        shutil.rmtree(tree, ignore_errors=True)


def drop_orphans(store: Store, now: float | None = None) -> None:
    """What renderers that were killed have left (leases, and pages without their plain form), and tallies of processes long gone."""
    now = now or time.time()
    for folder, _folders, files in os.walk(os.path.join(store.root, LEASES)):
        _unlink_older(folder, files, now - LEASE_LIFETIME)
    for page in stored_pages(store):
        _drop_incomplete(page, now - LEASE_LIFETIME)
    tallied = os.path.join(store.root, TALLIES)
    _unlink_older(tallied, [os.path.basename(file) for file in list_folder(tallied)], now - COUNTER_LIFETIME)


def _drop_incomplete(page: StoredPage, moment: float) -> None:
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


def invalidate_after_reboot(store: Store) -> None:
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
    replace_file(file, boot)
