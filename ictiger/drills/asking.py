"""Asking a drill's site through real sockets that are kept open, as browsers and feed readers do."""

import gzip
import http.client
import ssl
import time
from typing import NamedTuple
from urllib.parse import quote

from .house import HEADERS, HOST

PATIENCE = 30.0  # seconds for an answer


class Door(NamedTuple):
    """Where the site is asked: the server itself, or what stands in front of it."""

    port: int
    tls: bool = False


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str
    began: float  # seconds since 1970
    ended: float


class Asker:
    """One reader's connection. It asks as a stranger unless told otherwise."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: str | None = None) -> Answer:
        """OSError or HTTPException: whoever should have answered is gone."""
        began = time.time()
        try:
            connection = self._connected()
            connection.request(method, quote(path), body, HEADERS | (headers or {}))
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

    def _connected(self) -> http.client.HTTPConnection:
        if self.connection is None:
            if self.door.tls:
                self.connection = _Tls("127.0.0.1", self.door.port, timeout=PATIENCE, context=_trusting())
            else:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.door.port, timeout=PATIENCE)
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class _Tls(http.client.HTTPSConnection):
    """To 127.0.0.1, speaking of the site by its name."""

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=HOST)


def _trusting() -> ssl.SSLContext:
    """The drill's certificate is its own."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
