"""The page store: public pages as files, and the protocol that keeps them fresh.

    <root>/<release>/<path>/index.html, .html.gz    pages; index.atom for feeds. A file server may serve them.
    <root>/timed/<release>/<path>/…                  pages that expire: 16 bytes of deadline, then the page.
                                                     Not for a file server, which knows no clock.
    <root>/leases/<release>/<path>/<uuid>.html, .gz  permissions to store what is being rendered
    <root>/locks/<n>                                 one render at a time
    <root>/trash/<uuid>                              trees that were renamed away, to be deleted
    <root>/tallies/  boot  stock                     see maintenance.py and stats.py

Files appear by rename and are never written in place, so a reader sees a whole page or none. A renderer makes
its leases *before* its first query, and a writer unlinks them *after* COMMIT: what was rendered from older
rows finds no lease by which it could be stored.
"""

import errno
import fcntl
import logging
import os
import re
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from uuid import uuid4

from django.conf import settings

from .build_id import build_id
from .invalidation import WHOLE_SITE
from .pages import Page, Rendered, is_storable_path, stamped_page

logger = logging.getLogger("ictiger.delivery")

ENDINGS = (b"html", b"atom")
# Plain files first: a reader who finds one may rely on the page.
FILES = tuple(b"index." + ending + suffix for ending in ENDINGS for suffix in (b"", b".gz"))
TIMED, LEASES, LOCKS, TRASH = b"timed", b"leases", b"locks", b"trash"
COUNTERS, BOOT, INVENTORY_FILE = b"tallies", b"boot", b"stock"
INTERNAL_NAMES = frozenset([TIMED, LEASES, LOCKS, TRASH, COUNTERS, BOOT, INVENTORY_FILE])
STRIPES = 256  # lock files; the paths of one stripe share a lock
DEADLINE_BYTES = 16  # milliseconds since 1970 in 15 digits, and a line end
BUILD_ID_PATTERN = re.compile(rb"[\w-]+")
MAX_CACHED_PAGES = 16 * 1024**2  # bytes of pages that a process holds in memory


def page_file(subtree: bytes, path: bytes, ending: bytes) -> bytes:
    """The file of the page at a URL's path; with `.gz` appended, its compressed form."""
    return subtree + path + b"index." + ending


class PurgeFailed(RuntimeError):
    """Pages older than the database could not be removed.

    The write must not be answered as if they had been.
    """


class Lease(NamedTuple):
    """Two empty files, one for each form of a page that is to be stored. A purge of the path unlinks them."""

    path: bytes
    folder: bytes
    plain: bytes
    compressed: bytes


class Store:
    """One store on disk, as one release sees it.

    Many processes and threads may call its methods at the same time.
    """

    def __init__(self, root: str | Path, release: str) -> None:
        self.root = os.path.abspath(os.fspath(root)).encode()
        self.release = release.encode()
        if self.release in INTERNAL_NAMES or not BUILD_ID_PATTERN.fullmatch(self.release):
            raise ValueError(f"{release!r} cannot name a release")
        self.pages = self.subtree(b"", self.release)
        self.timed = self.subtree(TIMED, self.release)
        self.leases = self.subtree(LEASES, self.release)
        self._cached: dict[bytes, tuple[tuple, Page]] = {}
        self.cached_bytes = 0  # of the pages in memory

    def subtree(self, kind: bytes, release: bytes) -> bytes:
        """The folder of a release's pages (`kind` b""), timed pages (TIMED) or leases (LEASES)."""
        return os.path.join(self.root, kind, release)

    def find(self, path: bytes, *, compressed: bool) -> Page | None:
        """The page stored at a storable path. None if there is none or the disk fails."""
        suffix = b".gz" if compressed else b""
        for ending in ENDINGS:
            page = self._cached_page(page_file(self.pages, path, ending) + suffix, ending, compressed)
            if page is not None:
                return page
        for ending in ENDINGS:
            file = _read_file(page_file(self.timed, path, ending) + suffix)
            if file is not None and _is_before_deadline(file[0]):
                body, stamp = file[0][DEADLINE_BYTES:], int(file[1].st_mtime)
                return stamped_page(ending, body, stamp, compressed=compressed)
        return None

    def _cached_page(self, path: bytes, ending: bytes, compressed: bool) -> Page | None:
        """The page in a file.

        Each call checks that the file is still there and unchanged; its bytes are read once.
        """
        try:
            identity = _identity(os.stat(path))
        except OSError:
            return None
        cached = self._cached.get(path)
        if cached is not None and cached[0] == identity:
            return cached[1]
        file = _read_file(path)
        if file is None:
            return None
        body, status = file
        page = stamped_page(ending, body, int(status.st_mtime), compressed=compressed)
        self._cache_page(path, _identity(status), page)
        return page

    def _cache_page(self, path: bytes, identity: tuple, page: Page) -> None:
        self.cached_bytes += len(page.body)
        if self.cached_bytes > MAX_CACHED_PAGES:
            self._cached.clear()
            self.cached_bytes = len(page.body)
        self._cached[path] = (identity, page)

    def lock(self, path: bytes) -> int | None:
        """Take the lock of the path's stripe without blocking (line 8 of the protocol).

        Returns a descriptor to close when done, or None when another renderer holds the lock. Raises OSError
        when the disk fails.
        """
        folder = os.path.join(self.root, LOCKS)
        name = os.path.join(folder, b"%d" % (zlib.crc32(path) % STRIPES))
        try:
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def lease(self, path: bytes) -> Lease:
        """Make a page's leases outside any transaction, before the first query (line 9 of the protocol)."""
        folder = self.leases + path
        name = uuid4().hex.encode()
        lease = Lease(path, folder, folder + name + b".html", folder + name + b".gz")
        for file in (lease.plain, lease.compressed):
            _create_file(folder, file)
        return lease

    def save(self, lease: Lease, page: Rendered) -> bool:
        """Store a page by its lease (line 10 of the protocol).

        False when the lease is missing, because the path was purged meanwhile. Raises OSError when the disk
        fails.
        """
        subtree = self.pages if page.until is None else self.timed
        target = page_file(subtree, lease.path, page.plain.ending)
        head = b"" if page.until is None else b"%015d\n" % int(page.until * 1000)
        try:
            _fill_file(lease.plain, head + page.plain.body, page.stamp)
            _fill_file(lease.compressed, head + page.compressed.body, page.stamp)
            os.makedirs(subtree + lease.path, exist_ok=True)
            os.rename(lease.compressed, target + b".gz")
            os.rename(lease.plain, target)  # last: a file server looks for the plain file
        except FileNotFoundError:
            return False
        return True

    def release_lease(self, lease: Lease) -> None:
        """Remove a lease's files, and folders that hold nothing else."""
        for file in (lease.plain, lease.compressed):
            _unlink_if_exists(file)
        remove_empty_folders(lease.folder, self.leases)

    def purge(self, paths: Iterable[str]) -> None:
        """Remove pages (`/a/`) and trees (`/a/**`) with all their leases, in every release (lines 4 to 6).

        After it returns, no reader gets a page from before the call. Raises PurgeFailed when some may.
        """
        unquoted = {unquote(path) for path in paths}
        try:
            for release in self.releases():
                for path in unquoted:
                    self._purge(path, release)
        except OSError:
            logger.exception("purge of %s failed: removing every page", self.root)
            self._move_root_to_trash()

    def _purge(self, path: str, release: bytes) -> None:
        if path == WHOLE_SITE:
            self._remove_tree(b"", release)
        elif path.endswith("/**") and is_storable_path(path[:-2].encode()):
            self._remove_tree(path[:-3].encode(), release)
        elif is_storable_path(path.encode()):
            self._purge_page(path.encode(), release)

    def _purge_page(self, path: bytes, release: bytes) -> None:
        """Unlink a page's leases, then its plain file, then its compressed one (line 4).

        Once the leases are unlinked, nothing that was rendered before can be stored. For most pages nothing
        was stored since the last purge of their tree, so the folder is checked first.
        """
        for file in _files_in(self.subtree(LEASES, release) + path):
            _unlink_if_exists(file)
        for kind in (b"", TIMED):
            folder = self.subtree(kind, release) + path
            for name in FILES if _folder_exists(folder) else ():
                _unlink_if_exists(folder + name)

    def _remove_tree(self, path: bytes, release: bytes) -> None:
        """Rename a tree away (line 5): its leases first, then its pages.

        The leases in it are also unlinked before the pages move. Otherwise a renderer that has opened the old
        folder of leases could still rename its lease into the folder of pages, if that is made anew
        meanwhile, and so store an old page.
        """
        leases = self.subtree(LEASES, release) + path
        moved = self._move_to_trash(leases)
        if moved is None:
            _unlink_tree(leases)
        else:
            with suppress(OSError):  # the tree is out of the way already
                _unlink_tree(moved)
        for kind in (b"", TIMED):
            pages = self.subtree(kind, release) + path
            if self._move_to_trash(pages) is None:
                _unlink_tree(pages)

    def _move_to_trash(self, tree: bytes) -> bytes | None:
        """Rename a tree into the trash, which the maintenance thread empties.

        None if there is no such tree, or the disk has no room for another name.
        """
        trash = os.path.join(self.root, TRASH)
        target = os.path.join(trash, uuid4().hex.encode())
        with suppress(OSError):
            try:
                os.rename(tree, target)
            except (FileNotFoundError, NotADirectoryError):
                if not os.path.lexists(tree):
                    return None
                os.makedirs(trash, exist_ok=True)
                os.rename(tree, target)
            return target
        return None

    def _move_root_to_trash(self) -> None:
        try:
            for release in self.releases():
                self._remove_tree(b"", release)
        except OSError as error:
            raise PurgeFailed(f"{self.root.decode()}: {error}") from error

    def releases(self) -> set[bytes]:
        """Every release that has pages or leases in the store."""
        names = set().union(*(_names_in(os.path.join(self.root, kind)) for kind in (b"", TIMED, LEASES)))
        # A store on a disk of its own contains lost+found, which is no release.
        return {name for name in names - INTERNAL_NAMES if BUILD_ID_PATTERN.fullmatch(name)}

    def forget_release(self) -> None:
        """Remove every page of this release."""
        self._remove_tree(b"", self.release)

    def clear(self) -> None:
        """Remove every page of every release."""
        self.purge([WHOLE_SITE])


def get_store() -> Store:
    """The store that the settings name, for this release. Call it only where PAGE_STORE is on."""
    return Store(settings.PAGE_STORE, build_id())


def purge_store(paths: Iterable[str]) -> None:
    """Purge paths from the store (one of settings.PAGE_CACHE_BACKENDS)."""
    get_store().purge(paths)


def _read_file(path: bytes) -> tuple[bytes, os.stat_result] | None:
    """A file's bytes and status; None if it is missing, empty or unreadable."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        body = os.read(descriptor, status.st_size)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return (body, status) if body and len(body) == status.st_size else None


def _identity(status: os.stat_result) -> tuple:
    """Figures that no two files share.

    The inode alone could be that of a new file in the place of an old one.
    """
    return status.st_ino, status.st_ctime_ns, status.st_mtime_ns, status.st_size


def _is_before_deadline(body: bytes) -> bool:
    """Whether the deadline at the start of a timed file is in the future."""
    deadline = body[:DEADLINE_BYTES].strip()
    return deadline.isdigit() and time.time() * 1000 < int(deadline)


def _create_file(folder: bytes, path: bytes) -> None:
    """Create an empty file that must not exist. Its folder may be missing, or be purged between two steps."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    for _attempt in range(3):
        try:
            os.close(os.open(path, flags, 0o644))
            return
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
    os.close(os.open(path, flags, 0o644))


def _fill_file(path: bytes, body: bytes, stamp: int) -> None:
    """Write a file that must exist, and set its mtime to `stamp`. Its atime is now: eviction goes by it."""
    with open(os.open(path, os.O_WRONLY | os.O_CLOEXEC), "wb") as file:
        file.write(body)
        file.flush()
        os.utime(file.fileno(), ns=(time.time_ns(), stamp * 1_000_000_000))


def _folder_exists(folder: bytes) -> bool:
    """Whether the folder exists. Raises OSError when the disk cannot tell."""
    try:
        os.stat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _unlink_if_exists(path: bytes) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(path)


def _unlink_tree(tree: bytes) -> None:
    """Unlink every file in a tree, plain ones before compressed ones. Raises OSError when some may remain."""

    def raise_error(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise error

    for folder, _folders, files in os.walk(tree, onerror=raise_error):
        for file in sorted(files):
            _unlink_if_exists(os.path.join(folder, file))


def _names_in(folder: bytes) -> set[bytes]:
    try:
        return set(os.listdir(folder))
    except FileNotFoundError:
        return set()


def _files_in(folder: bytes) -> list[bytes]:
    """The files directly in a folder. Its subfolders belong to other paths."""
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if not entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def remove_empty_folders(folder: bytes, top: bytes) -> None:
    """Remove a folder and its parents below `top`, as far as they are empty."""
    folder = folder.rstrip(b"/")
    while len(folder) > len(top):
        try:
            os.rmdir(folder)
        except OSError as error:
            if error.errno != errno.ENOENT:
                return
        folder = os.path.dirname(folder)
