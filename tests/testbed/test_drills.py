"""Short runs of the drills, with the same processes, sockets and kills as `manage.py drill …`."""

import os
import re
import subprocess
import sys
from multiprocessing.sharedctypes import RawArray
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from articles.models import Article
from ictiger.testbed.drills.full_disk import CANNOT_MOUNT
from ictiger.testbed.drills.subjects import ExpectedVersions, SubjectKind, TrackedObject
from ictiger.testbed.drills.writers import DrillWriter
from ictiger.testbed.nginx import is_installed as nginx_is_installed
from ictiger.testbed.postgres import postgres_binaries

ROOT = Path(__file__).parent.parent.parent
ON_POSTGRES = connection.vendor == "postgresql"
DATABASE = [f"--database={os.environ['DATABASE_URL']}"] if ON_POSTGRES else []


def drill(*arguments: str) -> dict[str, int]:
    """Run a drill, which must succeed, and return the figures that it printed."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [sys.executable, "manage.py", "drill", *arguments, *DATABASE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: int(figure) for name, figure in re.findall(r"^(.+): (\d+)$", done.stdout, re.MULTILINE)}


def test_freshness_drill_finds_no_stale_page():
    figures = drill("freshness", "--seconds=5", "--writers=2", "--readers=4", "--pause=0.2")
    assert (figures["stale"], figures["errors"]) == (0, 0)
    assert figures["checked against what writers were answered"] > 30
    assert figures["checked against the clock of a schedule"] > 3
    for kind in (
        "comments",
        "edits of comments",
        "edits of articles",
        "new articles",
        "slug changes",
        "site-wide settings",
    ):
        assert figures[kind] > 0, kind
    for kind in ("publishing", "expiry", "closing"):
        assert figures[f"schedules of {kind}"] > 0, kind


def test_kill_drill_finds_no_stale_page_two_seconds_after_a_kill():
    figures = drill("kill", "--kills=3", "--writers=2", "--readers=4", "--pause=0.2")
    for victim in ("server processes", "writers between COMMIT and purge", "renderers while they store"):
        assert figures[f"killed {victim}"] == 1
    assert figures["checked against what writers were answered"] > 30
    for name in ("stale", "errors", "purges left over", "leases left over", "pages in one form only"):
        assert figures[name] == 0, name
    assert figures["stored pages that differ from a fresh render"] == 0


@pytest.mark.skipif(not nginx_is_installed(), reason="no nginx on this machine")
def test_freshness_drill_through_nginx_finds_no_stale_page():
    figures = drill(
        "freshness", "--seconds=5", "--writers=2", "--readers=4", "--pause=0.2", "--through=nginx"
    )
    assert (figures["stale"], figures["errors"]) == (0, 0)
    assert figures["checked against what writers were answered"] > 30
    assert figures["checked against the clock of a schedule"] > 3


def test_schedule_whose_write_was_cut_off_is_not_checked_until_it_is_written_again(monkeypatch):
    """The writer survives it, and tries again while the database is still down."""
    subject = TrackedObject(number=0, kind=SubjectKind.EXPIRE, writer=0, pk=1, pages=[])
    expected = ExpectedVersions([subject], writers=1)
    writer = DrillWriter(0, [subject], expected, port=0, written=RawArray("Q", len(SubjectKind)), lossy=True)
    turns = []

    def cut(**_key) -> None:
        turns.append(expected.turn[0])
        raise OperationalError

    monkeypatch.setattr(Article.objects, "get", cut)
    for _attempt in range(2):
        with pytest.raises(OperationalError):
            writer.write(subject)
        turns.append(expected.turn[0])
    assert [turn % 2 for turn in turns] == [1, 1, 1, 1]


@pytest.mark.skipif(postgres_binaries() is None, reason="no PostgreSQL server on this machine")
def test_outage_drill_serves_readers_without_database_worker_and_mail_server():
    figures = drill("outlive", f"--through={'nginx' if nginx_is_installed() else 'wrapper'}")
    assert figures["stored pages, feeds and files read without the database"] > 20
    assert figures["refusals that kept what was typed"] == 7
    assert figures["comments posted by sending the kept text again, twice"] == 1
    assert (figures["stale"], figures["errors"], figures["purges left over"]) == (0, 0, 0)
    assert figures["checked against what writers were answered"] > 30


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_full_disk_drill_serves_every_page_fresh():
    try:
        figures = drill("disk")
    except AssertionError as failure:
        if CANNOT_MOUNT in str(failure):
            pytest.skip("no file system can be mounted here")
        raise
    assert figures["writes with a full disk, each seen at once on all pages"] == 8


def test_crowd_drill_renders_a_cold_page_once():
    figures = drill("crowd", "--readers=60")
    assert figures["renders"] == 1
    assert figures["renders with purges in between"] <= 6
