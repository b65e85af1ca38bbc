"""Posting comments through HTTP: how many a second, how long each takes, and whether each is there exactly once.

Writers post real forms over connections that they keep: a session, a token, a submission of its own, 30 to 120 words in either language, a
third of them answers; half as a script sends them, half as a form without one does. Each reader posts once, so that no limit of theirs is
met. One in fifty is sent a second time and must be the same comment. Afterwards the database is asked for what was accepted.
"""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Count, Max, Q
from django.urls import reverse

from articles.models import Article
from comments.models import Comment, Discussion
from comments.policy import State
from ictiger.testbed.data.articles import make_article
from ictiger.testbed.data.readers import Reader, a_text, make_readers
from ictiger.testbed.processes import running_server
from ictiger.testbed.site import BENCH_HOST

from . import discussions
from .http_client import Connection
from .report import Report

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
}
RESEND_EVERY = 50  # one form in so many is sent twice
ACCEPTED = {HTTPStatus.FOUND, HTTPStatus.CREATED}


@dataclass(frozen=True)
class PreparedPost:
    submission: uuid.UUID
    request: bytes


@dataclass
class PostResult:
    """What one writer saw."""

    seconds: list[float] = field(default_factory=list)
    accepted: list[uuid.UUID] = field(default_factory=list)
    others: Counter = field(default_factory=Counter)  # answers that are none of ACCEPTED, by their status
    sent_again: int = 0


def bench_posting(options: dict, tell: Callable[[str], None]) -> Report:
    return discussions.bench_discussions(tell) if options["reading"] else _measure(options, tell)


def _measure(options: dict, tell: Callable[[str], None]) -> Report:
    tell(
        f"{connection.display_name}: making {options['articles']} articles and {options['readers']} readers …"
    )
    articles = [make_article(number) for number in range(options["articles"])]
    readers = make_readers(options["readers"], articles)
    pile = list(forms(readers, articles))
    tell(f"{options['writers']} writers post for {options['seconds']:.0f} s …")
    size = [f"--{what}={options[what]}" for what in ("workers", "threads") if options[what]]
    with running_server(*size) as server:
        outcomes, took = post(pile, server.port, options["writers"], options["seconds"])
    return _report_posting(options, outcomes, took)


def forms(readers: list[Reader], articles: list[Article]) -> Iterator[PreparedPost]:
    """Each reader's one request, ready to be sent: making them must not take time from the server."""
    chance = random.Random(2)
    addresses = {article.pk: reverse("comments:post", args=[article.slug]) for article in articles}
    threads = {
        article.pk: list(Comment.objects.filter(article=article).values_list("pk", flat=True)[:100])
        for article in articles
    }
    for number, reader in enumerate(readers):
        article = articles[(number * 7 + 3) % len(articles)].pk
        parent = chance.choice(threads[article]) if number % 3 == 0 and threads[article] else ""
        submission = uuid.uuid4()
        text = a_text(chance, most=65 if parent else 120)
        sent = {"csrfmiddlewaretoken": reader.token, "body": text, "parent": parent, "submission": submission}
        yield PreparedPost(submission, _request(addresses[article], sent, reader, by_script=number % 2 == 0))


def _request(address: str, sent: dict, reader: Reader, *, by_script: bool) -> bytes:
    body = urlencode(sent)
    head = [
        f"POST {address} HTTP/1.1",
        f"Host: {BENCH_HOST}",
        "X-Forwarded-Proto: https",
        f"X-Forwarded-For: 10.{reader.user_id >> 16 & 255}.{reader.user_id >> 8 & 255}.{reader.user_id & 255}",
        f"Origin: https://{BENCH_HOST}",
        "Accept-Encoding: gzip",
        f"Cookie: sessionid={reader.session}; csrftoken={reader.secret}; reader=member",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *(["X-Fragment: comment"] if by_script else []),
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def post(
    forms: Iterable[PreparedPost], port: int, writers: int, seconds: float
) -> tuple[list[PostResult], float]:
    """Let the writers take forms from one pile until the time or the pile is over. Returns what they saw, and the seconds it took."""
    pile, outcomes = iter(forms), [PostResult() for _writer in range(writers)]
    lock, together = threading.Lock(), threading.Barrier(writers + 1)

    def take() -> PreparedPost | None:
        with lock:
            return next(pile, None)

    threads = [
        threading.Thread(target=_write, args=[take, port, seconds, outcome, together]) for outcome in outcomes
    ]
    for thread in threads:
        thread.start()
    together.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    return outcomes, time.perf_counter() - begun


def _write(
    take: Callable[[], PreparedPost | None],
    port: int,
    seconds: float,
    outcome: PostResult,
    together: threading.Barrier,
) -> None:
    with Connection(port) as server:
        together.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and (form := take()) is not None:
            begun = time.perf_counter()
            status = server.ask(form.request)
            outcome.seconds.append(time.perf_counter() - begun)
            if status not in ACCEPTED:
                outcome.others[status] += 1
                continue
            outcome.accepted.append(form.submission)
            if len(outcome.accepted) % RESEND_EVERY == 0:
                outcome.sent_again += 1
                if server.ask(form.request) != status:
                    outcome.others["sent again"] += 1


def _report_posting(options: dict, outcomes: list[PostResult], took: float) -> Report:
    seconds = sorted(second for outcome in outcomes for second in outcome.seconds)
    accepted = [submission for outcome in outcomes for submission in outcome.accepted]
    others = sum((outcome.others for outcome in outcomes), Counter())
    report = Report(
        f"Posting comments: {options['writers']} writers, {options['articles']} articles, {options['workers']} processes"
    )
    report.add("comments accepted", len(accepted), f"{len(accepted):,} in {took:.1f} s")
    report.add("comments a second", len(accepted) / took, f"{len(accepted) / took:.0f}")
    for percent in (50, 95, 99):
        value = seconds[min(len(seconds) * percent // 100, len(seconds) - 1)]
        report.add(f"p{percent}", value, f"{value * 1000:.0f} ms")
    report.add("slowest", seconds[-1], f"{seconds[-1] * 1000:.0f} ms")
    report.add(
        "sent twice",
        sum(outcome.sent_again for outcome in outcomes),
        f"{sum(outcome.sent_again for outcome in outcomes)}",
    )
    report.add(
        "other answers",
        {str(status): number for status, number in others.items()},
        ", ".join(map(str, others.items())) or "none",
    )
    _check(report, accepted, others)
    return report


def _check(report: Report, accepted: list[uuid.UUID], others: Counter) -> None:
    """Ask the database: each accepted comment once, no other, and all counters right."""
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
    """Discussions whose row does not say what their comments say, or whose threads are not numbered 1, 2, 3, …"""
    visible, thread = Count("pk", filter=Q(state=State.VISIBLE)), Count("thread_no", distinct=True)
    found = {
        row["discussion"]: (row["visible"], row["numbers"], row["last"])
        for row in Comment.objects.order_by()
        .values("discussion")
        .annotate(visible=visible, numbers=thread, last=Max("thread_no"))
    }
    return [
        f"{discussion.key}: {discussion.comments} comments and {discussion.threads} threads, found {found.get(discussion.key)}"
        for discussion in Discussion.objects.all()
        if found.get(discussion.key) != (discussion.comments, discussion.threads, discussion.threads)
    ]
