"""Backup and restore, with the real commands on a real site, on SQLite and, where there is one, on PostgreSQL."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from ictiger.ops import archive

from .conftest import FURNITURE
from .site import Site, wait_for

# What changes between backup and restore, and what must be as it was.
MORE = """
from ictiger.mail.queue import enqueue
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import User
user = User.objects.get(email="reader@example.org")
enqueue("accounts/verification", to=user.email, language="en", context={}, user=user)
SessionStore().save()
"""
STORE_A_PAGE = """
from ictiger.pagecache.pages import compress_page
from ictiger.pagecache.store import get_store
store = the_store()
assert store.save(store.lease(b"/about/"), pack(b"html", b"old"))
"""
HARM = """
from accounts.models import User
from articles.models import Article
from ictiger.pagecache.public_write import public_write
from ictiger.mail.models import Mail
Mail.objects.all().delete()
User.objects.update(is_active=False)
for article in Article.objects.all():
    with change(article):
        article.title = "Altered"
        article.save()
"""
ROWS = """
import hashlib, json
from django.apps import apps
tables = {}
for model in sorted(apps.get_models(), key=lambda model: model._meta.label):
    if model._meta.app_label in ("sessions", "usersessions") or model._meta.label == "mail.Mail":
        continue
    rows = sorted(repr(row) for row in model._base_manager.values_list())
    tables[model._meta.label] = [len(rows), hashlib.sha256("".join(rows).encode()).hexdigest()]
print(json.dumps(tables))
"""
LEFT = """
import json
from django.contrib.sessions.models import Session
from ictiger.mail.models import Mail
print(json.dumps([Session.objects.count(), list(Mail.objects.values_list("state", "reply"))]))
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made(request, furnished: Site, tmp_path_factory) -> Site:
    """A furnished site of that kind, with a picture, a waiting mail and somebody signed in."""
    var = tmp_path_factory.mktemp("kept")
    if request.param == "sqlite":
        shutil.copytree(
            furnished.var, var, dirs_exist_ok=True, ignore=shutil.ignore_patterns("pages", "*.log")
        )
        site = Site(var)
    else:
        site = Site(var, DATABASE_URL=a_new_database())
        site.manage("migrate", "--verbosity=0")
        site.python(FURNITURE)
    picture = var / "media" / "images" / "2026" / "11" / "老虎.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(os.urandom(200_000))
    site.python(MORE)
    return site


def a_new_database() -> str:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        pytest.skip("DATABASE_URL names no PostgreSQL")
    name = f"kept_{uuid.uuid4().hex}"
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@pytest.fixture
def kept(made: Site, tmp_path: Path) -> tuple[Site, Path]:
    """The site, and a backup of it; afterwards it is as it was."""
    done = made.manage("backup", f"--to={tmp_path}")
    return made, Path(done.stdout.partition(" (")[0])


def rows_of(site: Site) -> dict:
    return json.loads(site.python(ROWS).splitlines()[-1])


def media_of(site: Site) -> dict[str, bytes]:
    media = site.var / "media"
    return {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*") if path.is_file()}


def test_what_is_restored_is_what_was_backed_up(kept):
    site, backup = kept
    rows, media = rows_of(site), media_of(site)
    site.python(HARM)
    next(site.var.rglob("media/**/老虎.png")).write_bytes(b"damaged")
    (site.var / "media" / "later.png").write_bytes(b"later")
    harmed = rows_of(site)
    assert harmed != rows

    refused = site.manage("restore", str(backup), check=False)
    assert refused.returncode != 0
    assert "There is a site here already" in refused.stderr
    assert rows_of(site) == harmed

    site.python(STORE_A_PAGE)
    done = site.manage("restore", str(backup), "--yes")
    assert "Restored as of" in done.stdout
    assert rows_of(site) == rows
    assert media_of(site) == media
    assert list((site.var / "pages").rglob("index.html*")) == []
    sessions, mails = json.loads(site.python(LEFT).splitlines()[-1])
    assert sessions == 0
    assert [(state, "may have been sent" in reply) for state, reply in mails] == [("cancelled", True)]
    assert not list(site.var.glob(".restore-*"))


def test_restore_into_an_empty_place_needs_no_yes(kept, tmp_path, request):
    site, backup = kept
    database = {"DATABASE_URL": a_new_database()} if "postgresql" in request.node.name else {}
    empty = Site(tmp_path / "var", **database)
    empty.manage("restore", str(backup))
    assert rows_of(empty) == rows_of(site)
    assert media_of(empty) == media_of(site)


def test_what_must_not_be_restored_is_refused_with_nothing_touched(kept, tmp_path):
    site, backup = kept
    rows, media = rows_of(site), media_of(site)
    bad = tmp_path / "bad.tar.gz"
    for make, why in [
        (truncated, "is damaged: it cannot be read"),
        (tampered, "is not what was backed up"),
        (newer, "has no articles.9999"),
    ]:
        make(backup, bad)
        done = site.manage("restore", str(bad), "--yes", check=False)
        assert done.returncode != 0
        assert why in done.stderr
        assert "Nothing was changed" in done.stderr
    assert (rows_of(site), media_of(site)) == (rows, media)
    assert not list(site.var.glob(".restore-*"))


def truncated(backup: Path, target: Path) -> None:
    whole = backup.read_bytes()
    target.write_bytes(whole[: len(whole) // 2])


def tampered(backup: Path, target: Path) -> None:
    text = bytearray(gzip.decompress(backup.read_bytes()))
    text[len(text) // 2] ^= 1
    target.write_bytes(gzip.compress(bytes(text), 1))


def newer(backup: Path, target: Path) -> None:
    rewritten(backup, target, lambda manifest: manifest["migrations"].append("articles.9999_tomorrow"))


def rewritten(backup: Path, target: Path, change) -> Path:
    """The same backup with another list."""
    with tarfile.open(backup) as old, tarfile.open(target, "w:gz") as new:
        for entry in old:
            body = old.extractfile(entry)
            if entry.name == archive.MANIFEST:
                manifest = json.load(body)
                change(manifest)
                (target.parent / "manifest").write_text(json.dumps(manifest))
                new.add(target.parent / "manifest", archive.MANIFEST)
            else:
                new.addfile(entry, body)
    return target


@pytest.mark.parametrize("name", ["../outside", "/outside", "media/../../outside", "elsewhere/x"])
def test_nothing_is_written_outside(tmp_path, name):
    bad, into = tmp_path / "bad.tar.gz", tmp_path / "into"
    into.mkdir()
    with tarfile.open(bad, "w:gz") as new:
        new.addfile(tarfile.TarInfo(name))
    with pytest.raises(archive.DamagedArchive, match="has no place"):
        archive.unpack_archive(bad, into)
    assert list(into.iterdir()) == []


def test_list_that_is_missing_means_half_a_file(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with tarfile.open(tmp_path / "half.tar.gz", "w:gz") as new:
        new.add(tmp_path / "x", archive.DATABASE)
    with pytest.raises(archive.DamagedArchive, match="breaks off"):
        archive.unpack_archive(tmp_path / "half.tar.gz", tmp_path)


def test_killed_backup_leaves_no_half_file_and_the_next_clears_up(site, tmp_path):
    for n in range(20):
        path = site.var / "media" / f"{n}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(5_000_000))
    command = [sys.executable, "manage.py", "backup", f"--to={tmp_path}"]
    with subprocess.Popen(
        command, cwd=site.code, env=site.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        wait_for(lambda: [file for file in tmp_path.rglob("whole") if file.stat().st_size > 1_000_000])
        process.send_signal(signal.SIGKILL)
    assert list(tmp_path.glob("*.tar.gz")) == []
    assert list(tmp_path.glob(".unfinished-*"))
    shutil.rmtree(site.var / "media")
    site.manage("backup", f"--to={tmp_path}", "--keep=1")
    assert len(list(tmp_path.glob("*.tar.gz"))) == 1
    assert list(tmp_path.glob(".unfinished-*")) == []


def test_only_the_newest_are_kept(site, tmp_path):
    for day in ("01", "02", "03"):
        (tmp_path / f"ictiger-202601{day}T000000Z.tar.gz").touch()
    (tmp_path / "ours.tar.gz").touch()
    site.manage("backup", f"--to={tmp_path}", "--keep=2")
    names = sorted(path.name for path in tmp_path.glob("*.tar.gz"))
    assert len(names) == 3
    assert names[0] == "ictiger-20260103T000000Z.tar.gz"
    assert "ours.tar.gz" in names
