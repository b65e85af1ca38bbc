"""What a browser that has nothing yet is sent for a page of ours: the page, its style sheets and its scripts."""

import gzip
import re
from http.client import HTTPConnection

from ictiger.testbed.site import BENCH_HOST

_NAMED = re.compile(r'<link rel="stylesheet" href="([^"]+)"|<script[^>]* src="([^"]+)"')


def first_visit(port: int, path: str) -> tuple[int, int]:
    """Bytes of all bodies as they were sent, and the number of requests. Pictures are left out."""
    size, page = _get(port, path)
    named = {"".join(either) for either in _NAMED.findall(page)}
    return size + sum(_get(port, address)[0] for address in named), 1 + len(named)


def _get(port: int, path: str) -> tuple[int, str]:
    """The size of an answer as it was sent, and its text."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(
            "GET", path, headers={"Host": BENCH_HOST, "Accept-Encoding": "gzip", "X-Forwarded-Proto": "https"}
        )
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    text = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
    return len(body), text.decode()
