"""What grows with the number of articles and must not: the CPU time of each view, on a small site and a large
one.

Both sites must exist (`manage.py bench make`). They are migrated, then measured in turns, each by `manage.py
bench renders` in a process.
"""

import os
from pathlib import Path

from ictiger.testbed.processes import this_checkout
from ictiger.testbed.site import is_postgresql

from .renders import view_seconds
from .report import Report
from .sites import DATABASE, Log

GROWTH_OPTIONS = {
    "small": {
        "required": True,
        "help": "The folder of a made site on SQLite, or the DATABASE_URL of one on PostgreSQL.",
    },
    "large": {"required": True, "help": "The same of one with more articles."},
    "rounds": {"type": int, "default": 3, "help": "In which both take turns (default: %(default)s)."},
    "repetitions": {
        "type": int,
        "default": 10,
        "help": "Of each view in each round; the least of all counts (default: %(default)s).",
    },
}
MARK = 0.90


def bench_growth(options: dict[str, object], log: Log) -> Report:
    sites = {name: _database_of(options[name]) for name in ("small", "large")}
    repetitions = f"--repetitions={options['repetitions']}"
    seconds: dict[str, list[dict[str, float]]] = {name: [] for name in sites}
    for number in range(options["rounds"]):
        for name, database in sites.items():
            log(f"round {number + 1}: {name} …")
            environment = os.environ | {"DATABASE_URL": database}
            seconds[name].append(view_seconds(this_checkout(), environment, repetitions))
    return _report_growth(*(_least(rounds) for rounds in seconds.values()))


def _database_of(site: str) -> str:
    return site if is_postgresql(site) else f"sqlite:///{Path(site).resolve() / DATABASE}"


def _least(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: min(each[name] for each in rounds) for name in rounds[0]}


def _report_growth(small: dict[str, float], large: dict[str, float]) -> Report:
    report = Report("CPU time of each view: on the small site, on the large one, small ÷ large", "growth")
    for name, seconds in small.items():
        ratio = seconds / large[name]
        reached = "reached" if ratio >= MARK else "MISSED"
        report.add(
            name, ratio, f"{seconds * 1000:7.1f} ms {large[name] * 1000:7.1f} ms {ratio:5.2f} {reached}"
        )
    return report
