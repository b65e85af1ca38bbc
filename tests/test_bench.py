"""`manage.py bench`: short runs of what is measured at length by hand. What must be right in them is checked by the command itself."""

import json
import os
import subprocess
import sys

from django.conf import settings

from ictiger.management.commands.bench import _as_arguments


def bench(*arguments: str, var: str) -> subprocess.CompletedProcess:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME")}
    environment = inherited | {"ICTIGER_VAR": var, "SECRET_KEY": settings.SECRET_KEY, "DATABASE_URL": os.environ.get("DATABASE_URL", "")}
    command = [sys.executable, "manage.py", "bench", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_comments_posted_by_several_writers_at_once_are_there_once(tmp_path):
    done = bench("comments", "--readers=120", "--writers=4", "--articles=3", "--seconds=30", var=str(tmp_path))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "bench" / "comments.json").read_text())
    assert figures["comments accepted"] == 120
    assert (figures["lost"], figures["doubled"], figures["wrong counters"], figures["other answers"], figures["faults"]) == (
        0,
        0,
        0,
        {},
        [],
    )
    assert (tmp_path / "bench" / "comments.txt").read_text() == done.stdout


def test_options_reach_the_site_that_is_measured_as_they_were_given():
    """1 equals True, and 0 False."""
    given = {"articles": 1, "seconds": 0, "reading": True, "here": False, "path": None}
    assert _as_arguments(given) == ["--reading", "--articles=1", "--seconds=0"]
