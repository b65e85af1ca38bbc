"""Prepared requests that post a comment each, and the concurrent writers that send them."""

import ipaddress
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
from ictiger.testbed.data.readers import Reader, random_text
from ictiger.testbed.site import BENCH_HOST

from .http_client import Connection

RESEND_EVERY = 50  # one post in this many is sent twice
FIRST_ADDRESS = int(ipaddress.ip_address("10.0.0.0"))  # of the readers, each with another address
ACCEPTED = {HTTPStatus.FOUND, HTTPStatus.CREATED}


@dataclass(frozen=True)
class PreparedPost:
    submission: uuid.UUID | None  # None if prepared by another process
    request: bytes


@dataclass
class PostResult:
    """What one writer got."""

    seconds: list[float] = field(default_factory=list)
    accepted: list[uuid.UUID] = field(default_factory=list)
    others: Counter = field(default_factory=Counter)  # responses that are not ACCEPTED, by status
    sent_again: int = 0


def prepare_posts(readers: list[Reader], articles: list[Article]) -> Iterator[PreparedPost]:
    """Yield one complete request for each reader, so that making them takes no time from the server."""
    chance = random.Random(2)
    urls = {article.pk: reverse("comments:post", args=[article.slug]) for article in articles}
    threads = {
        article.pk: list(Comment.objects.filter(article=article).values_list("pk", flat=True)[:100])
        for article in articles
    }
    for number, reader in enumerate(readers):
        article = articles[(number * 7 + 3) % len(articles)].pk
        parent = chance.choice(threads[article]) if number % 3 == 0 and threads[article] else ""
        submission = uuid.uuid4()
        text = random_text(chance, most=65 if parent else 120)
        form = {"csrfmiddlewaretoken": reader.token, "body": text, "parent": parent, "submission": submission}
        yield PreparedPost(submission, _request(urls[article], form, reader, by_script=number % 2 == 0))


def _request(url: str, form: dict, reader: Reader, *, by_script: bool) -> bytes:
    body = urlencode(form)
    head = [
        f"POST {url} HTTP/1.1",
        f"Host: {BENCH_HOST}",
        "X-Forwarded-Proto: https",
        f"X-Forwarded-For: {ipaddress.ip_address(FIRST_ADDRESS + reader.user_id)}",
        f"Origin: https://{BENCH_HOST}",
        "Accept-Encoding: gzip",
        f"Cookie: sessionid={reader.session}; csrftoken={reader.secret}; reader=member",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *(["X-Fragment: comment"] if by_script else []),
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def post(
    posts: Iterable[PreparedPost], port: int, writers: int, seconds: float
) -> tuple[list[PostResult], float]:
    """Let concurrent writers send `posts` until the time is over or none is left.

    Returns what each got, and the seconds it took.
    """
    remaining, results = iter(posts), [PostResult() for _writer in range(writers)]
    lock, start = threading.Lock(), threading.Barrier(writers + 1)

    def take() -> PreparedPost | None:
        with lock:
            return next(remaining, None)

    threads = [
        threading.Thread(target=_write, args=[take, port, seconds, result, start]) for result in results
    ]
    for thread in threads:
        thread.start()
    start.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return results, time.perf_counter() - started


def _write(
    take: Callable[[], PreparedPost | None],
    port: int,
    seconds: float,
    result: PostResult,
    start: threading.Barrier,
) -> None:
    with Connection(port) as server:
        start.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and (prepared := take()) is not None:
            started = time.perf_counter()
            status = server.send(prepared.request)
            result.seconds.append(time.perf_counter() - started)
            if status not in ACCEPTED:
                result.others[status] += 1
                continue
            result.accepted.append(prepared.submission)
            if len(result.accepted) % RESEND_EVERY == 0:
                result.sent_again += 1
                if server.send(prepared.request) != status:
                    result.others["sent again"] += 1


def percentile(ordered: list[float], percent: int) -> float:
    """Return the value that `percent` % of the values, in ascending order, do not exceed."""
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]
