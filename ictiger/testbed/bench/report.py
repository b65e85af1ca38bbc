"""The outcome of a measurement: a table for people, the figures behind it for programs."""

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection
from django.utils import timezone


@dataclass
class Report:
    title: str
    name: str = ""  # of the files, where it is not the subject's
    figures: dict[str, object] = field(default_factory=dict)  # as measured, in SI units
    rows: list[tuple[str, str]] = field(default_factory=list)  # as printed
    faults: list[str] = field(default_factory=list)  # what must not be; the command fails

    def add(self, name: str, value: object, shown: str) -> None:
        self.figures[name] = value
        self.rows.append((name, shown))

    def table(self) -> str:
        width = max(len(name) for name, _shown in self.rows)
        lines = [
            self.title,
            "",
            *(f"{name:<{width}}  {shown}" for name, shown in self.rows),
            *(f"FAULT: {fault}" for fault in self.faults),
        ]
        return "\n".join(lines)

    def write(self, folder: Path, subject: str) -> None:
        name = self.name or subject
        folder.mkdir(parents=True, exist_ok=True)
        where = {
            "measured_at": timezone.now().isoformat(timespec="seconds"),
            "machine": machine(),
            "faults": self.faults,
        }
        (folder / f"{name}.json").write_text(
            json.dumps(where | self.figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        (folder / f"{name}.txt").write_text(self.table() + "\n", encoding="utf-8")


def machine() -> str:
    """What it was measured on: a figure without that says nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        version = cursor.fetchone()[0].split()[0]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {connection.display_name} {version}, {platform.system()}"
