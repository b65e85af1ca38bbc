"""`manage.py bench`: short runs of what is measured at length by hand. What must be right in them is checked by the command itself."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from ictiger.bench import pages
from ictiger.bench.report import Report
from ictiger.deploy import trial
from ictiger.management.commands.bench import _as_arguments


def bench(*arguments: str, var: str) -> subprocess.CompletedProcess:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME")}
    environment = inherited | {"ICTIGER_VAR": var, "SECRET_KEY": settings.SECRET_KEY, "DATABASE_URL": os.environ.get("DATABASE_URL", "")}
    command = [sys.executable, "manage.py", "bench", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_comments_posted_by_several_writers_at_once_are_there_once(tmp_path):
    done = bench("comments", "--readers=120", "--writers=4", "--articles=3", "--seconds=30", var=str(tmp_path))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "comments.json").read_text())
    assert figures["comments accepted"] == 120
    assert (figures["lost"], figures["doubled"], figures["wrong counters"], figures["other answers"], figures["faults"]) == (
        0,
        0,
        0,
        {},
        [],
    )
    assert (tmp_path / "bench" / "comments.txt").read_text() == done.stdout


def test_options_reach_the_site_that_is_measured_as_they_were_given():
    """1 equals True, and 0 False."""
    given = {"articles": 1, "seconds": 0, "reading": True, "here": False, "path": None}
    assert _as_arguments(given) == ["--reading", "--articles=1", "--seconds=0"]


@pytest.mark.skipif(not trial.is_there(), reason="there is no nginx on this machine")
def test_pages_of_a_made_site_are_measured_with_django_entered_for_none_that_is_stored(tmp_path):
    done = bench("pages", "--articles=60", "--comments=300", "--rounds=1", "--seconds=0", var=str(tmp_path))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "pages-60.json").read_text())
    assert figures["Django entered for stored pages and 304"] == 0
    assert 0 < figures["memory"] < pages.MEMORY_MARK
    measured = {name for name, figure in figures.items() if name.startswith(("server, ", "nginx, ")) and figure > 0}
    assert {"server, stored", "server, 304", "server, constant", "nginx, stored", "nginx, 304", "nginx, plain file"} <= measured
    assert figures["rendered, 200 comments"] > 0
    assert "<svg" in (tmp_path / "bench" / "pages-60.svg").read_text()


def test_a_larger_site_is_held_against_the_small_one_by_what_the_machine_could_do(tmp_path, monkeypatch):
    """The machine was half as quick in the second run: a figure that fell by half has not fallen."""
    monkeypatch.setenv(pages.INSIDE, str(tmp_path))
    (tmp_path / "pages-1000.json").write_text(json.dumps({"server, constant": 100.0, "fragment": 10.0, "search, Chinese": 10.0}))
    report = Report("large", figures={"server, constant": 50.0, "fragment": 5.0, "search, Chinese": 4.0})
    pages._hold_against_small(report, 100_000)
    held = {name: figure for name, figure in report.figures.items() if "÷" in name}
    assert held == pytest.approx({"fragment: at 100,000 ÷ at 1,000": 1.0, "search, Chinese: at 100,000 ÷ at 1,000": 0.8})
    assert "MISSED" in report.table()
