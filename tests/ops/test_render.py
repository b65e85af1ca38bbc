"""`manage.py render` in processes of its own, killed on the way."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from .site import Site, wait_for

TEXTS = 120
MAKE_OLD_TEXTS = f"""
import uuid
from articles.models import Article
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article
article = make_article("claims", body="The first.\\n\\n" * 300)
fields = {{field.attname: getattr(article, field.attname) for field in Article._meta.concrete_fields}}
del fields["id"]
with public_write() as write:
    write.touch_everything()
    Article.objects.bulk_create(
        Article(**fields | {{"slug": f"claims-{{number}}", "translation_key": uuid.uuid4()}})
        for number in range({TEXTS})
    )
    Article.objects.update(renderer_version=0, body_html="<p>Old.</p>")
"""
DESCRIBE = """
import hashlib, json
from articles.models import Article
from ictiger.pagecache.models import Purge
rows = [[str(value) for value in row] for row in Article.objects.order_by("pk").values_list(
    "pk", "publish_at", "updated_at", "slug", "title", "body")]
html = set(Article.objects.values_list("body_html", flat=True))
print(json.dumps([rows, len(html), Purge.objects.count()]))
"""


def described(site: Site) -> list:
    return json.loads(site.python(DESCRIBE).splitlines()[-1])


def count_new(site: Site) -> int:
    with sqlite3.connect(site.var / "ictiger.sqlite3", timeout=20) as database:
        query = "SELECT count(*) FROM articles_article WHERE renderer_version > 0"
        return database.execute(query).fetchone()[0]


def children_of(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]


def is_running(pid: int) -> bool:
    """False for a process that has ended, also if nobody has asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_killed_run_loses_nothing_and_the_next_one_takes_the_rest(tmp_path):
    site = Site(tmp_path)
    site.manage("migrate", "--verbosity=0")
    site.python(MAKE_OLD_TEXTS)
    rows, *_rest = described(site)

    command = [sys.executable, "manage.py", "render", "--processes=2"]
    running = subprocess.Popen(command, cwd=site.code, env=site.environment, start_new_session=True)
    try:
        wait_for(lambda: count_new(site) or running.poll() is not None, seconds=60)
        children = children_of(running.pid)
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    written = count_new(site)

    assert 0 < written < TEXTS + 1, "killed too early or too late to show anything"
    assert children
    wait_for(lambda: not any(is_running(child) for child in children))
    done, left = site.manage("render", "--processes=2"), TEXTS + 1 - written
    assert done.stdout == f"Texts: {left}; changed: {left}; the same for readers: 0.\n"
    assert site.manage("render").stdout == "Texts: 0; changed: 0; the same for readers: 0.\n"
    assert count_new(site) == TEXTS + 1
    assert described(site)[:2] == [rows, 1]
