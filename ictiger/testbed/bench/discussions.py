"""How long an article with its discussion takes to render, in one process, without network and page store."""

import logging
import time
from collections.abc import Callable
from statistics import median

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.template.loader import render_to_string

from articles.models import Article
from comments.discussion.context import discussion_context
from ictiger.pagecache.crawl import get_page
from ictiger.testbed.data.articles import make_article
from ictiger.testbed.data.discussions import make_discussion
from ictiger.testbed.data.readers import make_people

from .report import Report

SHAPES = {
    "50 comments": (25, 1),
    "10,000 comments": (5_000, 1),
    "200 comments": (50, 3),
}  # threads, replies to each
ROUNDS = 40


def bench_discussions(log: Callable[[str], None]) -> Report:
    log(f"{connection.display_name}: making discussions of {', '.join(SHAPES)} …")
    people = make_people(150)
    articles = {}
    for number, (name, (threads, replies)) in enumerate(SHAPES.items()):
        articles[name] = make_article(number)
        make_discussion(articles[name], people, threads=threads, replies=replies)
    _update_statistics()
    call_command("collectstatic", interactive=False, verbosity=0)  # as `serve` does when it starts
    log("rendering …")
    return _report_discussions(articles)


def _update_statistics() -> None:
    """Update the planner's statistics, as any database does by itself some time after a bulk insert."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _report_discussions(articles: dict[str, Article]) -> Report:
    application = get_wsgi_application()
    logging.getLogger("ictiger.access").setLevel(logging.WARNING)
    paths = {name: article.get_absolute_url().encode() for name, article in articles.items()}
    report = Report("Rendering an article with its discussion, in one process", name="comments-reading")
    queries = {
        name: _count_queries(lambda path=path: get_page(application, path)) for name, path in paths.items()
    }
    times = _median_seconds(
        {name: lambda path=path: get_page(application, path) for name, path in paths.items()}
    )
    for name, (cpu, elapsed) in times.items():
        report.add(
            name,
            elapsed,
            f"{elapsed * 1000:.1f} ms, {cpu * 1000:.1f} of them CPU time of the process; "
            f"{queries[name]} queries",
        )
        report.figures |= {f"{name}: CPU": cpu, f"{name}: queries": queries[name]}

    ratio = times["10,000 comments"][1] / times["50 comments"][1]
    report.add("10,000 ÷ 50", ratio, f"{ratio:.2f}")
    page = articles["200 comments"]
    cpu, _elapsed = _median_seconds(
        {"alone": lambda: render_to_string("comments/_discussion.html", discussion_context(page))}
    )["alone"]
    report.add("the discussion of 200 alone: CPU", cpu, f"{cpu * 1000:.1f} ms")
    if len(set(queries.values())) > 1:
        report.faults.append(f"queries grow with the comments: {queries}")
    return report


def _median_seconds(renders: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """Return the CPU and elapsed seconds of each render: medians of ROUNDS in which they take turns."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in renders}
    for _round in range(ROUNDS):
        for name, render in renders.items():
            cpu, elapsed = time.process_time(), time.perf_counter()
            render()
            seconds[name].append((time.process_time() - cpu, time.perf_counter() - elapsed))
    return {
        name: tuple(median(series) for series in zip(*rounds, strict=True))
        for name, rounds in seconds.items()
    }


def _count_queries(render: Callable[[], object]) -> int:
    statements: list[str] = []

    def record(execute: Callable, statement: str, *rest: object) -> object:
        statements.append(statement)
        return execute(statement, *rest)

    with connection.execute_wrapper(record):
        render()
    return len(statements)
