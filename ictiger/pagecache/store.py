"""The page store: public pages as files, and the protocol that keeps them fresh.

    <root>/<release>/<path>/index.html, index.html.gz     pages; for feeds index.atom, index.atom.gz. A file server may serve these
    <root>/timed/<release>/<path>/…                       pages of bounded life: 16 bytes of deadline, then the page. Not for file servers
    <root>/leases/<release>/<path>/<uuid>.html, .gz       permissions to store what is being rendered now
    <root>/locks/<n>  trash/<uuid>  tallies/  boot  stock    one render at a time; trees on their way out; see upkeep.py

Files appear by rename and are never written in place, so that a reader sees a whole page or none. A renderer makes its leases *before* its
first query, and whoever changes the database unlinks them *after* COMMIT: what was rendered from older rows finds no lease to store it by.
"""

import errno
import fcntl
import gzip
import logging
import os
import re
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from uuid import uuid4

from django.conf import settings

from .build_id import build_id
from .invalidation import WHOLE_SITE

logger = logging.getLogger("ictiger.delivery")

ENDINGS = (b"html", b"atom")
FILES = tuple(
    b"index." + ending + packing for ending in ENDINGS for packing in (b"", b".gz")
)  # plain first: readers go by it
TIMED, LEASES, LOCKS, TRASH, TALLIES, BOOT = b"timed", b"leases", b"locks", b"trash", b"tallies", b"boot"
INVENTORY_FILE = b"stock"
INTERNAL_NAMES = frozenset([TIMED, LEASES, LOCKS, TRASH, TALLIES, BOOT, INVENTORY_FILE])
STRIPES = 256
DEADLINE_BYTES = 16  # milliseconds since 1970 in 15 digits, and a line's end

# A page's path: segments without dots, spaces, controls, percent signs or backslashes, closed by a slash. In bytes, as files have it.
STORABLE = re.compile(rb"/(?:[^/.\x00-\x20\x7f%\\]{1,255}/)*")
BUILD_ID_PATTERN = re.compile(rb"[\w-]+")
MAX_PATH_LENGTH = 1_024
MAX_CACHED_PAGES = 16 * 1024**2  # bytes of pages that a process keeps in memory


class PurgeFailed(RuntimeError):
    """Pages older than the database could not be taken away. The write must not be answered as if they had been."""


class Page(NamedTuple):
    """A page as it is sent: `ending` tells its type, `etag` is that of exactly these bytes."""

    ending: bytes
    body: bytes
    etag: str
    compressed: bool


class Rendered(NamedTuple):
    """A page that has just been rendered, in both forms. `until` is the end of its life in seconds since 1970, or None."""

    plain: Page
    compressed: Page
    stamp: int
    until: float | None


class Lease(NamedTuple):
    """Two empty files, one for each that is to be stored. Whoever purges the path unlinks them."""

    path: bytes
    folder: bytes
    plain: bytes
    compressed: bytes


def is_storable_path(path: bytes) -> bool:
    """Whether a page may be kept at this path, which is UTF-8 and not percent-encoded."""
    return len(path) <= MAX_PATH_LENGTH and STORABLE.fullmatch(path) is not None


def compress_page(ending: bytes, body: bytes, until: float | None = None) -> Rendered:
    """Compress a page, and stamp it with its content's hash: the file's mtime, and with its size the ETag.

    nginx makes its ETag of the same two numbers in the same way; so both say the same of one file. 31 bits: every file system takes them.
    """
    compressed = gzip.compress(body, 6, mtime=0)
    stamp = int.from_bytes(blake2b(body, digest_size=4).digest(), "big") >> 1
    return Rendered(_page(ending, body, stamp, False), _page(ending, compressed, stamp, True), stamp, until)


def _page(ending: bytes, body: bytes, stamp: int, compressed: bool) -> Page:
    return Page(ending, body, f'"{stamp:x}-{len(body):x}"', compressed)


class Store:
    """One store on disk, seen from one release. Every method may be called by many processes and threads at once."""

    def __init__(self, root: str | Path, release: str) -> None:
        self.root = os.path.abspath(os.fspath(root)).encode()
        self.release = release.encode()
        if self.release in INTERNAL_NAMES or not BUILD_ID_PATTERN.fullmatch(self.release):
            raise ValueError(f"{release!r} cannot name a release")
        self.pages = self.subtree(b"", self.release)
        self.timed = self.subtree(TIMED, self.release)
        self.leases = self.subtree(LEASES, self.release)
        self._remembered: dict[bytes, tuple[tuple, Page]] = {}
        self._remembered_bytes = 0

    def subtree(self, kind: bytes, release: bytes) -> bytes:
        return os.path.join(self.root, kind, release)

    # --- reading ---------------------------------------------------------------------------------------------------------------------

    def find(self, path: bytes, *, compressed: bool) -> Page | None:
        """The page kept at a storable path, if there is one. Whatever is wrong with the disk: there is none."""
        packing = b".gz" if compressed else b""
        for ending in ENDINGS:
            page = self._page_in(self.pages + path + b"index." + ending + packing, ending, compressed)
            if page is not None:
                return page
        for ending in ENDINGS:
            found = _read(self.timed + path + b"index." + ending + packing)
            if found is not None and _is_before_deadline(found[0]):
                return _page(ending, found[0][DEADLINE_BYTES:], int(found[1].st_mtime), compressed)
        return None

    def _page_in(self, file: bytes, ending: bytes, compressed: bool) -> Page | None:
        """The page in a file. The disk is asked each time whether the file is there and the same; its bytes are read once."""
        try:
            identity = _identity(os.stat(file))
        except OSError:
            return None
        remembered = self._remembered.get(file)
        if remembered is not None and remembered[0] == identity:
            return remembered[1]
        found = _read(file)
        if found is None:
            return None
        page = _page(ending, found[0], int(found[1].st_mtime), compressed)
        self._remember(file, _identity(found[1]), page)
        return page

    def _remember(self, file: bytes, identity: tuple, page: Page) -> None:
        self._remembered_bytes += len(page.body)
        if self._remembered_bytes > MAX_CACHED_PAGES:
            self._remembered.clear()
            self._remembered_bytes = len(page.body)
        self._remembered[file] = (identity, page)

    # --- storing ---------------------------------------------------------------------------------------------------------------------

    def lock(self, path: bytes) -> int | None:
        """Take the path's stripe without blocking: a descriptor to close when done, or None when somebody has it. OSError: no disk."""
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
        """Ask to store a page. To be called outside any transaction, before the first query of its rendering."""
        folder = self.leases + path
        name = uuid4().hex.encode()
        lease = Lease(path, folder, folder + name + b".html", folder + name + b".gz")
        for file in (lease.plain, lease.compressed):
            _create(folder, file)
        return lease

    def save(self, lease: Lease, page: Rendered) -> bool:
        """Store the page by its lease. False when the lease is gone, since the path was purged meanwhile. OSError: no disk."""
        subtree = self.pages if page.until is None else self.timed
        target = subtree + lease.path + b"index." + page.plain.ending
        head = b"" if page.until is None else b"%015d\n" % int(page.until * 1000)
        try:
            _write(lease.plain, head + page.plain.body, page.stamp)
            _write(lease.compressed, head + page.compressed.body, page.stamp)
            os.makedirs(subtree + lease.path, exist_ok=True)
            os.rename(lease.compressed, target + b".gz")
            os.rename(lease.plain, target)  # last: a file server goes by this one
        except FileNotFoundError:
            return False
        return True

    def release_lease(self, lease: Lease) -> None:
        """Leave nothing of a lease behind: neither files nor folders that hold nothing else."""
        for file in (lease.plain, lease.compressed):
            _unlink_if_exists(file)
        remove_empty(lease.folder, self.leases)

    # --- purging ---------------------------------------------------------------------------------------------------------------------

    def purge(self, paths: Iterable[str]) -> None:
        """Take away what is kept at these paths (`/a/`) and trees (`/a/**`), in every release, and every permission to store there.

        When this returns, no reader who asks from now on gets a page from before the call. PurgeFailed: some may.
        """
        wanted = {unquote(path) for path in paths}
        try:
            for release in self.releases():
                for path in wanted:
                    self._purge(path, release)
        except OSError:
            logger.exception("purge of %s failed: putting every page away", self.root)
            self._put_root_away()

    def _purge(self, path: str, release: bytes) -> None:
        if path == WHOLE_SITE:
            self._put_away(b"", release)
        elif path.endswith("/**") and is_storable_path(path[:-2].encode()):
            self._put_away(path[:-3].encode(), release)
        elif is_storable_path(path.encode()):
            self._purge_page(path.encode(), release)

    def _purge_page(self, path: bytes, release: bytes) -> None:
        """Leases first: from here on nothing rendered before can be stored. Then the plain file, by which readers go, then the other.

        The disk is asked for the folder first: of most pages nothing was stored since the last purge of their tree, if ever.
        """
        for file in _files_in(self.subtree(LEASES, release) + path):
            _unlink_if_exists(file)
        for kind in (b"", TIMED):
            folder = self.subtree(kind, release) + path
            for name in FILES if _is_there(folder) else ():
                _unlink_if_exists(folder + name)

    def _put_away(self, path: bytes, release: bytes) -> None:
        """Rename a tree away: its leases first, then its pages.

        The leases in it are also unlinked before the pages move. A rename that looked up the lease's folder before it moved, and the page's
        folder only after that was moved and made anew, would otherwise still store an old page in the new folder.
        """
        leases = self.subtree(LEASES, release) + path
        moved = self._to_trash(leases)
        if moved is None:
            _unlink_all(leases)
        else:
            with suppress(OSError):  # it is out of the way already
                _unlink_all(moved)
        for kind in (b"", TIMED):
            pages = self.subtree(kind, release) + path
            if self._to_trash(pages) is None:
                _unlink_all(pages)

    def _to_trash(self, tree: bytes) -> bytes | None:
        """Rename a tree into the trash, where the sweep deletes it. None: there is none, or no room there for its name."""
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

    def _put_root_away(self) -> None:
        try:
            for release in self.releases():
                self._put_away(b"", release)
        except OSError as error:
            raise PurgeFailed(f"{self.root.decode()}: {error}") from error

    def releases(self) -> set[bytes]:
        """Every release that keeps pages here, or is about to."""
        names = (
            set().union(*(_names_in(os.path.join(self.root, kind)) for kind in (b"", TIMED, LEASES)))
            - INTERNAL_NAMES
        )
        return {
            name for name in names if BUILD_ID_PATTERN.fullmatch(name)
        }  # a disk of its own has a lost+found, which is not ours

    def forget_release(self) -> None:
        """Forget every page of this release."""
        self._put_away(b"", self.release)

    def clear(self) -> None:
        """Forget every page of every release."""
        self.purge([WHOLE_SITE])


def get_store() -> Store:
    """The store that the settings name, for this release. To be asked for only where PAGE_STORE is on."""
    return Store(settings.PAGE_STORE, build_id())


def purge_store(paths: Iterable[str]) -> None:
    """The store's part in a purge (settings.PAGE_KEEPERS)."""
    get_store().purge(paths)


# --- files ---------------------------------------------------------------------------------------------------------------------------


def _read(file: bytes) -> tuple[bytes, os.stat_result] | None:
    """A file's bytes, and what the disk says of it."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
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
    """What no two files have in common: with the inode alone, a new file in the place of an old one could pass for it."""
    return status.st_ino, status.st_ctime_ns, status.st_mtime_ns, status.st_size


def _is_before_deadline(body: bytes) -> bool:
    """Whether the deadline that a timed file begins with is still to come."""
    deadline = body[:DEADLINE_BYTES].strip()
    return deadline.isdigit() and time.time() * 1000 < int(deadline)


def _create(folder: bytes, file: bytes) -> None:
    """Create an empty file that must not exist. Its folder may be missing, or be cleared away between two steps."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    for _attempt in range(3):
        try:
            os.close(os.open(file, flags, 0o644))
            return
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
    os.close(os.open(file, flags, 0o644))


def _write(file: bytes, body: bytes, stamp: int) -> None:
    """Fill a file that must exist, and give it the mtime `stamp`. Its atime stays the time of storing, which eviction goes by."""
    with open(os.open(file, os.O_WRONLY | os.O_CLOEXEC), "wb") as opened:
        opened.write(body)
        opened.flush()
        os.utime(opened.fileno(), ns=(time.time_ns(), stamp * 1_000_000_000))


def _is_there(folder: bytes) -> bool:
    """Whether there is such a folder. OSError: nobody knows."""
    try:
        os.stat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _unlink_if_exists(file: bytes) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(file)


def _unlink_all(tree: bytes) -> None:
    """Every file in a tree, plain forms before compressed ones. OSError: some may be there still."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise error

    for folder, _folders, files in os.walk(tree, onerror=refuse):
        for file in sorted(files):
            _unlink_if_exists(os.path.join(folder, file))


def _names_in(folder: bytes) -> set[bytes]:
    try:
        return set(os.listdir(folder))
    except FileNotFoundError:
        return set()


def _files_in(folder: bytes) -> list[bytes]:
    """The files right in a folder, without the folders, which are those of paths below."""
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if not entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def remove_empty(folder: bytes, top: bytes) -> None:
    """Remove a folder, and those above it below `top`, as far as they are empty."""
    folder = folder.rstrip(b"/")
    while len(folder) > len(top):
        try:
            os.rmdir(folder)
        except OSError as error:
            if error.errno != errno.ENOENT:
                return
        folder = os.path.dirname(folder)


def replace_file(file: Path, content: bytes) -> None:
    """Put a file in place whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{uuid4().hex}")
    fresh.write_bytes(content)
    fresh.rename(file)


def list_folder(folder: bytes) -> list[bytes]:
    with suppress(FileNotFoundError):
        return [os.path.join(folder, name) for name in os.listdir(folder)]
    return []
