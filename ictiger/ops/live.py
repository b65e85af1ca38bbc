"""The folder by which nginx finds the server that is live:

    <live>/<release>-<pid>/app.sock    where a server listens
    <live>/<release>-<pid>/pages       leads to the stored pages of its release
    <live>/current                     leads to one of these folders

One rename of `current` changes both at once, between two requests and without a reload of nginx. A server takes over as soon as it is
ready, from whichever was live: an upgrade starts the new one and then stops the old one, and so does the way back.

What one release writes, it purges in every release, but only where *its* code says that it shows. So nothing that was stored before is
kept when another release takes over, and when the old one has ended its last answer, everything is forgotten once more.

The folder must not outlive the machine's memory (/run): what is in the store after a power cut is swept before a server takes over.
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
MAX_SOCKET_PATH = 107  # bytes; of the kernel
POLL_INTERVAL = 0.05  # seconds
RETRY_INTERVAL = 2.0
SOCKET_MODE = 0o660  # the group, in which nginx must be


class CannotGoLive(RuntimeError):
    """There can be no such folder, or no socket in it."""


class LiveSlot:
    """One server's place in the folder `live`."""

    def __init__(self, live: str | Path) -> None:
        self.live = Path(live).absolute()
        self.folder = self.live / f"{build_id()}-{os.getpid()}"
        self.socket = self.folder / SOCKET_NAME
        if len(os.fsencode(self.socket)) > MAX_SOCKET_PATH:
            raise CannotGoLive(f"{self.socket} is too long for a socket: name a folder with a shorter path.")

    def prepare(self) -> None:
        """Make the place, and clear away those of servers that did not live to do so."""
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
            shutil.rmtree(self.folder, ignore_errors=True)  # of a process that had our number
            self.folder.mkdir()
            if settings.PAGE_STORE != "off":
                (self.folder / PAGES_NAME).symlink_to(os.fsdecode(get_store().pages))
        except OSError as error:
            raise CannotGoLive(f"{self.live}: {error.strerror}") from None

    def take_over_when(self, is_begun: Callable[[], bool]) -> None:
        """Take over in the background once the server's processes have begun and answer that they are ready."""
        threading.Thread(
            target=self._take_over_when, args=[is_begun], name="ictiger-take-over", daemon=True
        ).start()

    def _take_over_when(self, is_begun: Callable[[], bool]) -> None:
        while not (is_begun() and is_ready(self.socket)):
            time.sleep(POLL_INTERVAL)
        while not self._try_to_take_over():
            time.sleep(RETRY_INTERVAL)

    def _try_to_take_over(self) -> bool:
        try:
            self.take_over()
        except (
            Exception
        ):  # the database or the disk, whatever it is: it may pass, and until then nobody would be live
            logger.exception(
                "cannot take over; readers stay with the server that was live before. Trying again in %.0f s",
                RETRY_INTERVAL,
            )
            return False
        finally:
            connections.close_all()
        return True

    def take_over(self) -> None:
        """From here on nginx asks us, and serves our pages."""
        if settings.PAGE_STORE != "off":
            store = get_store()
            maintenance.invalidate_after_reboot(store)
            purge_leftovers(older_than=timedelta(0))
            if self._release_of_current() != build_id():
                store.forget_release()
        fresh = self.live / uuid4().hex
        fresh.symlink_to(self.folder.name)
        fresh.rename(self.live / CURRENT)
        logger.info("live: %s", self.folder.name)

    def leave(self) -> None:
        """The last answer is given. Whoever is live stays: without an heir our stored pages go on being served."""
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
    """Whether a server of this release is live and ready, now or in as many seconds."""
    current, deadline = Path(live) / CURRENT, time.monotonic() + within
    while True:
        with suppress(OSError):
            if os.readlink(current).rpartition("-")[0] == build_id() and is_ready(current / SOCKET_NAME):
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_INTERVAL)


def is_ready(server: Path) -> bool:
    """Whether the server that listens on this socket can serve."""
    connection = http.client.HTTPConnection("localhost", timeout=10)
    try:
        connection.sock = _connected(server)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_alive(place: Path) -> bool:
    """Whether the process is there whose place it is. It may not listen yet."""
    number = place.name.rpartition("-")[2]
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        pass
    return True


def _connected(server: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(10)
    try:
        line.connect(os.fspath(server))
    except OSError:
        line.close()
        raise
    return line
