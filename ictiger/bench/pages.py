"""What readers get: stored pages beside the same bytes without us, the personal fragment, renders, lists and searches.

Stored pages are measured through nginx beside a plain file of the same bytes, and through the server alone beside an application that only
answers with them, all in turn. "Rendered" is with the page store off: Django is entered for each. How fast comments are posted is
`bench comments`.
"""

import gzip
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from accounts.models import User
from articles.models import Article
from ictiger.delivery.store import the_store
from ictiger.deploy.trial import nginx_before, running
from ictiger.languages import Language
from ictiger.management.commands.serve import THREADS

from .load import Case, family, measure, memory
from .maker import MEASURED, SiteMaker
from .plot import bars
from .readers import log_in
from .report import Report
from .server import serving
from .site import HOST, INSIDE, free_port

OPTIONS = {
    "articles": {"type": int, "default": 1_000, "help": "In both languages together (default: %(default)s)."},
    "comments": {"type": int, "default": None, "help": "Default: ten for each article."},
    "rounds": {"type": int, "default": 3, "help": "The median of so many counts (default: %(default)s)."},
    "seconds": {"type": float, "default": 3.0, "help": "Of each measurement (default: %(default)s); 0: a single request."},
    "workers": {"type": int, "default": 2, "help": "Processes of the server (default: %(default)s)."},
    "threads": {"type": int, "default": None, "help": "Of each process (default: as the server has it)."},
}
SMALL = 1_000  # articles of the site that larger ones are held against
MEMORY_MARK = 200_000_000  # bytes
STATIC = "server {{ listen 127.0.0.1:{port}; root {folder}; access_log off; location / {{ gzip_static on; default_type text/html; }} }}"
ARTICLE = f"/articles/{MEASURED}/"

# (what, over what, at least)
RATIOS = (
    ("nginx, stored", "nginx, plain file", 0.90),
    ("server, stored", "server, constant", 0.75),
    ("nginx, stored, signed in", "nginx, stored", 0.98),
    ("server, stored, signed in", "server, stored", 0.98),
)
RATES = (("rendered, 200 comments", 150), ("fragment", 600))  # requests a second, at least


class Size(NamedTuple):
    """Of a server: processes, and threads of each."""

    workers: int
    threads: int

    @property
    def options(self) -> list[str]:
        return [f"--workers={self.workers}", f"--threads={self.threads}"]


def run(options: dict[str, object], tell: Callable[[str], None]) -> Report:
    articles = options["articles"]
    comments = 10 * articles if options["comments"] is None else options["comments"]
    rounds, seconds = options["rounds"], options["seconds"]
    size = Size(options["workers"], options["threads"] or THREADS[connection.vendor])
    tell(f"making {articles:,} articles and {comments:,} comments …")
    started = time.monotonic()
    SiteMaker(articles, comments, lambda done, total: None).make()  # noqa: ARG005
    report = Report(
        f"Pages of a site of {articles:,} articles and {comments:,} comments, on {connection.display_name}", f"pages-{articles}"
    )
    made = time.monotonic() - started
    report.add("site made", made, f"in {made:.0f} s, {(articles + comments) / made:,.0f} rows a second")
    cookies = _cookies()
    tell("measuring stored pages …")
    with ExitStack() as running_now:
        cases, entered = _stored(running_now, cookies, size, rounds, seconds, report)
        tell("measuring what is made for each request …")
        cases += _personal(cases[0].port, cookies, rounds, seconds)
    tell("measuring renders …")
    with serving(*size.options, PAGE_STORE="off") as port:
        cases += _rendered(port, articles, rounds, seconds)
    _tell(report, {case.name: case.rate for case in cases}, entered)
    _hold_against_small(report, articles)
    bars({case.name: case.rate for case in cases}, report.title, Path(os.environ[INSIDE]) / f"pages-{articles}.svg")
    return report


# --- the groups ----------------------------------------------------------------------------------------------------------------------


def _stored(stack: ExitStack, cookies: str, size: Size, rounds: int, seconds: float, report: Report) -> tuple[list[Case], int]:
    """The stored article in every way; and how often Django was entered for it."""
    server = stack.enter_context(serving(*size.options))
    body, etag = _fetch(server)
    constant = stack.enter_context(_constant(body, size))
    proxy = _port(stack.enter_context(nginx_before(f"127.0.0.1:{server}", pages=os.fsdecode(the_store().pages))).url)
    plain = stack.enter_context(_plain_file(body))
    signed_in, known = {"Cookie": cookies}, {"If-None-Match": etag}
    cases = [
        Case("server, stored", server, ARTICLE),
        Case("server, constant", constant, ARTICLE),
        Case("server, stored, signed in", server, ARTICLE, signed_in),
        Case("server, 304", server, ARTICLE, known),
        Case("nginx, stored", proxy, ARTICLE),
        Case("nginx, plain file", plain, ARTICLE),
        Case("nginx, stored, signed in", proxy, ARTICLE, signed_in),
        Case("nginx, 304", proxy, ARTICLE, known),
    ]
    before = _times_entered()
    measure(cases, rounds, seconds)
    entered = _times_entered() - before
    rss, pss = memory(_server_processes())
    report.add("memory", pss, f"{pss / 1e6:.0f} MB (PSS; RSS {rss / 1e6:.0f} MB); {_verdict(pss <= MEMORY_MARK)} 200 MB")
    return cases, entered


def _personal(port: int, cookies: str, rounds: int, seconds: float) -> list[Case]:
    measured = Article.objects.get(slug=MEASURED, language=Language.EN)
    cases = [
        Case("fragment", port, f"/me/discussion/{measured.pk}/", {"Cookie": cookies}),
        Case("search, a word of most", port, "/search/?q=the"),
        Case("search, a word of one", port, f"/search/?q={Article.objects.filter(language=Language.EN).count() // 2 * 2 - 4}"),
        Case("search, Chinese", port, "/zh-hans/search/?q=%E4%B8%93%E5%88%A9"),
    ]
    measure(cases, rounds, seconds)
    return cases


def _rendered(port: int, articles: int, rounds: int, seconds: float) -> list[Case]:
    deep = max(2, articles // 2 // 10 - 2)
    cases = [
        Case("rendered, 200 comments", port, ARTICLE),
        Case("rendered, home", port, "/"),
        Case("rendered, deep list", port, f"/page/{deep}/"),
    ]
    measure(cases, rounds, seconds)
    return cases


def _cookies() -> str:
    """Those of a reader who is logged in."""
    reader = log_in([User.objects.earliest("pk")])[0]
    return f"{settings.SESSION_COOKIE_NAME}={reader.session}; {settings.CSRF_COOKIE_NAME}={reader.secret}; reader=member"


def _fetch(port: int) -> tuple[bytes, str]:
    """The article's compressed bytes and their ETag; stored from here on."""
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip"}
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{ARTICLE}", headers=headers)) as answer:
        return answer.read(), answer.headers["ETag"]


@contextmanager
def _constant(body: bytes, size: Size) -> Iterator[int]:
    port, file = free_port(), Path(settings.VAR) / "constant.gz"
    file.write_bytes(body)
    command = [sys.executable, "-m", "ictiger.bench.constant", str(port), str(size.workers), str(size.threads), str(file)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:  # noqa: S603
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()


@contextmanager
def _plain_file(body: bytes) -> Iterator[int]:
    folder, port = Path(settings.VAR) / "plain", free_port()
    page = folder / ARTICLE.strip("/")
    page.mkdir(parents=True)
    (page / "index.html.gz").write_bytes(body)
    (page / "index.html").write_bytes(gzip.decompress(body))
    with running(STATIC.format(port=port, folder=folder), port=port):
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


def _times_entered() -> int:
    """The server's log has a line for each request that Django answered; a stored page has none."""
    return (Path(settings.VAR) / "serve.log").read_text(errors="replace").count("ictiger.access")


def _server_processes() -> list[int]:
    here = family(os.getpid())
    mothers = [pid for pid in here if b"\0serve\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return family(min(mothers))


# --- the report ----------------------------------------------------------------------------------------------------------------------


def _tell(report: Report, rates: dict[str, float], entered: int) -> None:
    for name, rate in rates.items():
        report.add(name, rate, f"{rate:,.0f} a second")
    for what, over, mark in RATIOS:
        ratio = rates[what] / rates[over]
        report.add(f"{what} ÷ {over}", ratio, f"{ratio:.2f}; {_verdict(ratio >= mark)} {mark:.2f}")
    for what, mark in RATES:
        report.add(f"{what}, mark", mark, f"{_verdict(rates[what] >= mark)} {mark} a second")
    report.add("Django entered for stored pages and 304", entered, f"{entered} times; {_verdict(entered == 0)} 0")


def _hold_against_small(report: Report, articles: int) -> None:
    """Beside the figures of the small site as last measured: each as a share of the constant application's in its own run."""
    small = Path(os.environ[INSIDE]) / f"pages-{SMALL}.json"
    if articles == SMALL or not small.exists():
        return
    before = json.loads(small.read_text(encoding="utf-8"))
    for name in [name for name in report.figures if name in before and name.startswith(("server", "nginx", "rendered", "search", "frag"))]:
        if "÷" in name or "mark" in name or name == "server, constant":
            continue
        ratio = (report.figures[name] / report.figures["server, constant"]) / (before[name] / before["server, constant"])
        report.add(f"{name}: at {articles:,} ÷ at {SMALL:,}", ratio, f"{ratio:.2f}; {_verdict(ratio >= 0.9)} 0.90")


def _verdict(reached: bool) -> str:
    return "reached:" if reached else "MISSED:"
