"""The folder in which nginx finds the live server:

    <live>/<release>-<pid>/app.sock    where a server listens
    <live>/<release>-<pid>/pages       symlink to the stored pages of its release
    <live>/current                     symlink to one of these folders

One rename of `current` switches socket and pages together, between two requests and without a reload of
nginx. A server takes over from the live one as soon as it is ready: an upgrade starts the new server and then
stops the old one, and so does going back.

A write purges the stored pages of every release, but only those that the *writing* release's code knows to
show it. So the pages stored before are dropped when another release takes over, and all pages once more when
the old server has sent its last response.

The folder must be on a file system that is lost on reboot (/run): the store is purged after a power cut
before a server takes over.
"""

import http.client
import logging
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import connections

from ictiger.pagecache import maintenance
from ictiger.pagecache.build_id import build_id
from ictiger.pagecache.purge import purge_leftovers
from ictiger.pagecache.store import get_store

logger = logging.getLogger("ictiger.deploy")

SOCKET_NAME, PAGES_NAME, CURRENT = "app.sock", "pages", "current"
MAX_SOCKET_PATH = 107  # bytes; the kernel's limit
POLL_INTERVAL = 0.05  # seconds
RETRY_INTERVAL = 2.0  # seconds
SOCKET_MODE = 0o660  # nginx connects as a member of the group


class CannotGoLive(RuntimeError):
    """The folder or the socket in it cannot be made."""


class LiveSlot:
    """One server's folder below `live`. Raises CannotGoLive when its path is too long for a socket."""

    def __init__(self, live: str | Path) -> None:
        self.live = Path(live).absolute()
        self.folder = self.live / f"{build_id()}-{os.getpid()}"
        self.socket = self.folder / SOCKET_NAME
        if len(os.fsencode(self.socket)) > MAX_SOCKET_PATH:
            raise CannotGoLive(f"{self.socket} is too long for a socket: name a folder with a shorter path.")

    def prepare(self) -> None:
        """Make the folder, and delete those of servers that were killed. Raises CannotGoLive."""
        try:
            self.live.mkdir(parents=True, exist_ok=True)
            for other in self.live.iterdir():
                if (
                    other.is_dir()
                    and not other.is_symlink()
                    and other != self._current()
                    and not _is_alive(other)
                ):
                    shutil.rmtree(other, ignore_errors=True)
            shutil.rmtree(self.folder, ignore_errors=True)  # of an earlier process with this id
            self.folder.mkdir()
            if settings.PAGE_STORE != "off":
                (self.folder / PAGES_NAME).symlink_to(os.fsdecode(get_store().pages))
        except OSError as error:
            raise CannotGoLive(f"{self.live}: {error.strerror}") from None

    def take_over_when(self, has_started: Callable[[], bool]) -> None:
        """Take over in a background thread once the server's processes have started and answer /readyz."""
        arguments = {"args": [has_started], "name": "ictiger-take-over", "daemon": True}
        threading.Thread(target=self._take_over_when, **arguments).start()

    def _take_over_when(self, has_started: Callable[[], bool]) -> None:
        while not (has_started() and is_socket_ready(self.socket)):
            time.sleep(POLL_INTERVAL)
        while not self._try_to_take_over():
            time.sleep(RETRY_INTERVAL)

    def _try_to_take_over(self) -> bool:
        try:
            self.take_over()
        except (
            Exception
        ):  # of the database or the disk: it may pass, and without another try no server would be live
            logger.exception(
                "cannot take over; readers stay with the server that was live before. Trying again in %.0f s",
                RETRY_INTERVAL,
            )
            return False
        finally:
            connections.close_all()
        return True

    def take_over(self) -> None:
        """Make nginx send its requests to this server, and serve this release's pages."""
        if settings.PAGE_STORE != "off":
            store = get_store()
            maintenance.invalidate_after_reboot(store)
            purge_leftovers(older_than=timedelta(0))
            if self._release_of_current() != build_id():
                store.forget_release()
        link = self.live / uuid4().hex
        link.symlink_to(self.folder.name)
        link.rename(self.live / CURRENT)
        logger.info("live: %s", self.folder.name)

    def leave(self) -> None:
        """Clean up after the last response.

        Without a successor the folder stays, so that nginx goes on serving its stored pages.
        """
        if self._current() == self.folder:
            return
        if settings.PAGE_STORE != "off" and self._release_of_current() != build_id():
            get_store().clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _current(self) -> Path | None:
        try:
            return self.live / os.readlink(self.live / CURRENT)
        except OSError:
            return None

    def _release_of_current(self) -> str | None:
        current = self._current()
        return current.name.rpartition("-")[0] if current else None


def wait_until_live(live: str | Path, within: float) -> bool:
    """Return whether a server of this release is live and ready, or becomes so `within` that many seconds."""
    current, deadline = Path(live) / CURRENT, time.monotonic() + within
    while True:
        with suppress(OSError):
            if os.readlink(current).rpartition("-")[0] == build_id() and is_socket_ready(
                current / SOCKET_NAME
            ):
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_INTERVAL)


def is_socket_ready(path: Path) -> bool:
    """Return whether a server listens on this socket and answers /readyz with 200."""
    connection = http.client.HTTPConnection("localhost", timeout=10)
    try:
        connection.sock = _connected(path)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_alive(folder: Path) -> bool:
    """Return whether the process of this folder runs. It may not listen yet."""
    pid = folder.name.rpartition("-")[2]
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        pass
    return True


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    try:
        connection.connect(os.fspath(path))
    except OSError:
        connection.close()
        raise
    return connection
