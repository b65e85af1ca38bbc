"""Short runs of `manage.py bench`. The command itself fails when what it measures is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from ictiger.testbed import nginx
from ictiger.testbed.bench import pages
from ictiger.testbed.bench.report import Report
from ictiger.testbed.bench.wrk import Measurement, measure
from ictiger.testbed.management.commands.bench import _as_arguments


def bench(*arguments: str, var: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "manage.py", "bench", *arguments]
    return subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=bench_environment(var),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def bench_environment(var: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME")}
    return inherited | {
        "ICTIGER_VAR": var,
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": os.environ.get("DATABASE_URL", ""),
    }


def test_comments_posted_concurrently_are_stored_once(tmp_path):
    done = bench(
        "comments", "--readers=120", "--writers=4", "--articles=3", "--seconds=30", var=str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "comments.json").read_text())
    assert figures["comments accepted"] == 120
    assert (
        figures["lost"],
        figures["doubled"],
        figures["wrong counters"],
        figures["other answers"],
        figures["faults"],
    ) == (
        0,
        0,
        0,
        {},
        [],
    )
    assert (tmp_path / "bench" / "comments.txt").read_text() == done.stdout


def test_options_reach_the_measured_site_unchanged():
    """Although 1 equals True, and 0 False."""
    options = {"articles": 1, "seconds": 0, "reading": True, "beside": False, "path": None}
    assert _as_arguments(options) == ["--reading", "--articles=1", "--seconds=0"]


def test_repeated_options_reach_the_measured_site_one_by_one():
    assert _as_arguments({"only": ["rendered, home", "fragment"]}) == [
        "--only=rendered, home",
        "--only=fragment",
    ]


@pytest.fixture(scope="module")
def generated_site(tmp_path_factory) -> str:
    """The folder of a generated site."""
    folder = str(tmp_path_factory.mktemp("generated"))
    environment = bench_environment(folder) | {"DATABASE_URL": ""}
    for command in (["migrate", "--verbosity=0"], ["bench", "make", "--articles=400", "--comments=300"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=environment,
            timeout=120,
            check=True,
        )
    return folder


@pytest.mark.skipif(not nginx.is_installed(), reason="there is no nginx on this machine")
def test_two_sites_are_compared_and_stored_pages_never_reach_django(generated_site, tmp_path):
    before = (Path(generated_site) / "ictiger.sqlite3").read_bytes()
    measured = ["--rounds=1", "--seconds=0", "--posts=3", "--workers=1"]
    done = bench("pages", f"--sites={generated_site},{generated_site}", *measured, var=str(tmp_path))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "pages.json").read_text())
    assert figures["Django entered for stored pages and 304"] == 0
    assert all(0 < figures[f"memory, {site} articles"] < pages.MEMORY_MARK for site in ("400 (1)", "400 (2)"))
    compared = {name.partition(":")[0] for name in figures if name.endswith(": 400 (2) ÷ 400 (1)")}
    assert {
        "nginx, stored, signed in",
        "server, 304",
        "fragment",
        "rendered, 200 comments",
        "comments posted",
    } <= compared
    assert "search, a word of most" in compared
    assert "<svg" in (tmp_path / "bench" / "pages.svg").read_text()
    assert (Path(generated_site) / "ictiger.sqlite3").read_bytes() == before, (
        "comments were posted to the site itself, not to a copy"
    )


def test_growth_compares_the_views_of_two_sites(generated_site, tmp_path):
    """Through `bench renders`, on each of them in a process of its own."""
    done = bench(
        "growth",
        f"--small={generated_site}",
        f"--large={generated_site}",
        "--rounds=1",
        "--repetitions=1",
        var=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "growth.json").read_text())
    assert {"article, 200 comments", "home", "search, a word of most", "sitemap", "desk, comments"} <= set(
        figures
    )
    assert all(figures[name] > 0 for name in growth_rows(done.stdout))


def growth_rows(table: str) -> list[str]:
    return [line.partition("  ")[0] for line in table.splitlines() if line.endswith(("reached", "MISSED"))]


def test_ratios_are_computed_round_by_round():
    """Between the rounds the machine became half as fast, which affects both."""
    small, large = (Measurement("fragment", site) for site in ("1,000", "100,000"))
    small.rates, large.rates = [100.0, 50.0, 51.0], [80.0, 40.0, 60.0]
    report = Report("")
    pages._report_rates(report, [], [small, large], pages._growth)
    assert report.figures["fragment: 100,000 ÷ 1,000"] == 0.8
    assert "MISSED: 0.90" in report.table()


def test_measurements_take_turns_in_reverse_order_every_second_round():
    turns = []

    class Turn(Measurement):
        def run(self, seconds: float) -> float:
            turns.append(self.name)
            return seconds

    measure([Turn("a", ""), Turn("b", "")], rounds=2, seconds=1)
    assert turns == ["a", "b", "a", "b", "b", "a"], "the first two do not count"
