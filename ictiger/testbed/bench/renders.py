"""The CPU time of each view in one process without a network: the least of some repetitions.

CPU time of the process does not count what else the machine does, and the least of several is disturbed
least. The database stays as it was: the user who views the admin is rolled back.
"""

import json
import logging
import re
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from articles.models import Article, Author, Topic
from ictiger.testbed.data.site_maker import MEASURED, TOPICS, SiteBuilder
from ictiger.testbed.processes import Checkout
from ictiger.testbed.site import BENCH_HOST, BENCH_VARIABLE

from .report import Report
from .sites import BASELINE_OPTION, Log
from .wrk import MeasurementFailed

RENDER_OPTIONS = {
    "articles": {
        "type": int,
        "default": 1_000,
        "help": "Where there is no site yet, one of so many is made (default: %(default)s).",
    },
    "comments": {"type": int, "default": None, "help": "On all of them (default: ten for each article)."},
    "repetitions": {"type": int, "default": 20, "help": "Of which the least counts (default: %(default)s)."},
    "baseline": BASELINE_OPTION,
    "rounds": {"type": int, "default": 7, "help": "Of a comparison with --baseline (default: %(default)s)."},
}
TIME_LIMIT = 2.0  # seconds for the repetitions of one view


def bench_renders(options: dict[str, object], log: Log) -> Report:
    if not Article.objects.exists():
        log("making a site …")
        articles, comments = options["articles"], options["comments"]
        SiteBuilder(
            articles, 10 * articles if comments is None else comments, lambda _done, _total: None
        ).build()
    call_command("collectstatic", interactive=False, verbosity=0)  # as `serve` does when it starts
    logging.getLogger("ictiger.access").setLevel(logging.WARNING)
    report = Report(
        f"Views of {Article.objects.count():,} articles on {connection.display_name}, "
        "CPU time of one process",
        "renders",
    )
    for name, seconds in _least_seconds(options["repetitions"]).items():
        report.add(name, seconds, f"{seconds * 1000:.1f} ms")
    return report


def view_seconds(checkout: Checkout, environment: dict[str, str], *options: str) -> dict[str, float]:
    """Run `bench renders` of a checkout as a process, on the site of `environment`.

    Return the seconds by view.
    """
    with tempfile.TemporaryDirectory(dir=settings.VAR) as folder:
        command = checkout.command("bench", "renders", *options)
        variables = environment | {BENCH_VARIABLE: folder}
        subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL)
        figures = json.loads((Path(folder) / "renders.json").read_text(encoding="utf-8"))
    return {name: seconds for name, seconds in figures.items() if isinstance(seconds, float)}


def _paths() -> dict[str, str]:
    """Return the path to measure by the view's name: of lists the first page, one from the middle and the
    last.
    """
    english = Article.objects.public("en")
    count = english.count()
    slug, long_ago = english.order_by("pk").values_list("slug", "publish_at")[count // 2]
    # The current month may have no article yet.
    last_month = timezone.localtime(timezone.now()).replace(day=1) - timedelta(days=1)
    topic, author = Topic.objects.get(slug=f"topic-{TOPICS // 2}"), Author.objects.published().first()
    return {
        "article, 200 comments": f"/articles/{MEASURED}/",
        "article from the middle": f"/articles/{slug}/",
        **_lists("home", "/", count),
        **_lists("topic", topic.get_absolute_url(), english.filter(topics=topic).count()),
        **_lists("author", author.get_absolute_url(), english.filter(authors=author).count()),
        "archive, year": f"/archive/{last_month:%Y}/",
        "archive, month": f"/archive/{last_month:%Y/%m}/",
        "archive, month long ago": f"/archive/{timezone.localtime(long_ago):%Y/%m}/",
        "feed": "/feed/",
        "feed of a topic": f"{topic.get_absolute_url()}feed/",
        "feed of an author": f"{author.get_absolute_url()}feed/",
        "sitemap": "/sitemap.xml",
        "sitemap, a part": _sitemap_part_path(),
        "search, a word of most": "/search/?q=the",
        "search, two words of most": "/search/?q=the+patent",
        "search, a word of one": f"/search/?q={count // 2 * 2}",
        "search, Chinese": "/zh-hans/search/?q=%E4%B8%93%E5%88%A9",
        "desk, articles": "/admin/articles/article/",
        "desk, comments": "/admin/comments/comment/",
    }


def _lists(name: str, url: str, articles: int) -> dict[str, str]:
    """Return its pages to measure; only the first where it has fewer than four."""
    pages = articles // 10
    if pages < 4:
        return {name: url}
    return {
        name: url,
        f"{name}, page in the middle": f"{url}page/{pages // 2}/",
        f"{name}, page at the end": f"{url}page/{pages - 1}/",
    }


def _sitemap_part_path() -> str:
    parts = re.findall(r"/sitemap-\d+\.xml", _anonymous().get("/sitemap.xml", secure=True).content.decode())
    return parts[len(parts) // 2] if parts else "/sitemap.xml"


def _least_seconds(repetitions: int) -> dict[str, float]:
    with transaction.atomic():
        staff = _anonymous()
        staff.force_login(
            User.objects.create_superuser("desk@bench.example"), settings.AUTHENTICATION_BACKENDS[0]
        )
        clients = {
            name: (staff if path.startswith("/admin/") else _anonymous(), path)
            for name, path in _paths().items()
        }
        seconds = {name: _least(client, path, repetitions) for name, (client, path) in clients.items()}
        transaction.set_rollback(True)
    return seconds


def _least(client: Client, path: str, repetitions: int) -> float:
    least, deadline = float("inf"), time.monotonic() + TIME_LIMIT
    for _repetition in range(repetitions):
        before = time.process_time()
        response = client.get(path, secure=True)
        least = min(least, time.process_time() - before)
        if response.status_code != 200:
            raise MeasurementFailed(f"{path}: {response.status_code}")
        if time.monotonic() > deadline:
            break
    return least


def _anonymous() -> Client:
    return Client(SERVER_NAME=BENCH_HOST)
