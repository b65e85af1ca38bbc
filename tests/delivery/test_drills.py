"""The drills of delivery, short: the same processes, sockets and kills as in `manage.py drill …`, for a few seconds."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ictiger.deploy.trial import is_there as nginx_is_there

ROOT = Path(__file__).parent.parent.parent


def drill(*arguments: str) -> tuple[dict[str, int], str]:
    """The figures that a drill printed, and what it said besides. It must have ended well."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"PYTHONDEVMODE": "", "DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "drill", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: int(figure) for name, figure in re.findall(r"^(.+): (\d+)$", done.stdout, re.MULTILINE)}, done.stdout + done.stderr


def test_no_reader_gets_a_page_older_than_an_answered_write():
    figures, _said = drill("freshness", "--seconds=5", "--writers=2", "--readers=4")
    assert (figures["stale"], figures["errors"]) == (0, 0)
    assert figures["checked against what writers were answered"] > 30
    assert figures["checked against the clock of a schedule"] > 3
    for kind in ("comments", "edits of comments", "edits of articles", "new articles", "slug changes", "site-wide settings"):
        assert figures[kind] > 0, kind
    for kind in ("publishing", "expiry", "closing"):
        assert figures[f"schedules of {kind}"] > 0, kind


def test_two_seconds_after_a_kill_nobody_gets_an_older_page():
    figures, _said = drill("kill", "--kills=3", "--writers=2", "--readers=4")
    for victim in ("server processes", "writers between COMMIT and purge", "renderers while they store"):
        assert figures[f"killed {victim}"] == 1
    assert figures["checked against what writers were answered"] > 30
    for nothing in ("stale", "errors", "purges left over", "leases left over", "pages in one form only"):
        assert figures[nothing] == 0, nothing
    assert figures["stored pages that differ from a fresh render"] == 0


@pytest.mark.skipif(not nginx_is_there(), reason="no nginx on this machine")
def test_no_reader_gets_an_older_page_through_nginx():
    figures, _said = drill("freshness", "--seconds=5", "--writers=2", "--readers=4", "--through=nginx")
    assert (figures["stale"], figures["errors"]) == (0, 0)
    assert figures["checked against what writers were answered"] > 30
    assert figures["checked against the clock of a schedule"] > 3
