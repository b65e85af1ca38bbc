"""Asking a drill's site through real sockets that are kept open, as browsers and feed readers do."""

import gzip
import http.client
import time
from typing import NamedTuple
from urllib.parse import quote

from ictiger.testbed.site import DRILL_HOST

PROXY_HEADERS = {"Host": DRILL_HOST, "X-Forwarded-Proto": "https"}  # as a proxy in front would send them
REQUEST_TIMEOUT = 30.0  # seconds for an answer


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str
    began: float  # seconds since 1970
    ended: float


class HttpClient:
    """One reader's connection. It asks as a stranger unless told otherwise."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str | None = None
    ) -> Answer:
        """OSError or HTTPException: whoever should have answered is gone."""
        began = time.time()
        try:
            connection = self._connected()
            connection.request(method, quote(path), body, PROXY_HEADERS | (headers or {}))
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            self.close()
            raise
        ended = time.time()
        if response.will_close:
            self.close()
        told = {name.lower(): value for name, value in response.getheaders()}
        if told.get("content-encoding") == "gzip" and content:
            content = gzip.decompress(content)
        return Answer(response.status, told, content.decode(errors="replace"), began, ended)

    def get(self, path: str, **headers: str) -> Answer:
        """`headers`: `accept_encoding="gzip"` and the like."""
        return self.ask("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def connect(self) -> None:
        """Before the moment at which it is to ask."""
        self._connected().connect()

    def _connected(self) -> http.client.HTTPConnection:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_TIMEOUT)
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
