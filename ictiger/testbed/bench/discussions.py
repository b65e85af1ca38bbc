"""How long an article with its discussion takes to be rendered, in one process: without a network, without the page store."""

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
    call_command(
        "collectstatic", interactive=False, verbosity=0
    )  # the server does it when it starts; nobody starts one here
    log("rendering …")
    return _report_discussions(articles)


def _update_statistics() -> None:
    """As any database does by itself some time after so many rows have come."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _report_discussions(articles: dict[str, Article]) -> Report:
    application = get_wsgi_application()
    logging.getLogger("ictiger.access").setLevel(logging.WARNING)
    paths = {name: article.get_absolute_url().encode() for name, article in articles.items()}
    report = Report("Rendering an article with its discussion, in one process", name="comments-reading")
    queries = {name: _queries(lambda path=path: get_page(application, path)) for name, path in paths.items()}
    times = _medians({name: lambda path=path: get_page(application, path) for name, path in paths.items()})
    for name, (cpu, whole) in times.items():
        report.add(
            name,
            whole,
            f"{whole * 1000:.1f} ms, {cpu * 1000:.1f} of them CPU time of the process; {queries[name]} queries",
        )
        report.figures |= {f"{name}: CPU": cpu, f"{name}: queries": queries[name]}

    ratio = times["10,000 comments"][1] / times["50 comments"][1]
    report.add("10,000 ÷ 50", ratio, f"{ratio:.2f}")
    page = articles["200 comments"]
    alone, _whole = _medians(
        {"alone": lambda: render_to_string("comments/_discussion.html", discussion_context(page))}
    )["alone"]
    report.add("the discussion of 200 alone: CPU", alone, f"{alone * 1000:.1f} ms")
    if len(set(queries.values())) > 1:
        report.faults.append(f"queries grow with the comments: {queries}")
    return report


def _medians(renders: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """Seconds that each takes, of the process and in all: medians of rounds in which they take turns, so that all are disturbed alike."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in renders}
    for _round in range(ROUNDS):
        for name, render in renders.items():
            cpu, whole = time.process_time(), time.perf_counter()
            render()
            taken[name].append((time.process_time() - cpu, time.perf_counter() - whole))
    return {
        name: tuple(median(seconds) for seconds in zip(*each, strict=True)) for name, each in taken.items()
    }


def _queries(render: Callable[[], object]) -> int:
    asked: list[str] = []

    def note(execute: Callable, statement: str, *rest: object) -> object:
        asked.append(statement)
        return execute(statement, *rest)

    with connection.execute_wrapper(note):
        render()
    return len(asked)
