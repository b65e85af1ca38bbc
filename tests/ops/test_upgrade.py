"""An upgrade and the way back, with readers and writers at the site all the while: no error, no page older than an answered write."""

import http.client
import re
import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest

from ictiger.testbed import nginx
from ictiger.testbed.site import free_port

from .conftest import site_file
from .site import ROOT, Site, ask, end, is_ready, wait_for

SOURCES = ("manage.py", "pyproject.toml", "ictiger", "accounts", "articles", "comments", "templates", "tests")
MARK = re.compile(rb"made by the (old|new) release")
TITLE = re.compile(rb"<h1[^>]*>\s*Number (\d+)")
# What both releases have besides: a write that shows on a page, without the rules of the discussion or the rights of the desk.
WRITING = """

def write(request):
    from articles.models import Article
    from django.http import HttpResponse
    from ictiger.pagecache.public_write import public_write
    article = Article.objects.get(slug="claims")
    with change(article):
        article.title = f"Number {int(request.POST['number'])}"
        article.save()
    return HttpResponse(status=204)

write.csrf_exempt = True
urlpatterns = [path("trial/", write), *urlpatterns]
"""
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def releases(tmp_path_factory) -> dict[str, Path]:
    """Two folders of code whose pages can be told apart."""
    folders = {}
    for name in ("old", "new"):
        folder = folders[name] = tmp_path_factory.mktemp(name)
        for source in SOURCES:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, folder / source)
        _append(folder / "templates" / "base.html", f"<!-- made by the {name} release -->")
        _append(folder / "ictiger" / "urls.py", WRITING)
    return folders


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


class Visitors:
    """Readers of one page, through nginx, while its article is published again and again by whoever is live."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reads, self.faults = Counter(), []
        self.owed = self.writes = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._read) for _reader in range(3)] + [
            threading.Thread(target=self._write)
        ]

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *args) -> None:
        self.stop()

    def stop(self) -> list[str]:
        """What went wrong for any of them."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        return self.faults

    def _read(self) -> None:
        while not self._stop.is_set():
            owed = self.owed
            try:
                status, _headers, body = ask(self.port, "/articles/claims/")
                assert status == 200, body
                mark, number = MARK.search(body)[1].decode(), int(TITLE.search(body)[1])
            except (OSError, http.client.HTTPException, AssertionError) as fault:
                self.faults.append(f"read: {fault!r}")
                continue
            self.reads[mark] += 1
            if number < owed:
                self.faults.append(f"stale: {number} where {owed} was owed, from the {mark} release")

    def _write(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            try:
                status, _headers, body = ask(
                    self.port, "/trial/", "POST", f"number={number}".encode(), Content_Type=FORM
                )
            except (OSError, http.client.HTTPException) as fault:
                self.faults.append(f"write: {fault!r}")
                continue
            if status != 204:
                self.faults.append(f"write: {status} {body[-300:]!r}")
            self.owed = number
            self.writes += 1


def test_upgrade_and_the_way_back_under_load(nginx_is_there, releases, site, live):
    variables = {"PYTHONPATH": ""}
    old, new = (Site(site.var, releases[name], **variables) for name in ("old", "new"))
    port = free_port()
    with (
        old.served(f"--live={live}") as old_server,
        nginx.running_nginx(site_file(old, live, port), port=port),
    ):
        wait_for(lambda: is_ready(port), alive=old_server)
        ask(port, "/trial/", "POST", b"number=0", Content_Type=FORM)
        with Visitors(port) as visitors:
            wait_for(lambda: visitors.reads["old"] > 50 and visitors.writes > 5)
            with new.served(f"--live={live}") as new_server:
                new.manage("deploy", "wait", f"--live={live}")
                wait_for(lambda: visitors.reads["new"], alive=new_server)
                end(old_server)
                last_of_old, writes = visitors.reads["old"], visitors.writes
                wait_for(lambda: visitors.reads["new"] > 50 and visitors.writes > writes + 5)
                assert visitors.reads["old"] == last_of_old
                with old.served(f"--live={live}") as way_back:
                    wait_for(lambda: visitors.reads["old"] > last_of_old, alive=way_back)
                    end(new_server)
                    wait_for(lambda: visitors.reads["old"] > last_of_old + 50)
                    assert visitors.stop() == []
