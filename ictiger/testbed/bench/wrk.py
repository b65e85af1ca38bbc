"""Request rates measured by wrk, one URL at a time, and the memory of a server's processes."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from ictiger.testbed.site import BENCH_HOST

CONNECTIONS = 16
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_REFUSED = re.compile(r"Non-2xx or 3xx responses: (\d+)")


class MeasurementFailed(RuntimeError):
    """wrk is missing, or a response was not the expected one."""


@dataclass
class Measurement:
    """Something whose rate is measured on a site."""

    name: str
    site: str
    rates: list[float] = field(default_factory=list, init=False)  # per second, one for each round

    @property
    def rate(self) -> float:
        return median(self.rates)

    def run(self, seconds: float) -> float:
        """Repeat it for this time, or do it once if 0.

        Return the rate per second. Raises MeasurementFailed.
        """
        raise NotImplementedError


@dataclass
class GetMeasurement(Measurement):
    """A GET request, sent by wrk."""

    port: int
    path: str
    headers: dict[str, str] = field(default_factory=dict)

    def run(self, seconds: float) -> float:
        headers = {"Host": BENCH_HOST, "Accept-Encoding": "gzip", "X-Forwarded-Proto": "https"} | self.headers
        return _rate(self, headers, seconds) if seconds else _once(self, headers)


def measure(measurements: list[Measurement], rounds: int, seconds: float) -> None:
    """Measure the rate of each in each round, in reverse order every second round, so that a slow phase of
    the machine affects all alike.

    A first round is not counted: a server's processes load much of what they need with the first requests.
    """
    for measurement in measurements if seconds else ():
        measurement.run(seconds)
    for number in range(rounds):
        for measurement in measurements if number % 2 == 0 else reversed(measurements):
            measurement.rates.append(measurement.run(seconds))


def _rate(measurement: GetMeasurement, headers: dict[str, str], seconds: float) -> float:
    program = shutil.which("wrk")
    if program is None:
        raise MeasurementFailed("wrk is not installed")
    header_options = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [
        program,
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{max(1, round(seconds))}s",
        *header_options,
        f"http://127.0.0.1:{measurement.port}{measurement.path}",
    ]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rate, refused = _RATE.search(output), _REFUSED.search(output)
    if rate is None or refused:
        raise MeasurementFailed(f"{measurement.name}: {output}")
    if not float(rate[1]):
        raise MeasurementFailed(f"{measurement.name}, {measurement.site}: no answer in {seconds:.0f} s")
    return float(rate[1])


def _once(measurement: GetMeasurement, headers: dict[str, str]) -> float:
    started, connection = time.perf_counter(), HTTPConnection("127.0.0.1", measurement.port, timeout=60)
    try:
        connection.request("GET", measurement.path, headers=headers)
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    if response.status not in (200, 304):
        raise MeasurementFailed(f"{measurement.name}: {response.status}")
    return 1 / (time.perf_counter() - started)


def memory(pids: list[int]) -> tuple[int, int]:
    """Return the bytes that these processes hold: RSS, and PSS, in which shared pages are divided among the
    sharers.
    """
    rss = pss = 0
    for pid in pids:
        fields = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        )
        rss += int(fields["Rss"].split()[0]) * 1024
        pss += int(fields["Pss"].split()[0]) * 1024
    return rss, pss


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    return [pid, *(descendant for child in _children(pid) for descendant in family(child))]


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())
