"""The readers of a drill: each response must be at least as new as the writes completed before the
request.
"""

import http.client
import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .http_client import HttpClient, Response
from .subjects import ADDS, SCHEDULES, ExpectedVersions, SubjectKind, TrackedObject, versions_in

CUT_GRACE = 0.05  # seconds until a reader tries again
CONDITIONAL_SHARE = 0.25  # of the requests for a page that the reader has: they send If-None-Match


@dataclass
class ReadRecord:
    """What one reader has counted and found."""

    reads: int = 0
    checked: int = 0
    unmodified: int = 0
    scheduled: int = 0  # reads that were checked against a schedule
    cut: int = 0  # requests without a response
    stale: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, other: "ReadRecord") -> None:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)))


def load_record(file: Path) -> ReadRecord:
    return ReadRecord(**json.loads(file.read_text()))


class DrillReader:
    def __init__(
        self, subjects: list[TrackedObject], expected: ExpectedVersions, port: int, *, lossy: bool = False
    ) -> None:
        self.subjects, self.expected = subjects, expected
        self.client = HttpClient(port)
        self.lossy = lossy  # servers are killed: a request that is cut off is no error
        self.record = ReadRecord()
        self.cached: dict[tuple[str, str], tuple[str, str]] = {}
        self.pages = sorted({page for subject in subjects for page in subject.pages})
        self.moving = [subject for subject in subjects if subject.kind == SubjectKind.SLUG]
        self.scheduled = [subject for subject in subjects if subject.kind in SCHEDULES]
        self.talks = [subject for subject in subjects if subject.kind == SubjectKind.COMMENT]

    def run(self, is_running: Callable[[], bool], file: Path) -> None:
        checks = [
            (self.check_page, 85),
            (self.check_moving, 6),
            (self.check_scheduled, 6),
            (self.check_comment, 3),
        ]
        while is_running():
            (check,) = random.choices(*zip(*checks, strict=True))
            try:
                check()
            except (OSError, http.client.HTTPException) as error:
                self.record.cut += 1
                if not self.lossy:
                    self.record.errors.append(f"{check.__name__}: {error!r}")
                time.sleep(CUT_GRACE)
        self.record.save(file)

    def check_page(self) -> None:
        """Read a page, list or feed: every object that must show on it does, in a version that is new
        enough.
        """
        path = random.choice(self.pages)
        versions, turns = list(self.expected.versions), list(self.expected.turn)
        response = self.get(path)
        if self.is_fault(response, path, 200):
            return
        self.check_versions(versions, response, path)
        for subject in self.scheduled:
            if path in subject.lists:
                self.check_schedule(
                    subject, turns, response, path, f"/articles/scheduled-{subject.number}/" in response.text
                )

    def check_moving(self) -> None:
        """Read an article whose slug changes: the new URL shows it, the old one redirects there."""
        subject = random.choice(self.moving)
        versions = list(self.expected.versions)
        expected = versions[subject.number]
        old = expected > 0 and random.random() < 0.5
        path = f"/articles/moving-{subject.number}-{expected - old}/"
        response = self.get(path)
        if self.is_fault(response, path, *([301, 404] if old else [200, 301])):
            return
        if response.status == 404:  # the URL of a version whose write was cut off
            self.record.checked += 1
            return
        self.check_versions(versions, response, path)
        if response.status == 301:
            target = versions_in(response.headers["location"]).get(subject.number, [-1])[0]
            if target < expected:
                self.stale(response, path, f"leads to {response.headers['location']} instead of {expected}")

    def check_scheduled(self) -> None:
        subject = random.choice(self.scheduled)
        path = f"/articles/scheduled-{subject.number}/"
        versions, turns = list(self.expected.versions), list(self.expected.turn)
        response = self.get(path)
        hidden = 404 if subject.kind == SubjectKind.APPEAR else 410
        if self.is_fault(response, path, 200, *([] if subject.kind == SubjectKind.CLOSE else [hidden, 404])):
            return
        self.check_versions(versions, response, path)
        is_shown = (
            response.status == 200
            if subject.kind != SubjectKind.CLOSE
            else f"{path}comments/new/" in response.text
        )
        self.check_schedule(subject, turns, response, path, is_shown)

    def check_comment(self) -> None:
        """Follow the permalink of the newest comment to the page that shows it."""
        subject = random.choice(self.talks)
        newest = self.expected.latest[subject.number]
        if not newest:
            return
        path = f"/comments/{newest}/"
        response = self.get(path)
        if self.is_fault(response, path, 302):
            return
        page = self.get(response.headers["location"].partition("#")[0])
        if self.is_fault(page, path, 200):
            return
        self.record.checked += 1
        if f'id="comment-{newest}"' not in page.text:
            self.stale(page, response.headers["location"], "the comment is not there")

    def check_versions(self, expected: list[int], response: Response, path: str) -> None:
        """Record a stale page when an object is missing from it or older than its `expected` version."""
        self.record.checked += 1
        shown = versions_in(response.text)
        for subject in self.subjects:
            versions = shown.get(subject.number, [-1] if path in subject.pages else [])
            oldest = (max if subject.kind in ADDS else min)(versions, default=None)
            if oldest is not None and oldest < expected[subject.number]:
                self.stale(
                    response,
                    path,
                    f"{subject.kind} {subject.number}: {oldest} instead of {expected[subject.number]}",
                )

    def check_schedule(
        self, subject: TrackedObject, turns: list[int], response: Response, path: str, is_shown: bool
    ) -> None:
        """Record a stale page when a scheduled object shows too early or too late.

        A request across the moment, or during a write of the schedule, proves nothing.
        """
        turn, moment = turns[subject.number], self.expected.moment[subject.number]
        if turn == 0 or turn % 2 or turn != self.expected.turn[subject.number]:
            return
        appears = subject.kind == SubjectKind.APPEAR
        should_show = (
            appears
            if response.started_at >= moment
            else not appears
            if response.ended_at < moment
            else is_shown
        )
        self.record.scheduled += 1
        if is_shown != should_show:
            offset = response.started_at - moment
            shown = "there" if is_shown else "not there"
            fault = f"{subject.kind} {subject.number}: {shown} {offset:+.3f} s from its moment"
            self.stale(response, path, fault)

    def get(self, path: str) -> Response:
        encoding = random.choice(["gzip", "identity"])
        etag, text = self.cached.get((path, encoding), ("", ""))
        headers = {"accept_encoding": encoding} | (
            {"if_none_match": etag} if etag and random.random() < CONDITIONAL_SHARE else {}
        )
        response = self.client.get(path, **headers)
        self.record.reads += 1
        self.record.seconds.append(round(response.ended_at - response.started_at, 4))
        if response.status == 304:
            self.record.unmodified += 1
            return response._replace(status=200, text=text)
        if response.status == 200 and "etag" in response.headers:
            self.cached[path, encoding] = (response.headers["etag"], response.text)
        return response

    def is_fault(self, response: Response, path: str, *expected: int) -> bool:
        if response.status in expected:
            return False
        if self.lossy and response.status in (502, 503, 504):
            self.record.cut += 1
        elif response.status >= 500:
            self.record.errors.append(f"{path}: {response.status}: {response.text[:300]}")
        else:
            self.stale(response, path, f"status {response.status}")
        return True

    def stale(self, response: Response, path: str, fault: str) -> None:
        form = response.headers.get("content-encoding", "plain")
        self.record.stale.append(f"{path} ({form}, asked at {response.started_at:.3f}): {fault}")
