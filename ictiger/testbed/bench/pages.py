"""What readers get, on a small site and a large one: stored pages, fragments, renders, searches and posts a
second.

Stored pages are measured through nginx beside a plain file of the same bytes, and through the server alone
beside an application that only sends them. "Rendered" is with the page store off: Django handles each
request. Everything of every site has its turn in every round, a second each, in reverse order every second
round. A ratio is the median of the rounds' ratios, so that what slows the machine down for a while slows both
sides.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from ictiger.ops.management.commands.serve import THREADS
from ictiger.testbed.site import BENCH_VARIABLE

from .page_measurements import start_measurements
from .page_weight import first_visit
from .plot import draw_bars
from .report import TOLERANCE, Ratio, Report, verdict
from .sites import BASELINE_OPTION, BenchSite, bench_sites
from .wrk import Measurement, MeasurementFailed, family, measure, memory

PAGE_OPTIONS = {
    "sites": {
        "default": "1000",
        "help": "Comma-separated: how many articles a site is made of (in both languages together, and ten "
        "comments for each), or the folder or DATABASE_URL of one that `bench make` made. `1000,100000` "
        "compares "
        "a large one with a small one (default: %(default)s).",
    },
    "only": {
        "action": "append",
        "default": [],
        "metavar": "WORDS",
        "help": "Measure only what begins with these words; may be given several times.",
    },
    "rounds": {
        "type": int,
        "default": 7,
        "help": "In each of which everything has its turn (default: %(default)s).",
    },
    "seconds": {
        "type": float,
        "default": 1.0,
        "help": "Of each turn (default: %(default)s); 0: a single request.",
    },
    "workers": {"type": int, "default": 2, "help": "Processes of each server (default: %(default)s)."},
    "threads": {"type": int, "default": None, "help": "Of each process (default: as the server has it)."},
    "posts": {
        "type": int,
        "default": None,
        "help": "Comments that are ready to be posted (default: as many as could be).",
    },
    "baseline": BASELINE_OPTION,
}
MEMORY_MARK = 200_000_000  # bytes
MAX_POSTS_PER_SECOND = 500  # more are not prepared

# (measurement, its reference, the least ratio of the two)
RATIOS = (
    ("nginx, stored", "nginx, plain file", 0.90),
    ("server, stored", "server, constant", 0.75),
    ("nginx, stored, signed in", "nginx, stored", 0.98),
    ("server, stored, signed in", "server, stored", 0.98),
)
RATES = {"rendered, 200 comments": 150, "fragment": 600}  # requests a second, at least
GROWTH_MARK = 0.90  # of the rate of the small site, at least
FIRST_VISIT_MARK = (60_000, 6)  # bytes, requests


def bench_pages(options: dict[str, object], log: Callable[[str], None]) -> Report:
    workers, threads = options["workers"], options["threads"] or THREADS
    size = [f"--workers={workers}", f"--threads={threads}"]
    posts = options["posts"] or _posts_to_prepare(options)
    call_command("collectstatic", interactive=False, verbosity=0)  # this process writes nginx's error pages
    with (
        bench_sites(options["sites"], posts, log, baseline=options["baseline"]) as sites,
        ExitStack() as stack,
    ):
        title = f"Requests a second, on {connection.display_name}, {workers} processes of {threads} threads"
        report = Report(title, "pages")
        report.rows.append(("articles", " ".join(f"{site.name:>10}" for site in sites)))
        log("starting servers …")
        measurements = start_measurements(stack, sites, size, tuple(options["only"] or ("",)))
        if not measurements:
            raise MeasurementFailed(f"no measurement begins with {' or '.join(options['only'])}")
        before = sum(_requests_to_django(site) for site in sites)
        log(f"measuring {len(measurements)} things in {options['rounds']} rounds …")
        measure(measurements, options["rounds"], options["seconds"])
        requests = sum(_requests_to_django(site) for site in sites) - before
        compare = _compare_with_baseline if options["baseline"] else _growth
        _report_rates(report, sites, measurements, compare)
        _report_requests_to_django(report, requests)
        _report_servers(report, sites)
    rates = {f"{item.name} ({item.site})" if sites[1:] else item.name: item.rate for item in measurements}
    draw_bars(rates, report.title, Path(os.environ[BENCH_VARIABLE]) / "pages.svg")
    return report


def _posts_to_prepare(options: dict[str, object]) -> int:
    """Return as many comments as could be posted; 0 if posting is not measured, since preparing them takes
    long.
    """
    if not "comments posted".startswith(tuple(options["only"] or ("",))):
        return 0
    return (options["rounds"] + 1) * round(max(options["seconds"] * MAX_POSTS_PER_SECOND, 1))


def _requests_to_django(site: BenchSite) -> int:
    """How often Django answered for the stored page: the server logs each request that reaches Django."""
    log = site.servers[0].log.read_text(errors="replace")
    return log.count(f'"path": "{site.prepared["article"]}"')


def _report_rates(
    report: Report,
    sites: list[BenchSite],
    measurements: list[Measurement],
    compare: Callable[[Report, str, list[Measurement]], str],
) -> None:
    """Add a row for each measurement with its rate on every site, then the ratios and the marks."""
    by_name: dict[str, dict[str, Measurement]] = {}
    for measurement in measurements:
        by_name.setdefault(measurement.name, {})[measurement.site] = measurement
    for name, by_site in by_name.items():
        report.figures |= {f"{name}, {site} articles": item.rate for site, item in by_site.items()}
        cells = " ".join(f"{item.rate:10,.0f}" for item in by_site.values())
        report.rows.append((name, cells + compare(report, name, list(by_site.values()))))
    for name, reference, mark in RATIOS:
        for site in sites:
            pair = by_name.get(name, {}).get(site.name), by_name.get(reference, {}).get(site.name)
            if all(pair):
                _report_ratio(report, *pair, mark)
    for name, mark in RATES.items():
        for site, item in by_name.get(name, {}).items():
            report.add(
                f"{name}, {site} articles: mark", mark, f"{verdict(item.rate >= mark)} {mark} a second"
            )


def _growth(report: Report, name: str, measurements: list[Measurement]) -> str:
    """How much of the first site's rate the last one has; "" for a single site."""
    if len(measurements) < 2:
        return ""
    first, last = measurements[0], measurements[-1]
    ratio = Ratio.of_rounds(last.rates, first.rates)
    report.figures[f"{name}: {last.site} ÷ {first.site}"] = ratio.median
    return f"  {ratio.text()}; {verdict(ratio.median >= GROWTH_MARK)} {GROWTH_MARK:.2f}"


def _compare_with_baseline(report: Report, name: str, measurements: list[Measurement]) -> str:
    """How much of the baseline's rate this checkout has; "" for what only one of them measures."""
    if len(measurements) < 2:
        return ""
    current, baseline = measurements
    ratio, mark = Ratio.of_rounds(current.rates, baseline.rates), 1 - TOLERANCE
    report.figures[f"{name}: this ÷ baseline"] = ratio.median
    return f"  {ratio.text(3)}; {verdict(ratio.median >= mark)} {mark:.2f}"


def _report_ratio(report: Report, measurement: Measurement, reference: Measurement, mark: float) -> None:
    ratio = Ratio.of_rounds(measurement.rates, reference.rates)
    name = f"{measurement.name} ÷ {reference.name}, {measurement.site} articles"
    report.add(name, ratio.median, f"{ratio.text()}; {verdict(ratio.median >= mark)} {mark:.2f}")


def _report_requests_to_django(report: Report, requests: int) -> None:
    text = f"{requests} times; {verdict(requests == 0)} 0"
    report.add("Django entered for stored pages and 304", requests, text)


def _report_servers(report: Report, sites: list[BenchSite]) -> None:
    for site in sites:
        rss, pss = memory(family(site.servers[0].pid))
        text = f"{pss / 1e6:.0f} MB (PSS; RSS {rss / 1e6:.0f} MB); {verdict(pss <= MEMORY_MARK)} 200 MB"
        report.add(f"memory, {site.name} articles", pss, text)
    size, requests = first_visit(sites[0].servers[0].port, sites[0].prepared["article"])
    reached = verdict(size <= FIRST_VISIT_MARK[0] and requests <= FIRST_VISIT_MARK[1])
    text = f"{size / 1000:.1f} kB in {requests} requests; {reached} 60 kB in 6"
    report.add("first visit to the article, compressed, pictures aside", size, text)
