"""Posting comments over HTTP: how many a second, how long each takes, and whether each is stored exactly
once.

Writers post real forms over persistent connections: with session, token and submission id, 30 to 120 words in
either language, a third of them replies; half as the page's script sends them, half as a plain form. Each
reader posts once, so that no rate limit applies. One in fifty is sent a second time and must result in the
same comment. Afterwards the database is compared with what was accepted.
"""

import uuid
from collections import Counter

from django.db import connection
from django.db.models import Count, Max, Q

from comments.models import Comment, Discussion
from comments.policy import State
from ictiger.testbed.data.articles import make_article
from ictiger.testbed.data.readers import make_readers
from ictiger.testbed.processes import running_server

from . import discussions
from .post_load import PostResult, percentile, post, prepare_posts
from .report import Report
from .sites import BASELINE_OPTION, Log

POSTING_OPTIONS = {
    "reading": {
        "action": "store_true",
        "help": "Measure how long discussions take to be rendered instead, few comments and ten thousand.",
    },
    "readers": {
        "type": int,
        "default": 6_000,
        "help": "At most so many comments are posted, one by each reader (default: %(default)s).",
    },
    "seconds": {"type": float, "default": 15.0, "help": "How long the writers post (default: %(default)s)."},
    "writers": {"type": int, "default": 8, "help": "Connections that post at once (default: %(default)s)."},
    "articles": {"type": int, "default": 50, "help": "Articles that they post under (default: %(default)s)."},
    "workers": {"type": int, "default": 2, "help": "Processes of the server (default: %(default)s)."},
    "threads": {"type": int, "default": None, "help": "Of each process (default: as the server has it)."},
    "baseline": BASELINE_OPTION,
    "rounds": {"type": int, "default": 7, "help": "Of a comparison with --baseline (default: %(default)s)."},
}


def bench_posting(options: dict, log: Log) -> Report:
    return discussions.bench_discussions(log) if options["reading"] else _measure(options, log)


def _measure(options: dict, log: Log) -> Report:
    log(
        f"{connection.display_name}: making {options['articles']} articles and {options['readers']} readers …"
    )
    articles = [make_article(number) for number in range(options["articles"])]
    readers = make_readers(options["readers"], articles)
    posts = list(prepare_posts(readers, articles))
    log(f"{options['writers']} writers post for {options['seconds']:.0f} s …")
    size = [f"--{name}={options[name]}" for name in ("workers", "threads") if options[name]]
    with running_server(*size) as server:
        results, duration = post(posts, server.port, options["writers"], options["seconds"])
    return _report_posting(options, results, duration)


def _report_posting(options: dict, results: list[PostResult], duration: float) -> Report:
    seconds = sorted(second for result in results for second in result.seconds)
    accepted = [submission for result in results for submission in result.accepted]
    others = sum((result.others for result in results), Counter())
    report = Report(
        f"Posting comments: {options['writers']} writers, {options['articles']} articles, "
        f"{options['workers']} processes"
    )
    report.add("comments accepted", len(accepted), f"{len(accepted):,} in {duration:.1f} s")
    report.add("comments a second", len(accepted) / duration, f"{len(accepted) / duration:.0f}")
    for percent in (50, 95, 99):
        value = percentile(seconds, percent)
        report.add(f"p{percent}", value, f"{value * 1000:.0f} ms")
    report.add("slowest", seconds[-1], f"{seconds[-1] * 1000:.0f} ms")
    report.add(
        "sent twice",
        sum(result.sent_again for result in results),
        f"{sum(result.sent_again for result in results)}",
    )
    report.add(
        "other answers",
        {str(status): number for status, number in others.items()},
        ", ".join(map(str, others.items())) or "none",
    )
    _check(report, accepted, others)
    return report


def _check(report: Report, accepted: list[uuid.UUID], others: Counter) -> None:
    """Report accepted comments that the database lacks or has twice, and wrong counters."""
    stored = Counter(Comment.objects.filter(submission__in=accepted).values_list("submission", flat=True))
    posted = Comment.objects.filter(approved=False).count()
    lost = [submission for submission in accepted if submission not in stored]
    report.add("lost", len(lost), str(len(lost)))
    doubled = max(posted - len(set(accepted)), len(accepted) - len(set(accepted)))
    report.add("doubled", doubled, str(doubled))
    held = Comment.objects.filter(approved=False).exclude(state=State.VISIBLE).count()
    report.add("held by a rule", held, str(held))
    wrong = _wrong_counters()
    report.add("wrong counters", len(wrong), str(len(wrong)))
    report.faults += [f"{len(lost)} comments lost"] * bool(lost) + [f"{doubled} comments doubled"] * (
        doubled != 0
    )
    report.faults += [f"wrong counters: {wrong[:3]}"] * bool(wrong) + [
        f"other answers: {dict(others)}"
    ] * bool(others)


def _wrong_counters() -> list[str]:
    """Describe discussions whose counters differ from their comments, or whose threads are not numbered 1, 2,
    3, …
    """
    visible, thread = Count("pk", filter=Q(state=State.VISIBLE)), Count("thread_no", distinct=True)
    counted = {
        counts["discussion"]: (counts["visible"], counts["numbers"], counts["last"])
        for counts in Comment.objects.order_by()
        .values("discussion")
        .annotate(visible=visible, numbers=thread, last=Max("thread_no"))
    }
    return [
        f"{discussion.key}: {discussion.comments} comments and {discussion.threads} threads, "
        f"found {counted.get(discussion.key)}"
        for discussion in Discussion.objects.all()
        if counted.get(discussion.key) != (discussion.comments, discussion.threads, discussion.threads)
    ]
