"""The writers of a drill: comments over HTTP as readers send them, everything else by the services, in
separate processes.
"""

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
from ictiger.pagecache import public_write as public_write_module
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
TAKES_EFFECT_AFTER = 1.3  # seconds from the write of a schedule to its moment
SEEN_FOR = 1.0  # seconds after that moment before the schedule is written again
TOKEN = "drill" * 6 + "xx"  # the CSRF token of forms, and of the cookie that must match


class CommentHeld(RuntimeError):
    """The screening held a comment that the drill expects to show."""


class DrillWriter:
    def __init__(
        self,
        number: int,
        subjects: list[TrackedObject],
        expected: ExpectedVersions,
        port: int,
        written: RawArray,
        *,
        lossy: bool,
    ) -> None:
        self.number = number
        self.subjects = [subject for subject in subjects if subject.writer == number]
        self.expected = expected
        self.client = HttpClient(port)
        self.written = written  # writes by kind, in the order of SubjectKind
        self.lossy = lossy  # servers are killed: a request may be cut off with an unknown result
        self.sessions: list[str] = []

    def run(self, is_running: Callable[[], bool], pause: float) -> None:
        """Write while `is_running()`, with `pause` seconds between two writes on the average.

        An error ends it.
        """
        public_write_module.purge_outbox_row = self._purge_unless_doomed
        self.sessions = [log_in(self.number, number) for number in range(ACCOUNTS)]
        once_each = self._once_each()
        while is_running():
            try:
                self.write(next(once_each, None) or self._any())
            except (OSError, http.client.HTTPException, DatabaseError, InterfaceError):
                if not self.lossy:
                    raise
                connections.close_all()
            time.sleep(random.uniform(0, 2 * pause))
        connections.close_all()

    def _once_each(self) -> Iterator[TrackedObject]:
        """Yield all objects in random order, but one of each kind first; every other writer in reverse order
        of kinds.

        So a short drill writes all kinds, too.
        """
        kinds, counts = list(SubjectKind), Counter()

        def turn(subject: TrackedObject) -> tuple[int, int]:
            counts[subject.kind] += 1
            place = kinds.index(subject.kind)
            return counts[subject.kind], place if self.number % 2 else -place

        return iter(sorted(random.sample(self.subjects, len(self.subjects)), key=turn))

    def _any(self) -> TrackedObject:
        ready = [subject for subject in self.subjects if self._is_ready(subject)]
        return random.choices(ready, [WEIGHTS[subject.kind] for subject in ready])[0]

    def _is_ready(self, subject: TrackedObject) -> bool:
        return subject.kind not in SCHEDULES or time.time() > self.expected.moment[subject.number] + SEEN_FOR

    def write(self, subject: TrackedObject) -> None:
        self.expected.begun[subject.number] += 1
        version = self.expected.begun[subject.number]
        if subject.kind in SCHEDULES:
            self._schedule(subject)
        else:
            WRITES[subject.kind](self, subject, version)
            self.expected.versions[subject.number] = version  # completed: readers must see it from now on
        self.written[list(SubjectKind).index(subject.kind)] += 1

    def _purge_unless_doomed(self, row: Purge) -> None:
        """Replace the purge after COMMIT; dies in its place if this writer is doomed, as in a power cut."""
        if self.expected.doomed[self.number]:
            os.kill(os.getpid(), signal.SIGKILL)
        purge(row)

    def _schedule(self, subject: TrackedObject) -> None:
        """Write a schedule.

        Readers do not check it while `turn` is odd: during the write, and after one that was cut off.
        """
        self.expected.turn[subject.number] |= 1
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
        self.expected.moment[subject.number] = moment
        self.expected.turn[subject.number] += 1

    def comment(self, subject: TrackedObject, version: int) -> None:
        slug = f"talk-{self.number}"
        form = {"body": f"An argument, {subject.stamp(version)}.", "submission": uuid.uuid4(), "parent": ""}
        self.expected.latest[subject.number] = self._post(
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
        """Send a form as the page's script does. Return the comment's key."""
        headers = {
            "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"https://{DRILL_HOST}/",
            "X-Fragment": "comment",
        }
        response = self.client.request(
            "POST", path, headers, urlencode(form | {"csrfmiddlewaretoken": TOKEN})
        )
        if response.status in (502, 503, 504) and self.lossy:
            raise ConnectionError(f"{path}: {response.status}")
        if response.status != 201:
            raise RuntimeError(f"POST {path} was answered with {response.status}: {response.text[:2000]}")
        if "data-state=" in response.text:
            raise CommentHeld(response.text[:2000])
        return int(response.text.partition('data-accepted="')[2].partition('"')[0])


purge = public_write_module.purge_outbox_row
WRITES: dict[SubjectKind, Callable[[DrillWriter, TrackedObject, int], None]] = {
    SubjectKind.COMMENT: DrillWriter.comment,
    SubjectKind.EDIT: DrillWriter.edit,
    SubjectKind.TITLE: DrillWriter.title,
    SubjectKind.PUBLISH: DrillWriter.publish,
    SubjectKind.SLUG: DrillWriter.move,
    SubjectKind.SITE: DrillWriter.site,
}


def log_in(writer: int, number: int) -> str:
    """Log an account in, and return its session cookie."""
    client = Client(SERVER_NAME=DRILL_HOST)
    client.force_login(account(writer, number))
    return client.cookies["sessionid"].value
