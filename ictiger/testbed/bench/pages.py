"""What readers get, on a small site and a large one: stored pages beside the same bytes without us, the fragment, renders, searches, posts.

Stored pages are measured through nginx beside a plain file of the same bytes, and through the server alone beside an application that only
answers with them. "Rendered" is with the page store off: Django is entered for each. Every case of every site has its turn in every round,
a second each, there and back: what is compared was measured side by side, and a ratio is the median of the ratios of the rounds.
"""

import gzip
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from ictiger.ops.management.commands.serve import THREADS
from ictiger.testbed.nginx import nginx_in_front_of, running_nginx
from ictiger.testbed.site import BENCH_HOST, BENCH_VARIABLE, free_port

from .page_weight import first_visit
from .plot import bars
from .posting import PreparedPost, post
from .report import Report
from .sites import BenchSite, bench_sites
from .wrk import GetMeasurement, Measurement, MeasurementFailed, family, measure, memory

PAGE_OPTIONS = {
    "sites": {
        "default": "1000",
        "help": "Which, between commas: how many articles one is made of (in both languages together, and ten comments for each), or the "
        "folder or DATABASE_URL of one that `bench make` made. `1000,100000` holds a large one against a small one (default: %(default)s).",
    },
    "only": {"default": "", "help": "Only what begins with one of these words, between commas."},
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
}
MEMORY_MARK = 200_000_000  # bytes
STATIC = "server {{ listen 127.0.0.1:{port}; root {folder}; access_log off; location / {{ gzip_static on; default_type text/html; }} }}"
WRITERS = 8  # who post at once
MAX_POSTS_PER_SECOND = 500  # a second: more are not made ready

# (what, over what, at least)
RATIOS = (
    ("nginx, stored", "nginx, plain file", 0.90),
    ("server, stored", "server, constant", 0.75),
    ("nginx, stored, signed in", "nginx, stored", 0.98),
    ("server, stored, signed in", "server, stored", 0.98),
)
RATES = {"rendered, 200 comments": 150, "fragment": 600}  # requests a second, at least
GROWTH = 0.90  # of what the small site does, at least
FIRST_VISIT = (60_000, 6)  # bytes, requests


def bench_pages(options: dict[str, object], tell: Callable[[str], None]) -> Report:
    workers, threads = options["workers"], options["threads"] or THREADS
    size = [f"--workers={workers}", f"--threads={threads}"]
    posts = options["posts"] or _posts_to_make_ready(options)
    call_command(
        "collectstatic", interactive=False, verbosity=0
    )  # nginx's error pages are made by this process
    with bench_sites(options["sites"], posts, tell) as sites, ExitStack() as stack:
        report = Report(
            f"Requests a second, on {connection.display_name}, {workers} processes of {threads} threads",
            "pages",
        )
        report.rows.append(("articles", " ".join(f"{site.name:>10}" for site in sites)))
        tell("starting servers …")
        cases = _measurements(stack, sites, size, only=tuple(options["only"].split(",")))
        entered = [_entered(site) for site in sites]
        tell(f"measuring {len(cases)} things in {options['rounds']} rounds …")
        measure(cases, options["rounds"], options["seconds"])
        entered = sum(_entered(site) for site in sites) - sum(entered)
        _report_rates(report, sites, cases)
        report.add(
            "Django entered for stored pages and 304", entered, f"{entered} times; {_verdict(entered == 0)} 0"
        )
        _report_servers(report, sites)
    figures = {case.name if len(sites) == 1 else f"{case.name} ({case.site})": case.rate for case in cases}
    bars(figures, report.title, Path(os.environ[BENCH_VARIABLE]) / "pages.svg")
    return report


def _posts_to_make_ready(options: dict[str, object]) -> int:
    """As many as could be posted; none where posting is not measured, for to make them takes its time."""
    if not any("comments posted".startswith(word) for word in options["only"].split(",")):
        return 0
    return (options["rounds"] + 1) * round(max(options["seconds"] * MAX_POSTS_PER_SECOND, 1))


# --- what is measured ----------------------------------------------------------------------------------------------------------------


def _measurements(
    stack: ExitStack, sites: list[BenchSite], size: list[str], only: tuple[str, ...]
) -> list[Measurement]:
    """What will be compared stands side by side."""
    of_sites = [_measurements_of(stack, site, size) for site in sites]
    beside_us = _references(stack, sites[0], size)
    cases = []
    for same in zip(*of_sites, strict=True):
        cases += [*same, *beside_us.get(same[0].name, ())]
    return [case for case in cases if case.name.startswith(only)]


def _measurements_of(stack: ExitStack, site: BenchSite, size: list[str]) -> list[Measurement]:
    told = site.told
    server = stack.enter_context(site.serving(*size))
    renderer = stack.enter_context(site.serving(*size, PAGE_STORE="off"))
    proxy = stack.enter_context(nginx_in_front_of(f"127.0.0.1:{server.port}", pages=told["pages"]))
    site.servers = [server, renderer]
    _body, etag = _fetch(server.port, told["article"])
    signed_in, known = {"Cookie": told["cookies"]}, {"If-None-Match": etag}
    stored = {"stored": {}, "stored, signed in": signed_in, "304": known}
    pile = (PreparedPost(None, request.encode()) for request in json.loads(Path(told["forms"]).read_text()))
    return [
        *(
            GetMeasurement(f"nginx, {name}", site.name, _port(proxy.url), told["article"], headers)
            for name, headers in stored.items()
        ),
        *(
            GetMeasurement(f"server, {name}", site.name, server.port, told["article"], headers)
            for name, headers in stored.items()
        ),
        *(
            GetMeasurement(name, site.name, server.port, path, signed_in)
            for name, path in told["personal"].items()
        ),
        *(GetMeasurement(name, site.name, server.port, path) for name, path in told["searches"].items()),
        GetMeasurement("rendered, 200 comments", site.name, renderer.port, told["article"]),
        *(
            GetMeasurement(f"rendered, {name}", site.name, renderer.port, path)
            for name, path in told["lists"].items()
        ),
        PostMeasurement("comments posted", site.name, server.port, pile),
    ]


def _references(stack: ExitStack, site: BenchSite, size: list[str]) -> dict[str, list[Measurement]]:
    """What does nothing but send the bytes of the stored page, by what it is held against."""
    body, _etag = _fetch(site.servers[0].port, site.told["article"])
    path = site.told["article"]
    plain, constant = stack.enter_context(_plain_file(body, path)), stack.enter_context(_constant(body, size))
    return {
        "nginx, stored": [GetMeasurement("nginx, plain file", site.name, plain, path)],
        "server, stored": [GetMeasurement("server, constant", site.name, constant, path)],
    }


@dataclass
class PostMeasurement(Measurement):
    """Readers post a comment each: `bench comments` looks closer."""

    port: int
    pile: Iterator[PreparedPost]

    def run(self, seconds: float) -> float:
        pile = self.pile if seconds else islice(self.pile, 1)
        outcomes, took = post(pile, self.port, WRITERS, seconds or 60)
        others, accepted = (
            sum((outcome.others for outcome in outcomes), Counter()),
            sum(len(outcome.accepted) for outcome in outcomes),
        )
        if others or not accepted:
            raise MeasurementFailed(f"{self.name}: {dict(others) or 'none is ready any more, see --posts'}")
        return accepted / took


def _fetch(port: int, path: str) -> tuple[bytes, str]:
    """A page's compressed bytes and their ETag; stored from here on."""
    headers = {"Host": BENCH_HOST, "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip"}
    with urllib.request.urlopen(
        urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    ) as answer:
        return answer.read(), answer.headers["ETag"]


@contextmanager
def _constant(body: bytes, size: list[str]) -> Iterator[int]:
    port, file = free_port(), Path(settings.VAR) / "constant.gz"
    file.write_bytes(body)
    workers, threads = (option.partition("=")[2] for option in size)
    command = [
        sys.executable,
        "-m",
        "ictiger.testbed.bench.constant_app",
        str(port),
        workers,
        threads,
        str(file),
    ]
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()


@contextmanager
def _plain_file(body: bytes, path: str) -> Iterator[int]:
    folder, port = Path(settings.VAR) / "plain", free_port()
    page = folder / path.strip("/")
    page.mkdir(parents=True)
    (page / "index.html.gz").write_bytes(body)
    (page / "index.html").write_bytes(gzip.decompress(body))
    with running_nginx(STATIC.format(port=port, folder=folder), port=port):
        yield port


def _wait_for(port: int) -> None:
    for _attempt in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/"):
                return
        except OSError:
            time.sleep(0.05)


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def _entered(site: BenchSite) -> int:
    """How often Django answered for the stored page: the server's log has a line for each request that reached it."""
    log = site.servers[0].log.read_text(errors="replace")
    return log.count(f'"path": "{site.told["article"]}"')


# --- the report ----------------------------------------------------------------------------------------------------------------------


def _report_rates(report: Report, sites: list[BenchSite], cases: list[Measurement]) -> None:
    """A row for each case with its rate on every site; then what is held against something."""
    by_name: dict[str, dict[str, Measurement]] = {}
    for case in cases:
        by_name.setdefault(case.name, {})[case.site] = case
    for name, of_sites in by_name.items():
        report.figures |= {f"{name}, {site} articles": case.rate for site, case in of_sites.items()}
        cells = " ".join(f"{case.rate:10,.0f}" for case in of_sites.values())
        report.rows.append((name, cells + _growth(report, name, list(of_sites.values()))))
    for what, over, mark in RATIOS:
        for site in sites:
            _report_ratio(
                report,
                site.name,
                by_name.get(what, {}).get(site.name),
                by_name.get(over, {}).get(site.name),
                mark,
            )
    for what, mark in RATES.items():
        for site, case in by_name.get(what, {}).items():
            report.add(
                f"{what}, {site} articles: mark", mark, f"{_verdict(case.rate >= mark)} {mark} a second"
            )


def _growth(report: Report, name: str, cases: list[Measurement]) -> str:
    """How much of the first site's rate the last one has."""
    if len(cases) < 2:
        return ""
    ratio, told = _ratio(cases[-1], cases[0])
    report.figures[f"{name}: {cases[-1].site} ÷ {cases[0].site}"] = ratio
    return f"  {told}; {_verdict(ratio >= GROWTH)} {GROWTH:.2f}"


def _report_ratio(
    report: Report, site: str, what: Measurement | None, over: Measurement | None, mark: float
) -> None:
    if what and over:
        ratio, told = _ratio(what, over)
        report.add(
            f"{what.name} ÷ {over.name}, {site} articles",
            ratio,
            f"{told}; {_verdict(ratio >= mark)} {mark:.2f}",
        )


def _ratio(what: Measurement, over: Measurement) -> tuple[float, str]:
    """The median of the rounds' ratios; and in words, with the middle half of them."""
    ratios = sorted(one / other for one, other in zip(what.rates, over.rates, strict=True))
    quarter = len(ratios) // 4
    return median(ratios), f"{median(ratios):.2f} ({ratios[quarter]:.2f} to {ratios[-1 - quarter]:.2f})"


def _report_servers(report: Report, sites: list[BenchSite]) -> None:
    for site in sites:
        rss, pss = memory(family(site.servers[0].pid))
        told = f"{pss / 1e6:.0f} MB (PSS; RSS {rss / 1e6:.0f} MB); {_verdict(pss <= MEMORY_MARK)} 200 MB"
        report.add(f"memory, {site.name} articles", pss, told)
    size, requests = first_visit(sites[0].servers[0].port, sites[0].told["article"])
    reached = _verdict(size <= FIRST_VISIT[0] and requests <= FIRST_VISIT[1])
    told = f"{size / 1000:.1f} kB in {requests} requests; {reached} 60 kB in 6"
    report.add("first visit to the article, compressed, pictures aside", size, told)


def _verdict(reached: bool) -> str:
    return "reached:" if reached else "MISSED:"
