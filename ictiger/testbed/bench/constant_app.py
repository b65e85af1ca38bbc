"""A WSGI application that only sends constant bytes: the most that a server could do, to compare ICTiger
with.

`python -m ictiger.testbed.bench.constant_app PORT WORKERS THREADS FILE` serves the bytes of FILE to every
request.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces

BODY = Path(os.environ["ICTIGER_CONSTANT"]).read_bytes() if "ICTIGER_CONSTANT" in os.environ else b""
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Encoding", "gzip"),
    ("Content-Length", str(len(BODY))),
]


def application(environ: dict, start_response: Callable) -> list[bytes]:
    start_response("200 OK", HEADERS)
    return [BODY]


def main(port: str, workers: str, threads: str, file: str) -> None:
    os.environ["ICTIGER_CONSTANT"] = file
    Granian(
        "ictiger.testbed.bench.constant_app:application",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(workers),
        blocking_threads=int(threads),
        websockets=False,
    ).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
