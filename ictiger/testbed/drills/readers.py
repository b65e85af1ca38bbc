"""The readers of a drill. Each answer is held against what had been answered to writers before it was asked for."""

import http.client
import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .http_client import Answer, HttpClient
from .subjects import ADDS, SCHEDULES, ExpectedVersions, SubjectKind, TrackedObject, versions_in

CUT_GRACE = 0.05  # seconds until a reader tries again
RETRIES = 0.25  # of the requests say which form of the page the reader has


@dataclass
class ReadRecord:
    """What one reader has seen."""

    reads: int = 0
    checked: int = 0
    unmodified: int = 0
    scheduled: int = 0  # reads that were held against the clock
    cut: int = 0  # requests whose server was gone
    stale: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, other: "ReadRecord") -> None:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)))


def load(file: Path) -> ReadRecord:
    return ReadRecord(**json.loads(file.read_text()))


class DrillReader:
    def __init__(
        self, subjects: list[TrackedObject], ledger: ExpectedVersions, port: int, *, lossy: bool = False
    ) -> None:
        self.subjects, self.ledger = subjects, ledger
        self.asker = HttpClient(port)
        self.lossy = lossy  # processes are killed: a request may be cut, and that is no error
        self.record = ReadRecord()
        self.known: dict[tuple[str, str], tuple[str, str]] = {}
        self.pages = sorted({page for subject in subjects for page in subject.pages})
        self.moving = [subject for subject in subjects if subject.kind == SubjectKind.SLUG]
        self.scheduled = [subject for subject in subjects if subject.kind in SCHEDULES]
        self.talks = [subject for subject in subjects if subject.kind == SubjectKind.COMMENT]

    def run(self, goes_on: Callable[[], bool], file: Path) -> None:
        looks = [
            (self.look_at_page, 85),
            (self.look_at_moving, 6),
            (self.look_at_scheduled, 6),
            (self.look_at_comment, 3),
        ]
        while goes_on():
            (look,) = random.choices([look for look, _weight in looks], [weight for _look, weight in looks])
            try:
                look()
            except (OSError, http.client.HTTPException) as error:
                self.record.cut += 1
                if not self.lossy:
                    self.record.errors.append(f"{look.__name__}: {error!r}")
                time.sleep(CUT_GRACE)
        self.record.save(file)

    # --- what is looked at ------------------------------------------------------------------------------------------------------------

    def look_at_page(self) -> None:
        """A page, list or feed: everything that shows on it is there, and nothing on it is older than what was answered."""
        path = random.choice(self.pages)
        owed, turns = list(self.ledger.owed), list(self.ledger.turn)
        answer = self.get(path)
        if self.is_fault(answer, path, 200):
            return
        self.hold_against_ledger(owed, answer, path)
        for subject in self.scheduled:
            if path in subject.lists:
                self.hold_against_clock(
                    subject, turns, answer, path, f"/articles/scheduled-{subject.number}/" in answer.text
                )

    def look_at_moving(self) -> None:
        """The new address shows the article, the old one leads there."""
        subject = random.choice(self.moving)
        all_owed = list(self.ledger.owed)
        owed = all_owed[subject.number]
        old = owed > 0 and random.random() < 0.5
        path = f"/articles/moving-{subject.number}-{owed - old}/"
        answer = self.get(path)
        if self.is_fault(answer, path, *([301, 404] if old else [200, 301])):
            return
        if (
            answer.status == 404
        ):  # a version that was cut off: never an address, though the page says which one was asked for
            self.record.checked += 1
            return
        self.hold_against_ledger(all_owed, answer, path)
        if answer.status == 301:
            led_to = versions_in(answer.headers["location"]).get(subject.number, [-1])[0]
            if led_to < owed:
                self.stale(answer, path, f"leads to {answer.headers['location']} instead of {owed}")

    def look_at_scheduled(self) -> None:
        subject = random.choice(self.scheduled)
        path = f"/articles/scheduled-{subject.number}/"
        owed, turns = list(self.ledger.owed), list(self.ledger.turn)
        answer = self.get(path)
        hidden = 404 if subject.kind == SubjectKind.APPEAR else 410
        if self.is_fault(answer, path, 200, *([] if subject.kind == SubjectKind.CLOSE else [hidden, 404])):
            return
        self.hold_against_ledger(owed, answer, path)
        is_there = (
            answer.status == 200
            if subject.kind != SubjectKind.CLOSE
            else f"{path}comments/new/" in answer.text
        )
        self.hold_against_clock(subject, turns, answer, path, is_there)

    def look_at_comment(self) -> None:
        """The permalink of the newest comment leads to the page on which it stands."""
        subject = random.choice(self.talks)
        newest = self.ledger.latest[subject.number]
        if not newest:
            return
        path = f"/comments/{newest}/"
        answer = self.get(path)
        if self.is_fault(answer, path, 302):
            return
        page = self.get(answer.headers["location"].partition("#")[0])
        if self.is_fault(page, path, 200):
            return
        self.record.checked += 1
        if f'id="comment-{newest}"' not in page.text:
            self.stale(page, answer.headers["location"], "the comment is not there")

    # --- how it is judged -------------------------------------------------------------------------------------------------------------

    def hold_against_ledger(self, owed: list[int], answer: Answer, path: str) -> None:
        """What must show on this page does, and nothing that it shows is older than what had been answered."""
        self.record.checked += 1
        shown = versions_in(answer.text)
        for subject in self.subjects:
            versions = shown.get(subject.number, [-1] if path in subject.pages else [])
            oldest = (max if subject.kind in ADDS else min)(versions, default=None)
            if oldest is not None and oldest < owed[subject.number]:
                self.stale(
                    answer,
                    path,
                    f"{subject.kind} {subject.number}: {oldest} instead of {owed[subject.number]}",
                )

    def hold_against_clock(
        self, subject: TrackedObject, turns: list[int], answer: Answer, path: str, is_there: bool
    ) -> None:
        """Before the moment as before, from the moment on as after: asked for at that very time, with nobody writing meanwhile."""
        turn, moment = turns[subject.number], self.ledger.moment[subject.number]
        if turn == 0 or turn % 2 or turn != self.ledger.turn[subject.number]:
            return
        appears = subject.kind == SubjectKind.APPEAR
        due = appears if answer.began >= moment else not appears if answer.ended < moment else is_there
        self.record.scheduled += 1
        if is_there != due:
            away = answer.began - moment
            self.stale(
                answer,
                path,
                f"{subject.kind} {subject.number}: {'' if is_there else 'not '}there {away:+.3f} s from its moment",
            )

    def get(self, path: str) -> Answer:
        encoding = random.choice(["gzip", "identity"])
        etag, text = self.known.get((path, encoding), ("", ""))
        headers = {"accept_encoding": encoding} | (
            {"if_none_match": etag} if etag and random.random() < RETRIES else {}
        )
        answer = self.asker.get(path, **headers)
        self.record.reads += 1
        self.record.seconds.append(round(answer.ended - answer.began, 4))
        if answer.status == 304:
            self.record.unmodified += 1
            return answer._replace(status=200, text=text)
        if answer.status == 200 and "etag" in answer.headers:
            self.known[path, encoding] = (answer.headers["etag"], answer.text)
        return answer

    def is_fault(self, answer: Answer, path: str, *expected: int) -> bool:
        if answer.status in expected:
            return False
        if self.lossy and answer.status in (502, 503, 504):
            self.record.cut += 1
        elif answer.status >= 500:
            self.record.errors.append(f"{path}: {answer.status}: {answer.text[:300]}")
        else:
            self.stale(answer, path, f"status {answer.status}")
        return True

    def stale(self, answer: Answer, path: str, what: str) -> None:
        form = answer.headers.get("content-encoding", "plain")
        self.record.stale.append(f"{path} ({form}, asked at {answer.began:.3f}): {what}")
