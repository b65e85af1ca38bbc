"""What grows with the number of articles and must not: the CPU time of each view on a small site beside that on a large one.

Both sites must have been made before (`manage.py bench make`); they are measured in turn, each by `manage.py bench renders` in a process of
its own, and are brought up to date first.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from ictiger.testbed.site import BENCH_VARIABLE

from .report import Report

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


def bench_growth(options: dict[str, object], tell: Callable[[str], None]) -> Report:
    sites = {name: _database_of(options[name]) for name in ("small", "large")}
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in sites}
    for number in range(options["rounds"]):
        for name, database in sites.items():
            tell(f"round {number + 1}: {name} …")
            taken[name].append(_measured(database, options["repetitions"]))
    return _report(*(_least(rounds) for rounds in taken.values()))


def _database_of(site: str) -> str:
    return (
        site
        if site.startswith(("postgres:", "postgresql:"))
        else f"sqlite:///{Path(site).resolve() / 'ictiger.sqlite3'}"
    )


def _measured(database: str, repetitions: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=settings.VAR) as folder:
        command = [
            sys.executable,
            str(settings.BASE_DIR / "manage.py"),
            "bench",
            "renders",
            f"--repetitions={repetitions}",
        ]
        environment = os.environ | {BENCH_VARIABLE: folder, "DATABASE_URL": database}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        figures = json.loads((Path(folder) / "renders.json").read_text(encoding="utf-8"))
    return {name: seconds for name, seconds in figures.items() if isinstance(seconds, float)}


def _least(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: min(each[name] for each in rounds) for name in rounds[0]}


def _report(small: dict[str, float], large: dict[str, float]) -> Report:
    report = Report("CPU time of each view: on the small site, on the large one, small ÷ large", "growth")
    for name, seconds in small.items():
        ratio = seconds / large[name]
        verdict = "reached" if ratio >= MARK else "MISSED"
        report.add(
            name, ratio, f"{seconds * 1000:7.1f} ms {large[name] * 1000:7.1f} ms {ratio:5.2f} {verdict}"
        )
    return report
