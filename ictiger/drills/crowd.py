"""The crowd: many readers ask for one cold page at the same moment. It is rendered once, and nobody gets an error."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connections

from ictiger.delivery.store import the_store

from .asking import Answer, Asker
from .house import WebServer
from .outlive import Trouble, expect
from .publication import Maker

PATH = "/articles/talk-0/"
PURGES = 5
BETWEEN_PURGES = 0.02  # seconds
RENDERED = f'"path": "{PATH}"'  # in the server's log of requests that Django answered


@dataclass(frozen=True)
class Plan:
    readers: int


def drill(plan: Plan, say: Callable[[str], None], tell: Callable[[str, object], None]) -> str:
    """Run the drill, tell its figures, and return what went wrong."""
    server = WebServer()
    server.start()
    try:
        Maker(1).make()
        connections.close_all()
        crowd = Crowd(server, plan.readers)
        say(f"{plan.readers} readers ask for a cold page.")
        the_store().clear()
        tell("renders", crowd.comes(lambda: None, at_most=1))
        say(f"It is purged {PURGES} times while they ask.")
        the_store().clear()
        tell("renders with purges in between", crowd.comes(purge_again_and_again, at_most=PURGES + 1))
        say("Another process takes long to render it.")
        the_store().clear()
        lock = the_store().lock(PATH.encode())  # as a process has it that takes long to render the page
        tell("renders beside a slow one", crowd.comes(lambda: None, at_most=plan.readers))
        os.close(lock)
        tell("the slowest answer beside a slow render", f"{crowd.slowest:.1f} s")
    except Trouble as trouble:
        return str(trouble)
    finally:
        server.stop()
    return ""


class Crowd:
    def __init__(self, server: WebServer, number: int) -> None:
        self.server, self.number = server, number
        self.slowest = 0.0
        self.bytes = Asker(server.port).get(PATH).text

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
            raise Trouble("Not everybody got the same bytes")
        rendered = self._rendered() - before
        if not 0 < rendered <= at_most:
            raise Trouble(f"The page was rendered {rendered} times, not {at_most} at most")
        return rendered

    def _ask(self, together: threading.Barrier) -> Answer:
        asker = Asker(self.server.port)
        asker.connect()
        together.wait()
        return asker.get(PATH)

    def _rendered(self) -> int:
        return self.server.log.read_text().count(RENDERED)


def purge_again_and_again() -> None:
    for _purge in range(PURGES):
        time.sleep(BETWEEN_PURGES)
        the_store().purge([PATH])
