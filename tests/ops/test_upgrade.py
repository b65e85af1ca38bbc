"""An upgrade and the way back under load: no error, and no page older than a completed write."""

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
from .site import ROOT, Site, fetch, is_ready, wait_for

SOURCES = ("manage.py", "pyproject.toml", "ictiger", "accounts", "articles", "comments", "templates", "tests")
MARK = re.compile(rb"made by the (old|new) release")
TITLE = re.compile(rb"<h1[^>]*>\s*Number (\d+)")
# A view added to both releases: a write that shows on a page, without permissions or comment rules.
WRITE_VIEW = """

def write(request):
    from articles.models import Article
    from django.http import HttpResponse
    from ictiger.pagecache.public_write import public_write
    article = Article.objects.get(slug="claims")
    with public_write(article):
        article.title = f"Number {int(request.POST['number'])}"
        article.save()
    return HttpResponse(status=204)

write.csrf_exempt = True
urlpatterns = [path("trial/", write), *urlpatterns]
"""
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def releases(tmp_path_factory) -> dict[str, Path]:
    """Two folders of code whose pages differ in a mark."""
    folders = {}
    for name in ("old", "new"):
        folder = folders[name] = tmp_path_factory.mktemp(name)
        for source in SOURCES:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, folder / source)
        _append(folder / "templates" / "base.html", f"<!-- made by the {name} release -->")
        _append(folder / "ictiger" / "urls.py", WRITE_VIEW)
    return folders


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


class Visitors:
    """Readers of one page through nginx, while a writer changes its article again and again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reads, self.faults = Counter(), []
        self.expected = self.writes = 0
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
        """Stop everybody, and return what went wrong."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        return self.faults

    def _read(self) -> None:
        while not self._stop.is_set():
            expected = self.expected
            try:
                status, _headers, body = fetch(self.port, "/articles/claims/")
                assert status == 200, body
                mark, number = MARK.search(body)[1].decode(), int(TITLE.search(body)[1])
            except (OSError, http.client.HTTPException, AssertionError) as fault:
                self.faults.append(f"read: {fault!r}")
                continue
            self.reads[mark] += 1
            if number < expected:
                self.faults.append(f"stale: {number} instead of {expected}, from the {mark} release")

    def _write(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            try:
                status, _headers, body = fetch(
                    self.port, "/trial/", "POST", f"number={number}".encode(), Content_Type=FORM
                )
            except (OSError, http.client.HTTPException) as fault:
                self.faults.append(f"write: {fault!r}")
                continue
            if status != 204:
                self.faults.append(f"write: {status} {body[-300:]!r}")
            self.expected = number
            self.writes += 1


def test_upgrade_and_way_back_under_load_cause_no_error_and_no_stale_page(
    require_nginx, releases, site, live
):
    variables = {"PYTHONPATH": ""}
    old, new = (Site(site.var, releases[name], **variables) for name in ("old", "new"))
    port = free_port()
    with (
        old.serving(f"--live={live}") as old_server,
        nginx.running_nginx(site_file(old, live, port), port=port),
    ):
        wait_for(lambda: is_ready(port), server=old_server)
        fetch(port, "/trial/", "POST", b"number=0", Content_Type=FORM)
        with Visitors(port) as visitors:
            wait_for(lambda: visitors.reads["old"] > 50 and visitors.writes > 5)
            with new.serving(f"--live={live}") as new_server:
                new.manage("deploy", "wait", f"--live={live}")
                wait_for(lambda: visitors.reads["new"], server=new_server)
                old_server.stop()
                last_of_old, writes = visitors.reads["old"], visitors.writes
                wait_for(lambda: visitors.reads["new"] > 50 and visitors.writes > writes + 5)
                assert visitors.reads["old"] == last_of_old
                with old.serving(f"--live={live}") as restarted_old_server:
                    wait_for(lambda: visitors.reads["old"] > last_of_old, server=restarted_old_server)
                    new_server.stop()
                    wait_for(lambda: visitors.reads["old"] > last_of_old + 50)
                    assert visitors.stop() == []
