"""Run the README's first command on each port in turn, and print the seconds until the home page.

Gives up after LIMIT seconds. Usage: first_run.py PORT...
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

LIMIT = 120  # seconds for each start


def home_page(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.read()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return b""


def seconds_to_home_page(port: int) -> float:
    """Return the seconds from the command to a complete home page."""
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
    for start, port in enumerate(sys.argv[1:], start=1):
        print(f"start {start}: home page after {seconds_to_home_page(int(port)):.1f} s", flush=True)
