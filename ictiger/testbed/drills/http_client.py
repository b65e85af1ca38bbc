"""HTTP requests to a drill's site over persistent connections, as browsers and feed readers send them."""

import gzip
import http.client
import time
from typing import NamedTuple
from urllib.parse import quote

from ictiger.testbed.site import DRILL_HOST

PROXY_HEADERS = {"Host": DRILL_HOST, "X-Forwarded-Proto": "https"}  # as a proxy in front would send them
REQUEST_TIMEOUT = 30.0  # seconds for an answer


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str
    started_at: float  # seconds since 1970
    ended_at: float


class HttpClient:
    """A persistent connection of one client, anonymous unless the headers say otherwise."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection: http.client.HTTPConnection | None = None

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str | None = None
    ) -> Response:
        """Raises OSError or HTTPException when the server is down or dies before it has answered."""
        started_at = time.time()
        try:
            connection = self._connection()
            connection.request(method, quote(path), body, PROXY_HEADERS | (headers or {}))
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            self.close()
            raise
        ended_at = time.time()
        if response.will_close:
            self.close()
        response_headers = {name.lower(): value for name, value in response.getheaders()}
        if response_headers.get("content-encoding") == "gzip" and content:
            content = gzip.decompress(content)
        text = content.decode(errors="replace")
        return Response(response.status, response_headers, text, started_at, ended_at)

    def get(self, path: str, **headers: str) -> Response:
        """An underscore in a header's name stands for a hyphen: `accept_encoding="gzip"`."""
        return self.request("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def connect(self) -> None:
        """Open the connection before the first request."""
        self._connection().connect()

    def _connection(self) -> http.client.HTTPConnection:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_TIMEOUT)
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
