"""`manage.py bench … --baseline FOLDER`, with the project as its own baseline."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.base import CommandError

from ictiger.testbed import nginx
from ictiger.testbed.bench import baseline, pages
from ictiger.testbed.bench.report import Report
from ictiger.testbed.bench.sites import bench_sites
from ictiger.testbed.bench.wrk import Measurement
from ictiger.testbed.processes import Checkout

from .test_bench import bench

THIS_PROJECT = f"--baseline={settings.BASE_DIR}"


def test_posting_is_compared_in_rounds_on_a_site_of_each_checkout(tmp_path):
    options = ["--readers=300", "--writers=2", "--articles=30", "--seconds=0.4", "--rounds=2"]
    done = bench("comments", *options, THIS_PROJECT, var=str(tmp_path))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "comments-baseline.json").read_text())
    for name in ("comments a second", "p50", "p95", "p99"):
        assert figures[f"{name}, this"] > 0
        assert figures[f"{name}, baseline"] > 0
        assert figures[name] > 0
    assert figures["faults"] == []


def test_every_view_is_compared_in_processor_time(tmp_path):
    options = ["--articles=400", "--comments=300", "--repetitions=1", "--rounds=1"]
    done = bench("renders", *options, THIS_PROJECT, var=str(tmp_path))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "renders-baseline.json").read_text())
    views = {name.removesuffix(", baseline") for name in figures if name.endswith(", baseline")}
    assert {"article, 200 comments", "home", "search, a word of most", "sitemap", "desk, comments"} <= views
    assert all(figures[name] == figures[f"{name}, this"] / figures[f"{name}, baseline"] for name in views)


@pytest.mark.skipif(not nginx.is_installed(), reason="there is no nginx on this machine")
def test_pages_of_both_checkouts_are_measured_in_the_same_rounds(tmp_path):
    options = ["--sites=40", "--rounds=1", "--seconds=0", "--posts=3", "--workers=1"]
    done = bench("pages", *options, THIS_PROJECT, var=str(tmp_path))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "pages.json").read_text())
    for name in ("nginx, stored", "server, 304", "fragment", "rendered, 200 comments", "comments posted"):
        rate, baseline_rate = (figures[f"{name}, 40 ({side}) articles"] for side in ("this", "baseline"))
        assert figures[f"{name}: this ÷ baseline"] == rate / baseline_rate
    assert figures["Django entered for stored pages and 304"] == 0


def test_rates_are_divided_by_those_of_the_baseline_round_by_round():
    current, other = Measurement("fragment", "40 (this)"), Measurement("fragment", "40 (baseline)")
    current.rates, other.rates = [80.0, 40.0, 60.0], [100.0, 50.0, 51.0]
    report = Report("")
    pages._report_rates(report, [], [current, other], pages._compare_with_baseline)
    assert report.figures["fragment: this ÷ baseline"] == 0.8
    assert "MISSED: 0.97" in report.table()


@pytest.mark.parametrize(("seconds", "expected"), [(1.03, "reached: 1.03"), (1.04, "MISSED: 1.03")])
def test_seconds_may_exceed_those_of_the_baseline_by_the_tolerance(seconds: float, expected: str):
    report = Report("")
    baseline._report_series(report, "home", {"home": [seconds]}, {"home": [1.0]}, str)
    assert expected in report.table()


def test_checkouts_take_turns_in_reverse_order_every_second_round():
    turns = []
    baseline.take_turns(3, [lambda: turns.append("this"), lambda: turns.append("baseline")])
    assert turns == ["this", "baseline", "baseline", "this", "this", "baseline"]


def test_baseline_runs_with_the_python_of_its_own_environment(tmp_path: Path):
    (tmp_path / "manage.py").touch()
    assert Checkout.at(str(tmp_path)).python == Checkout(tmp_path).python
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert Checkout.at(str(tmp_path)).command("check") == [str(python), str(tmp_path / "manage.py"), "check"]


def test_folder_without_manage_py_is_no_baseline(tmp_path: Path):
    with pytest.raises(CommandError, match=r"no manage\.py"):
        Checkout.at(str(tmp_path))


def test_baseline_is_measured_on_one_site_size_only():
    with pytest.raises(CommandError, match="one value"), bench_sites("10,20", 0, print, baseline="/baseline"):
        pass
