"""`manage.py bench SUBJECT`: benchmarks on a throw-away site with the real server."""

import json
import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from articles.models import Article
from ictiger.core.progress import show_progress
from ictiger.env import env
from ictiger.testbed.bench import baseline, growth, pages, posting, rendering, renders
from ictiger.testbed.bench.prepare import prepare
from ictiger.testbed.bench.report import Report
from ictiger.testbed.bench.sites import Log
from ictiger.testbed.bench.wrk import MeasurementFailed
from ictiger.testbed.data.site_maker import SiteBuilder
from ictiger.testbed.processes import this_checkout
from ictiger.testbed.site import BENCH_HOST, BENCH_VARIABLE, temporary_site


class Benchmark(NamedTuple):
    run: Callable[[dict[str, object], Log], Report]
    options: dict[str, dict]  # of the command: name and arguments of add_argument()
    description: str
    compare: Callable[[dict[str, object], Log], Report] | None = None  # in place of `run` with --baseline
    uses_own_site: bool = True  # else it makes other sites, and the temporary site's database stays empty


BENCHMARKS = {
    "comments": Benchmark(
        posting.bench_posting, posting.POSTING_OPTIONS, posting.__doc__, baseline.compare_posting
    ),
    "growth": Benchmark(growth.bench_growth, growth.GROWTH_OPTIONS, growth.__doc__, uses_own_site=False),
    "pages": Benchmark(pages.bench_pages, pages.PAGE_OPTIONS, pages.__doc__, uses_own_site=False),
    "render": Benchmark(
        rendering.bench_rendering, rendering.RENDERING_OPTIONS, rendering.__doc__, uses_own_site=False
    ),
    "renders": Benchmark(
        renders.bench_renders, renders.RENDER_OPTIONS, renders.__doc__, baseline.compare_renders
    ),
}


class Command(BaseCommand):
    help = "Measures the site: on a throw-away one, with a database of its own, through the real server."
    requires_system_checks = []  # the settings of this site are not used for the measured one

    def add_arguments(self, parser: ArgumentParser) -> None:
        subjects = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
        for name, benchmark in BENCHMARKS.items():
            summary = " ".join(benchmark.description.partition("\n\n")[0].split())
            options = subjects.add_parser(name, help=summary, description=summary)
            options.add_argument(
                "--database",
                default=None,
                help="Like DATABASE_URL, which is the default: a database of its own is made on that server, "
                "and dropped. Empty: SQLite.",
            )
            for option, settings_ in benchmark.options.items():
                options.add_argument(f"--{option.replace('_', '-')}", **settings_)
        about = (
            "Fills this site's own database, which must be migrated and hold no article, "
            "with a site of any size."
        )
        make = subjects.add_parser("make", help=about, description=about)
        make.add_argument(
            "--articles", type=int, default=1_000, help="In both languages together (default: %(default)s)."
        )
        make.add_argument(
            "--comments", type=int, default=10_000, help="On all of them (default: %(default)s)."
        )
        make.add_argument("--beside", action="store_true", help="Even if there is a publication already.")
        prepare_ = subjects.add_parser(
            "prepare"
        )  # run by other benchmarks in the environment of each of their sites
        prepare_.add_argument("--articles", type=int, required=True)
        prepare_.add_argument("--posts", type=int, required=True)

    def handle(self, *, subject: str, **options) -> None:
        if subject == "make":
            self._make(**options)
        elif subject == "prepare":
            self._prepare(**options)
        else:
            self._bench(subject, **options)

    def _make(self, *, articles: int, comments: int, beside: bool, **options) -> None:
        if Article.objects.exists() and not beside:
            raise CommandError(
                "There is a publication in this database. "
                "Give DATABASE_URL or ICTIGER_VAR of a new one, and migrate it."
            )
        started = time.monotonic()
        SiteBuilder(articles, comments, partial(show_progress, self.stderr)).build()
        seconds = time.monotonic() - started
        rate = (articles + comments) / seconds
        self.stdout.write(
            f"{articles:,} articles and {comments:,} comments in {seconds:.0f} s: {rate:,.0f} a second."
        )

    def _prepare(self, *, articles: int, posts: int, **options) -> None:
        call_command("migrate", verbosity=0)
        if not Article.objects.exists():
            SiteBuilder(articles, 10 * articles, partial(show_progress, self.stderr)).build()
        self.stdout.write(json.dumps(prepare(posts)))

    def _bench(self, name: str, database: str | None, **options) -> None:
        """Run a benchmark in this process if it is that of a temporary site; else make one, and run this
        there.
        """
        options = {option: options[option] for option in BENCHMARKS[name].options}
        if os.environ.get(BENCH_VARIABLE):
            self._run(name, options)
            return
        database = env("DATABASE_URL", default="") if database is None else database
        with temporary_site(
            BENCH_HOST, database, **{BENCH_VARIABLE: str(settings.VAR / "bench")}
        ) as environment:
            command = this_checkout().command("bench", name, *_as_arguments(options))
            exit_code = subprocess.call(command, env=environment)
        if exit_code:
            sys.exit(exit_code)

    def _run(self, name: str, options: dict[str, object]) -> None:
        benchmark = BENCHMARKS[name]
        if benchmark.uses_own_site:
            call_command("migrate", verbosity=0)
        run = benchmark.compare if benchmark.compare and options["baseline"] else benchmark.run
        try:
            report = run(options, self.stderr.write)
        except MeasurementFailed as error:
            raise CommandError(str(error)) from error
        report.write(Path(os.environ[BENCH_VARIABLE]), name)
        self.stdout.write(report.table())
        if report.faults:
            raise CommandError("; ".join(report.faults))


def _as_arguments(options: dict[str, object]) -> list[str]:
    """Return the options as arguments, for the command in the temporary site."""
    flags = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is True]
    return flags + [
        f"--{name.replace('_', '-')}={item}"
        for name, value in options.items()
        if not (value is None or isinstance(value, bool))
        for item in (value if isinstance(value, list) else [value])
    ]
