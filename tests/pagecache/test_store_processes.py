"""Real processes, real kills: no reader gets a page older than an answered write, and a killed writer's pages are purged in time."""

import http.client
import os
import random
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent.parent
SLUGS = "abc"
PURGED_WITHIN = (
    3.0  # seconds after a kill; the promise is two, the third is for a machine that has other work
)
SHOWN = re.compile(r"([abc])=(\d+)")


class House:
    """A few servers over one database and one store."""

    def __init__(self, folder: Path, number: int) -> None:
        self.environ = os.environ | {
            "STRESS_FOLDER": str(folder),
            "DJANGO_SETTINGS_MODULE": "tests.pagecache.stress.settings",
        }
        self.database = folder / "db.sqlite3"
        subprocess.run([*self._command, "--init"], env=self.environ, cwd=HERE, check=True, timeout=60)
        self.servers = [self._begin() for _server in range(number)]
        self.ports = [self._port(server) for server in self.servers]

    _command = (sys.executable, "-m", "tests.pagecache.stress.server")

    def _begin(self) -> subprocess.Popen:
        return subprocess.Popen(self._command, env=self.environ, cwd=HERE, stdout=subprocess.PIPE, text=True)

    def _port(self, server: subprocess.Popen) -> int:
        return int(server.stdout.readline())

    def kill_one(self) -> float:
        """Kill a server and begin another in its place. Returns when it died."""
        which = random.randrange(len(self.servers))
        self.servers[which].kill()
        self.servers[which].wait()
        died = time.monotonic()
        self.servers[which].stdout.close()
        self.servers[which] = self._begin()
        self.ports[which] = self._port(self.servers[which])
        return died

    def end(self) -> None:
        for server in self.servers:
            server.kill()
            server.wait()
            server.stdout.close()

    def get(self, path: str, port: int | None = None, **headers: str) -> dict[str, int]:
        """The versions that a page shows. OSError or HTTPException: its server is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", port or random.choice(self.ports), timeout=10)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read().decode()
        finally:
            connection.close()
        assert answer.status == 200, body[-500:]
        return {slug: int(version) for slug, version in SHOWN.findall(body)}

    def rows(self) -> dict[str, int]:
        with sqlite3.connect(self.database, timeout=20) as connection:
            found = dict(connection.execute("SELECT slug, version FROM stress_note"))
        connection.close()
        return found


class Witness:
    """Writers and readers, and what the readers were owed."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.owed: Counter[str] = Counter()
        self.stop = threading.Event()
        self.reads = self.writes = 0
        self.stale: list[str] = []
        self.faults: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._run, args=[work]) for work in [self._write] * 2 + [self._read] * 4
        ]

    def __enter__(self) -> "Witness":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *args) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, work) -> None:
        try:
            while not self.stop.is_set():
                with suppress(OSError, http.client.HTTPException):
                    work()
        except BaseException as fault:  # told in the test's own thread
            self.faults.append(fault)

    def _write(self) -> None:
        for slug, version in self.house.get(f"/write/{random.choice(SLUGS)}/").items():
            self.owe(slug, version)
            self.writes += 1
        time.sleep(0.01)

    def owe(self, slug: str, version: int) -> None:
        with threading.Lock():
            self.owed[slug] = max(self.owed[slug], version)

    def _read(self) -> None:
        path = random.choice(["/list/", *(f"/notes/{slug}/" for slug in SLUGS)])
        owed = dict(self.owed)
        for slug, version in self.house.get(path).items():
            if version < owed.get(slug, 0):
                self.stale.append(f"{path} shows {slug}={version}, owed {owed[slug]}")
        self.reads += 1


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"), 2)
    yield house
    house.end()


def test_no_stale_page_under_writers_and_readers(house):
    with Witness(house) as witness:
        time.sleep(3)
    assert not witness.faults
    assert witness.stale == []
    assert witness.reads > 50
    assert witness.writes > 10


def test_pages_of_killed_writers_are_purged_in_time(house):
    with Witness(house) as witness:
        for _kill in range(3):
            time.sleep(random.uniform(0.1, 0.5))
            died = house.kill_one()
            committed = house.rows()  # whatever the dead one committed is in here
            time.sleep(max(0.0, died + PURGED_WITHIN - 1 - time.monotonic()))
            time.sleep(1)
            for slug, version in committed.items():
                witness.owe(slug, version)
    assert not witness.faults
    assert witness.stale == []
    time.sleep(PURGED_WITHIN)
    rows = house.rows()
    for port in house.ports:
        for path in ("/list/", *(f"/notes/{slug}/" for slug in SLUGS)):
            shown = house.get(path, port)
            assert shown == {slug: rows[slug] for slug in shown}
