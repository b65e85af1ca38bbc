"""Upkeep of the page store.

Bounds its size, empties the trash, deletes what killed processes left, and clears it after a reboot.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .maintenance_files import list_folder, replace_file
from .stats import COUNTER_LIFETIME, write_inventory
from .store import BOOT, COUNTERS, FILES, LEASES, TIMED, TRASH, Store, remove_empty_folders

LEASE_LIFETIME = 600.0  # seconds; longer than any render, so the renderer of an older lease was killed
EVICTION_TARGET = 0.9  # of the limit
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class StoredPage(NamedTuple):
    """A page in the store.

    `used` is the last time at which it was stored or, as far as the disk notes it, read.
    """

    path: str
    file: bytes
    size: int  # bytes on disk, both forms
    used: float
    release: str
    timed: bool


def stored_pages(store: Store) -> Iterator[StoredPage]:
    """Every page on disk, of every release, expired or not."""
    for release in sorted(store.releases()):
        for kind in (b"", TIMED):
            subtree = store.subtree(kind, release)
            for folder, folders, files in os.walk(subtree):
                folders.sort()
                page = _stored_page(subtree, folder, files, release.decode(), bool(kind))
                if page is not None:
                    yield page


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
    """Remove pages if they fill more than `limit` bytes: those of other releases first, then the least
    recently used.

    Returns how many were removed. Disks note reads roughly (once a day, and none from a process's memory) or
    not at all; then the pages that were stored first go first. A page that goes too early is rendered again.
    """
    pages = list(stored_pages(store))
    size = sum(page.size for page in pages)
    if size <= limit:
        write_inventory(store, len(pages), size)
        return 0
    evicted = 0
    for page in sorted(pages, key=lambda page: (page.release.encode() == store.release, page.used)):
        if size <= limit * EVICTION_TARGET:
            break
        _remove_page(page, store)
        size -= page.size
        evicted += 1
    write_inventory(store, len(pages) - evicted, size)
    return evicted


def _remove_page(page: StoredPage, store: Store) -> None:
    for file in (page.file, page.file + b".gz"):
        with suppress(FileNotFoundError):
            os.unlink(file)
    subtree = store.subtree(TIMED if page.timed else b"", page.release.encode())
    remove_empty_folders(os.path.dirname(page.file), subtree)


def empty_trash(store: Store) -> None:
    """Delete the trees that purges renamed away."""
    for tree in list_folder(os.path.join(store.root, TRASH)):
        shutil.rmtree(tree, ignore_errors=True)


def drop_orphans(store: Store, now: float | None = None) -> None:
    """Delete what killed renderers left (leases, pages without their plain form), and old counters."""
    now = now or time.time()
    for folder, _folders, files in os.walk(os.path.join(store.root, LEASES)):
        _unlink_older(folder, files, now - LEASE_LIFETIME)
    for page in stored_pages(store):
        _drop_incomplete(page, now - LEASE_LIFETIME)
    counters = os.path.join(store.root, COUNTERS)
    names = [os.path.basename(path) for path in list_folder(counters)]
    _unlink_older(counters, names, now - COUNTER_LIFETIME)


def _drop_incomplete(page: StoredPage, oldest: float) -> None:
    """Delete a page that has its compressed form alone. It is fresh, but a file server never serves it."""
    compressed = page.file + b".gz"
    with suppress(FileNotFoundError):
        if not os.path.exists(page.file) and os.stat(compressed).st_ctime < oldest:
            os.unlink(compressed)


def _unlink_older(folder: bytes, names: list[bytes], oldest: float) -> None:
    for file in (os.path.join(folder, name) for name in names):
        with suppress(FileNotFoundError):
            if os.stat(file).st_mtime < oldest:
                os.unlink(file)


def invalidate_after_reboot(store: Store) -> None:
    """Remove every page if the machine has been started since they were stored.

    Files are not synced to disk, neither when they appear nor when they are unlinked: after a power cut a
    purged page may be back, or half of a page.
    """
    try:
        boot_id = BOOT_ID.read_bytes()
    except OSError:
        return  # not Linux: there is no way to tell
    marker = Path(os.fsdecode(store.root)) / BOOT.decode()
    if marker.is_file() and marker.read_bytes() == boot_id:
        return
    store.clear()
    replace_file(marker, boot_id)
