"""What a browser with an empty cache downloads for a page: the page, its style sheets and its scripts."""

import gzip
import re
from http.client import HTTPConnection

from ictiger.testbed.site import BENCH_HOST

_ASSET = re.compile(r'<link rel="stylesheet" href="([^"]+)"|<script[^>]* src="([^"]+)"')


def first_visit(port: int, path: str) -> tuple[int, int]:
    """Return the bytes of all bodies as sent, and the number of requests, without pictures."""
    size, page = _get(port, path)
    assets = {"".join(groups) for groups in _ASSET.findall(page)}
    return size + sum(_get(port, url)[0] for url in assets), 1 + len(assets)


def _get(port: int, path: str) -> tuple[int, str]:
    """Return the size of a response's body as sent, and its text."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Host": BENCH_HOST, "Accept-Encoding": "gzip", "X-Forwarded-Proto": "https"}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    text = gzip.decompress(body) if response.headers["Content-Encoding"] == "gzip" else body
    return len(body), text.decode()
