"""The result of a benchmark: a table to print, and its figures as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

TOLERANCE = 0.03  # by which a checkout may be slower than a baseline


@dataclass
class Report:
    title: str
    name: str = ""  # of the files; by default that of the benchmark
    figures: dict[str, object] = field(default_factory=dict)  # as measured, in SI units
    rows: list[tuple[str, str]] = field(default_factory=list)  # as printed
    faults: list[str] = field(default_factory=list)  # errors, for which the command fails

    def add(self, name: str, value: object, text: str) -> None:
        self.figures[name] = value
        self.rows.append((name, text))

    def table(self) -> str:
        width = max(len(name) for name, _text in self.rows)
        lines = [
            self.title,
            "",
            *(f"{name:<{width}}  {text}" for name, text in self.rows),
            *(f"FAULT: {fault}" for fault in self.faults),
        ]
        return "\n".join(lines)

    def write(self, folder: Path, benchmark: str) -> None:
        """Write NAME.json and NAME.txt to `folder`, which is made if need be."""
        name = self.name or benchmark
        folder.mkdir(parents=True, exist_ok=True)
        circumstances = {
            "measured_at": timezone.now().isoformat(timespec="seconds"),
            "machine": machine(),
            "faults": self.faults,
        }
        content = json.dumps(circumstances | self.figures, indent=2, ensure_ascii=False)
        (folder / f"{name}.json").write_text(content + "\n", encoding="utf-8")
        (folder / f"{name}.txt").write_text(self.table() + "\n", encoding="utf-8")


class Ratio(NamedTuple):
    """The ratios of two series of rounds: their median, and the bounds of their middle half."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of_rounds(cls, values: Sequence[float], reference: Sequence[float]) -> "Ratio":
        ratios = sorted(one / other for one, other in zip(values, reference, strict=True))
        quarter = len(ratios) // 4
        return cls(median(ratios), ratios[quarter], ratios[-1 - quarter])

    def text(self, digits: int = 2) -> str:
        return f"{self.median:.{digits}f} ({self.lower:.{digits}f} to {self.upper:.{digits}f})"


def verdict(reached: bool) -> str:
    return "reached:" if reached else "MISSED:"


def machine() -> str:
    """Describe the machine and the database server that the figures were measured on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        version = cursor.fetchone()[0].split()[0]
    database = f"{connection.display_name} {version}"
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {database}, {platform.system()}"
