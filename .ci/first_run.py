"""Runs the README's first command as a newcomer would, twice, and prints the seconds until the home page shows.

Bounded: gives up after 120 seconds a start. Ends only the server that it started.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

LIMIT = 120


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def home_page(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return b""


def first_page(port: int) -> float:
    """Seconds from the command to a complete home page."""
    started = time.monotonic()
    server = subprocess.Popen(
        ["uv", "run", "manage.py", "quickstart", "--port", str(port)], start_new_session=True
    )
    try:
        while time.monotonic() - started < LIMIT:
            if b"</html>" in home_page(f"http://127.0.0.1:{port}/"):
                return time.monotonic() - started
            if server.poll() is not None:
                sys.exit(f"quickstart ended with {server.returncode}")
            time.sleep(0.05)
        sys.exit(f"no home page within {LIMIT} s")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


if __name__ == "__main__":
    for which in ("first", "second"):
        print(f"{which} start: home page after {first_page(free_port()):.1f} s", flush=True)
