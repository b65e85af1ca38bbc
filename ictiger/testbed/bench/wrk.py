"""wrk against one address at a time, and the memory of a server's processes."""

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
    """What is needed for it is not there, or what was measured was not the answer that was meant."""


@dataclass
class Measurement:
    """Something that is done again and again. `site` says where."""

    name: str
    site: str
    rates: list[float] = field(default_factory=list, init=False)  # times a second, one for each round

    @property
    def rate(self) -> float:
        return median(self.rates)

    def run(self, seconds: float) -> float:
        """Do it for so long, or once for 0. Returns how often it was done in a second."""
        raise NotImplementedError


@dataclass
class GetMeasurement(Measurement):
    """A request that is made by wrk."""

    port: int
    path: str
    headers: dict[str, str] = field(default_factory=dict)

    def run(self, seconds: float) -> float:
        headers = {"Host": BENCH_HOST, "Accept-Encoding": "gzip", "X-Forwarded-Proto": "https"} | self.headers
        return _requests_a_second(self, headers, seconds) if seconds else _once(self, headers)


def measure(cases: list[Measurement], rounds: int, seconds: float) -> None:
    """Fill in the rates: each case has its turn in each round, there and back, so that what else the machine does troubles all alike.

    After a round that does not count: a server's processes make much of what they need when they are first asked for it.
    """
    for case in cases if seconds else ():
        case.run(seconds)
    for number in range(rounds):
        for case in cases if number % 2 == 0 else reversed(cases):
            case.rates.append(case.run(seconds))


def _requests_a_second(case: GetMeasurement, headers: dict[str, str], seconds: float) -> float:
    program = shutil.which("wrk")
    if program is None:
        raise MeasurementFailed("wrk is not installed")
    told = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [
        program,
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{max(1, round(seconds))}s",
        *told,
        f"http://127.0.0.1:{case.port}{case.path}",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rate, refused = _RATE.search(said), _REFUSED.search(said)
    if rate is None or refused:
        raise MeasurementFailed(f"{case.name}: {said}")
    if not float(rate[1]):
        raise MeasurementFailed(f"{case.name}, {case.site}: no answer in {seconds:.0f} s")
    return float(rate[1])


def _once(case: GetMeasurement, headers: dict[str, str]) -> float:
    started, connection = time.perf_counter(), HTTPConnection("127.0.0.1", case.port, timeout=60)
    try:
        connection.request("GET", case.path, headers=headers)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    if answer.status not in (200, 304):
        raise MeasurementFailed(f"{case.name}: {answer.status}")
    return 1 / (time.perf_counter() - started)


def memory(pids: list[int]) -> tuple[int, int]:
    """Bytes that these processes hold: each its own (RSS), and with shared pages counted once among those that share them (PSS)."""
    rss = pss = 0
    for pid in pids:
        told = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        )
        rss += int(told["Rss"].split()[0]) * 1024
        pss += int(told["Pss"].split()[0]) * 1024
    return rss, pss


def family(pid: int) -> list[int]:
    """A process and all that it has started."""
    return [pid, *(below for child in _children(pid) for below in family(child))]


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())
