"""Real processes and real kills: no stale page after an answered write, and a killed writer's pages are
purged.

Random choices follow from a seed, which a failing test shows. The environment variable STRESS_SEED repeats
it.
"""

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

ROOT = Path(__file__).resolve().parent.parent.parent
SLUGS = "abc"
# Seconds after a kill. The promise is two; the third is for a machine that has other work.
PURGED_WITHIN = 3.0
VERSION = re.compile(r"([abc])=(\d+)")
SEED = int(os.environ.get("STRESS_SEED") or random.randrange(10**6))


class Cluster:
    """A few servers over one database and one store."""

    command = (sys.executable, "-m", "tests.pagecache.stress.server")

    def __init__(self, folder: Path, size: int) -> None:
        self.environ = os.environ | {
            "STRESS_FOLDER": str(folder),
            "DJANGO_SETTINGS_MODULE": "tests.pagecache.stress.settings",
        }
        self.database = folder / "db.sqlite3"
        self.random = random.Random(SEED)
        subprocess.run([*self.command, "--init"], env=self.environ, cwd=ROOT, check=True, timeout=60)
        self.servers = [self._start() for _server in range(size)]
        self.ports = [self._read_port(server) for server in self.servers]

    def _start(self) -> subprocess.Popen:
        return subprocess.Popen(self.command, env=self.environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def _read_port(self, server: subprocess.Popen) -> int:
        return int(server.stdout.readline())

    def kill_one(self) -> float:
        """Kill a server and start another in its place. Returns the time of its death."""
        index = self.random.randrange(len(self.servers))
        self.servers[index].kill()
        self.servers[index].wait()
        died_at = time.monotonic()
        self.servers[index].stdout.close()
        self.servers[index] = self._start()
        self.ports[index] = self._read_port(self.servers[index])
        return died_at

    def stop(self) -> None:
        for server in self.servers:
            server.kill()
            server.wait()
            server.stdout.close()

    def get(self, path: str, port: int, **headers: str) -> dict[str, int]:
        """The versions that a page shows. Raises OSError or HTTPException when its server was killed."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            body = response.read().decode()
        finally:
            connection.close()
        assert response.status == 200, body[-500:]
        return {slug: int(version) for slug, version in VERSION.findall(body)}

    def rows(self) -> dict[str, int]:
        with sqlite3.connect(self.database, timeout=20) as connection:
            rows = dict(connection.execute("SELECT slug, version FROM stress_note"))
        connection.close()
        return rows


class Load:
    """Writers and readers in threads, and the versions that readers must see."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.expected: Counter[str] = Counter()
        self.reads = self.writes = 0
        self.stale: list[str] = []
        self.errors: list[BaseException] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=[work, random.Random(f"{SEED} {number}")])
            for number, work in enumerate([self._write] * 2 + [self._read] * 4)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *args) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, work, rng: random.Random) -> None:
        try:
            while not self._stop.is_set():
                with suppress(OSError, http.client.HTTPException):
                    work(rng)
        except BaseException as error:  # asserted in the test's own thread
            self.errors.append(error)

    def _write(self, rng: random.Random) -> None:
        path = f"/write/{rng.choice(SLUGS)}/"
        for slug, version in self.cluster.get(path, rng.choice(self.cluster.ports)).items():
            self.expect(slug, version)
            with self._lock:
                self.writes += 1
        time.sleep(0.01)

    def expect(self, slug: str, version: int) -> None:
        """Readers who start from now on must see this version or a later one."""
        with self._lock:
            self.expected[slug] = max(self.expected[slug], version)

    def _read(self, rng: random.Random) -> None:
        path = rng.choice(["/list/", *(f"/notes/{slug}/" for slug in SLUGS)])
        with self._lock:
            expected = dict(self.expected)
        for slug, version in self.cluster.get(path, rng.choice(self.cluster.ports)).items():
            if version < expected.get(slug, 0):
                self.stale.append(f"{path} shows {slug}={version}, expected {expected[slug]}")
        with self._lock:
            self.reads += 1


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), 2)
    yield cluster
    cluster.stop()


def test_no_stale_page_under_writers_and_readers(cluster):
    with Load(cluster) as load:
        time.sleep(3)
    assert (load.errors, load.stale) == ([], []), f"STRESS_SEED={SEED}"
    assert load.reads > 50
    assert load.writes > 10


def test_pages_of_killed_writers_are_purged_in_time(cluster):
    with Load(cluster) as load:
        for _kill in range(3):
            time.sleep(cluster.random.uniform(0.1, 0.5))
            died_at = cluster.kill_one()
            committed = cluster.rows()  # includes what the killed server committed
            time.sleep(max(0.0, died_at + PURGED_WITHIN - 1 - time.monotonic()))
            time.sleep(1)
            for slug, version in committed.items():
                load.expect(slug, version)
    assert (load.errors, load.stale) == ([], []), f"STRESS_SEED={SEED}"
    time.sleep(PURGED_WITHIN)
    rows = cluster.rows()
    for port in cluster.ports:
        for path in ("/list/", *(f"/notes/{slug}/" for slug in SLUGS)):
            shown = cluster.get(path, port)
            assert shown == {slug: rows[slug] for slug in shown}
