"""The writers of a drill: comments through HTTP as readers send them, everything else through the verbs, in a process beside the server."""

import http.client
import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from multiprocessing.sharedctypes import RawArray
from urllib.parse import urlencode

from django.db import DatabaseError, InterfaceError, connections
from django.test import Client
from django.utils import timezone

from articles.models import Article, Publication, Topic
from articles.services import create_article, publish, set_options, unpublish
from ictiger.pagecache import public_write as change_module
from ictiger.pagecache.models import Purge
from ictiger.pagecache.public_write import public_write
from ictiger.testbed.site import DRILL_HOST

from .http_client import HttpClient
from .subjects import (
    ACCOUNTS,
    BODY,
    SCHEDULES,
    ExpectedVersions,
    SubjectKind,
    TrackedObject,
    account,
    retitle,
)

# How often each kind is written, in proportion. A site-wide change empties the whole store.
WEIGHTS = {
    SubjectKind.COMMENT: 30,
    SubjectKind.EDIT: 20,
    SubjectKind.TITLE: 15,
    SubjectKind.PUBLISH: 6,
    SubjectKind.SLUG: 10,
    SubjectKind.SITE: 4,
    SubjectKind.APPEAR: 8,
    SubjectKind.EXPIRE: 8,
    SubjectKind.CLOSE: 8,
}
TAKES_EFFECT_AFTER = 1.3  # seconds
SEEN_FOR = 1.0  # seconds that a schedule's effect is left to be seen
TOKEN = "drill" * 6 + "xx"  # of a form, and of the cookie that must match it


class Withheld(RuntimeError):
    """The policy held a comment that the drill counts on."""


class DrillWriter:
    def __init__(
        self,
        number: int,
        subjects: list[TrackedObject],
        ledger: ExpectedVersions,
        port: int,
        written: RawArray,
        *,
        lossy: bool,
    ) -> None:
        self.number = number
        self.subjects = [subject for subject in subjects if subject.writer == number]
        self.ledger = ledger
        self.asker = HttpClient(port)
        self.written = written  # by kind, in the order of Kind
        self.lossy = lossy  # processes are killed: a request may be cut, and nobody knows what became of it
        self.sessions: list[str] = []

    def run(self, goes_on: Callable[[], bool], pause: float) -> None:
        """Write until the time is over, with `pause` seconds between two writes on the average. Whatever fails ends it."""
        change_module.purge_outbox_row = self._purge_unless_doomed
        self.sessions = [session_of(self.number, number) for number in range(ACCOUNTS)]
        once_each = self._once_each()
        while goes_on():
            try:
                self.write(next(once_each, None) or self._any())
            except (OSError, http.client.HTTPException, DatabaseError, InterfaceError):
                if not self.lossy:
                    raise
                connections.close_all()
            time.sleep(random.uniform(0, 2 * pause))
        connections.close_all()

    def _once_each(self) -> Iterator[TrackedObject]:
        """All subjects, and one of each kind first. Every other writer begins at the other end: a short drill comes to all kinds too."""
        kinds, met = list(SubjectKind), Counter()

        def turn(subject: TrackedObject) -> tuple[int, int]:
            met[subject.kind] += 1
            place = kinds.index(subject.kind)
            return met[subject.kind], place if self.number % 2 else -place

        return iter(sorted(random.sample(self.subjects, len(self.subjects)), key=turn))

    def _any(self) -> TrackedObject:
        ready = [subject for subject in self.subjects if self._is_ready(subject)]
        return random.choices(ready, [WEIGHTS[subject.kind] for subject in ready])[0]

    def _is_ready(self, subject: TrackedObject) -> bool:
        return subject.kind not in SCHEDULES or time.time() > self.ledger.moment[subject.number] + SEEN_FOR

    def write(self, subject: TrackedObject) -> None:
        self.ledger.begun[subject.number] += 1
        version = self.ledger.begun[subject.number]
        if subject.kind in SCHEDULES:
            self._schedule(subject)
        else:
            WRITES[subject.kind](self, subject, version)
            self.ledger.owed[subject.number] = version  # from here on: it is answered
        self.written[list(SubjectKind).index(subject.kind)] += 1

    def _purge_unless_doomed(self, row: Purge) -> None:
        """What a power cut between COMMIT and purge leaves behind."""
        if self.ledger.doomed[self.number]:
            os.kill(os.getpid(), signal.SIGKILL)
        purge(row)

    def _schedule(self, subject: TrackedObject) -> None:
        """Readers hold a schedule against the clock, but not while it is written, nor after a cut until it is written again."""
        self.ledger.turn[subject.number] |= 1
        moment = time.time() + TAKES_EFFECT_AFTER
        when = datetime.fromtimestamp(moment, timezone.get_current_timezone())
        article = Article.objects.get(pk=subject.pk)
        if subject.kind == SubjectKind.APPEAR:
            unpublish(article)
            publish(article, at=when)
        elif subject.kind == SubjectKind.EXPIRE:
            set_options(article, expires_at=when)
        else:
            set_options(article, comments_close_at=when)
        self.ledger.moment[subject.number] = moment
        self.ledger.turn[subject.number] += 1

    # --- kinds of writes --------------------------------------------------------------------------------------------------------------

    def comment(self, subject: TrackedObject, version: int) -> None:
        slug = f"talk-{self.number}"
        form = {"body": f"An argument, {subject.stamp(version)}.", "submission": uuid.uuid4(), "parent": ""}
        self.ledger.latest[subject.number] = self._post(
            f"/articles/{slug}/comments/", form, self.sessions[version % ACCOUNTS]
        )

    def edit(self, subject: TrackedObject, version: int) -> None:
        self._post(
            f"/comments/{subject.pk}/edit/",
            {"body": f"Another argument, {subject.stamp(version)}."},
            self.sessions[0],
        )

    def title(self, subject: TrackedObject, version: int) -> None:
        retitle(subject.pk, subject.stamp(version))

    def publish(self, subject: TrackedObject, version: int) -> None:
        topic = Topic.objects.get(pk=subject.pk)
        publish(
            create_article(slug=f"news-{version}", title=subject.stamp(version), body=BODY, topics=[topic])
        )

    def move(self, subject: TrackedObject, version: int) -> None:
        retitle(subject.pk, "Moving", slug=f"moving-{subject.number}-{version}")

    def site(self, subject: TrackedObject, version: int) -> None:
        publication = Publication.objects.get(pk=subject.pk)
        with public_write(publication):
            publication.name = subject.stamp(version)
            publication.save()

    def _post(self, path: str, form: dict, session: str) -> int:
        """Send a form as the page's script does. Returns the comment's key."""
        headers = {
            "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"https://{DRILL_HOST}/",
            "X-Fragment": "comment",
        }
        answer = self.asker.ask("POST", path, headers, urlencode(form | {"csrfmiddlewaretoken": TOKEN}))
        if answer.status in (502, 503, 504) and self.lossy:
            raise ConnectionError(f"{path}: {answer.status}")
        if answer.status != 201:
            raise RuntimeError(f"POST {path} was answered with {answer.status}: {answer.text[:2000]}")
        if "data-state=" in answer.text:
            raise Withheld(answer.text[:2000])
        return int(answer.text.partition('data-accepted="')[2].partition('"')[0])


purge = change_module.purge_outbox_row
WRITES: dict[SubjectKind, Callable[[DrillWriter, TrackedObject, int], None]] = {
    SubjectKind.COMMENT: DrillWriter.comment,
    SubjectKind.EDIT: DrillWriter.edit,
    SubjectKind.TITLE: DrillWriter.title,
    SubjectKind.PUBLISH: DrillWriter.publish,
    SubjectKind.SLUG: DrillWriter.move,
    SubjectKind.SITE: DrillWriter.site,
}


def session_of(writer: int, number: int) -> str:
    """The cookie of a browser in which that account is signed in."""
    client = Client(SERVER_NAME=DRILL_HOST)
    client.force_login(account(writer, number))
    return client.cookies["sessionid"].value
