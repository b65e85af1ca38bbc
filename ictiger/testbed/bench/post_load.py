"""Prepared requests that post a comment each, and the concurrent writers that send them."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from django.urls import reverse

from articles.models import Article
from comments.models import Comment
from ictiger.testbed.data.readers import Reader, a_text
from ictiger.testbed.site import BENCH_HOST

from .http_client import Connection

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


def percentile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]
