"""The thundering herd: many readers request a cold page at once.

It is rendered once, and nobody gets an error.
"""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connections

from ictiger.pagecache.store import get_store
from ictiger.testbed.processes import WebServer

from . import Log, Report
from .database_outage import DrillFailure, expect
from .http_client import HttpClient, Response
from .subjects import SubjectFactory

PATH = "/articles/talk-0/"
PURGES = 5
BETWEEN_PURGES = 0.02  # seconds
RENDERED = f'"path": "{PATH}"'  # in the server's log, once for each request that reaches Django


@dataclass(frozen=True)
class HerdPlan:
    readers: int


def drill_herd(plan: HerdPlan, log: Log, report: Report) -> str:
    """Run the drill, report its figures, and return what went wrong."""
    server = WebServer()
    server.start()
    try:
        SubjectFactory(1).make()
        connections.close_all()
        herd = Herd(server, plan.readers)
        log(f"{plan.readers} readers ask for a cold page.")
        get_store().clear()
        report("renders", herd.request_at_once(lambda: None, at_most=1))
        log(f"It is purged {PURGES} times while they ask.")
        get_store().clear()
        report("renders with purges in between", herd.request_at_once(purge_repeatedly, at_most=PURGES + 1))
        log("Another process takes long to render it.")
        get_store().clear()
        lock = get_store().lock(PATH.encode())  # as a process holds it that renders the page
        report("renders beside a slow one", herd.request_at_once(lambda: None, at_most=plan.readers))
        os.close(lock)
        report("the slowest answer beside a slow render", f"{herd.slowest:.1f} s")
    except DrillFailure as failure:
        return str(failure)
    finally:
        server.stop()
    return ""


class Herd:
    """Concurrent readers of one page."""

    def __init__(self, server: WebServer, readers: int) -> None:
        self.server, self.readers = server, readers
        self.slowest = 0.0
        self.body = HttpClient(server.port).get(PATH).text

    def request_at_once(self, meanwhile: Callable[[], None], *, at_most: int) -> int:
        """Let all readers request the page at once and call `meanwhile`.

        Return how often the page was rendered.

        Raises DrillFailure when that is more than `at_most`, or when the bodies differ.
        """
        before = self._rendered()
        start = threading.Barrier(self.readers + 1)
        with ThreadPoolExecutor(self.readers) as pool:
            futures = [pool.submit(self._request, start) for _reader in range(self.readers)]
            start.wait()
            meanwhile()
            responses = [future.result() for future in futures]
        self.slowest = max(response.ended_at - response.started_at for response in responses)
        if any(expect(response, 200, PATH).text != self.body for response in responses):
            raise DrillFailure("Not everybody got the same bytes")
        rendered = self._rendered() - before
        if not 0 < rendered <= at_most:
            raise DrillFailure(f"The page was rendered {rendered} times, not {at_most} at most")
        return rendered

    def _request(self, start: threading.Barrier) -> Response:
        client = HttpClient(self.server.port)
        client.connect()
        start.wait()
        return client.get(PATH)

    def _rendered(self) -> int:
        return self.server.log.read_text().count(RENDERED)


def purge_repeatedly() -> None:
    for _purge in range(PURGES):
        time.sleep(BETWEEN_PURGES)
        get_store().purge([PATH])
