"""The crowd: many readers ask for one cold page at the same moment. It is rendered once, and nobody gets an error."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connections

from ictiger.pagecache.store import get_store
from ictiger.testbed.processes import WebServer

from .database_outage import DrillFailure, expect
from .http_client import Answer, HttpClient
from .subjects import SubjectFactory

PATH = "/articles/talk-0/"
PURGES = 5
BETWEEN_PURGES = 0.02  # seconds
RENDERED = f'"path": "{PATH}"'  # in the server's log of requests that Django answered


@dataclass(frozen=True)
class HerdPlan:
    readers: int


def drill_herd(plan: HerdPlan, say: Callable[[str], None], tell: Callable[[str, object], None]) -> str:
    """Run the drill, tell its figures, and return what went wrong."""
    server = WebServer()
    server.start()
    try:
        SubjectFactory(1).make()
        connections.close_all()
        crowd = Herd(server, plan.readers)
        say(f"{plan.readers} readers ask for a cold page.")
        get_store().clear()
        tell("renders", crowd.comes(lambda: None, at_most=1))
        say(f"It is purged {PURGES} times while they ask.")
        get_store().clear()
        tell("renders with purges in between", crowd.comes(purge_again_and_again, at_most=PURGES + 1))
        say("Another process takes long to render it.")
        get_store().clear()
        lock = get_store().lock(PATH.encode())  # as a process has it that takes long to render the page
        tell("renders beside a slow one", crowd.comes(lambda: None, at_most=plan.readers))
        os.close(lock)
        tell("the slowest answer beside a slow render", f"{crowd.slowest:.1f} s")
    except DrillFailure as trouble:
        return str(trouble)
    finally:
        server.stop()
    return ""


class Herd:
    def __init__(self, server: WebServer, number: int) -> None:
        self.server, self.number = server, number
        self.slowest = 0.0
        self.bytes = HttpClient(server.port).get(PATH).text

    def comes(self, meanwhile: Callable[[], None], *, at_most: int) -> int:
        """Everybody asks at once, and gets the same bytes. Returns how often the page was rendered."""
        before = self._rendered()
        together = threading.Barrier(self.number + 1)
        with ThreadPoolExecutor(self.number) as pool:
            readers = [pool.submit(self._ask, together) for _reader in range(self.number)]
            together.wait()
            meanwhile()
            answers = [reader.result() for reader in readers]
        self.slowest = max(answer.ended - answer.began for answer in answers)
        if any(expect(answer, 200, PATH).text != self.bytes for answer in answers):
            raise DrillFailure("Not everybody got the same bytes")
        rendered = self._rendered() - before
        if not 0 < rendered <= at_most:
            raise DrillFailure(f"The page was rendered {rendered} times, not {at_most} at most")
        return rendered

    def _ask(self, together: threading.Barrier) -> Answer:
        asker = HttpClient(self.server.port)
        asker.connect()
        together.wait()
        return asker.get(PATH)

    def _rendered(self) -> int:
        return self.server.log.read_text().count(RENDERED)


def purge_again_and_again() -> None:
    for _purge in range(PURGES):
        time.sleep(BETWEEN_PURGES)
        get_store().purge([PATH])
