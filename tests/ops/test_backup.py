"""Backup and restore by the real commands on a real site: on SQLite and, if DATABASE_URL names it,
PostgreSQL.
"""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ictiger.ops import archive
from ictiger.testbed.site import is_postgresql, temporary_database

from .conftest import SAMPLE_CONTENT
from .site import Site, wait_for

WAITING_MAIL_AND_SESSION = """
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
store = get_store()
assert store.save(store.lease(b"/about/"), compress_page(b"html", b"old"))
"""
DAMAGE = """
from accounts.models import User
from articles.models import Article
from ictiger.pagecache.public_write import public_write
from ictiger.mail.models import Mail
Mail.objects.all().delete()
User.objects.update(is_active=False)
for article in Article.objects.all():
    with public_write(article):
        article.title = "Altered"
        article.save()
"""
OTHER_APPLICATION = """
from copy import deepcopy
from django.conf import settings
from django.core.cache import CacheHandler, cache
others = CacheHandler({"default": {**deepcopy(settings.CACHES["default"]), "KEY_PREFIX": ""}})["default"]
"""
FILL_CACHE = f"""{OTHER_APPLICATION}
others.set("figure", "theirs", None)
others.set("comments/usual_wait", "theirs too", None)
cache.set("allauth:rl:login:ip:192.0.2.1", [1], None)
cache.set("comments/usual_wait", "of the site before", None)
"""
PRINT_CACHE = f"""{OTHER_APPLICATION}
import json
print(json.dumps([others.get("figure"), others.get("comments/usual_wait"),
    cache.get("allauth:rl:login:ip:192.0.2.1"), cache.get("comments/usual_wait")]))
"""
PRINT_TABLE_HASHES = """
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
PRINT_SESSIONS_AND_MAILS = """
import json
from django.contrib.sessions.models import Session
from ictiger.mail.models import Mail
print(json.dumps([Session.objects.count(), list(Mail.objects.values_list("state", "reply"))]))
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def source_site(request, populated_site: Site, tmp_path_factory) -> Iterator[Site]:
    """A populated site on each database, with a picture, a waiting mail and a session."""
    var = tmp_path_factory.mktemp("source")
    if request.param == "sqlite":
        shutil.copytree(
            populated_site.var, var, dirs_exist_ok=True, ignore=shutil.ignore_patterns("pages", "*.log")
        )
        yield with_extras(Site(var))
        return
    with temporary_database(postgresql_url()) as database_url:
        site = Site(var, DATABASE_URL=database_url)
        site.manage("migrate", "--verbosity=0")
        site.python(SAMPLE_CONTENT)
        yield with_extras(site)


def with_extras(site: Site) -> Site:
    picture = site.var / "media" / "images" / "2026" / "11" / "老虎.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(os.urandom(200_000))
    site.python(WAITING_MAIL_AND_SESSION)
    return site


def postgresql_url() -> str:
    url = os.environ.get("DATABASE_URL", "")
    if not is_postgresql(url):
        pytest.skip("DATABASE_URL names no PostgreSQL")
    return url


@pytest.fixture
def backed_up(source_site: Site, tmp_path: Path) -> tuple[Site, Path]:
    """The site and a backup of it."""
    done = source_site.manage("backup", f"--to={tmp_path}")
    return source_site, Path(done.stdout.partition(" (")[0])


def table_hashes(site: Site) -> dict:
    return json.loads(site.python(PRINT_TABLE_HASHES).splitlines()[-1])


def media_files(site: Site) -> dict[str, bytes]:
    media = site.var / "media"
    return {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*") if path.is_file()}


def test_restore_leaves_what_others_keep_in_the_same_cache(backed_up, tmp_path):
    """And the limits on log-ins, which would otherwise begin anew."""
    site, backup = backed_up
    shared = {"CACHE_URL": f"filecache://{tmp_path}/cache"}

    site.python(FILL_CACHE, **shared)
    site.manage("restore", str(backup), "--yes", **shared)

    found = json.loads(site.python(PRINT_CACHE, **shared).splitlines()[-1])
    assert found == ["theirs", "theirs too", [1], None]


def test_restore_brings_back_database_and_pictures_without_sessions_and_waiting_mails(backed_up):
    site, backup = backed_up
    tables, media = table_hashes(site), media_files(site)
    site.python(DAMAGE)
    next(site.var.rglob("media/**/老虎.png")).write_bytes(b"damaged")
    (site.var / "media" / "later.png").write_bytes(b"later")
    damaged_tables = table_hashes(site)
    assert damaged_tables != tables

    refused = site.manage("restore", str(backup), check=False)
    assert refused.returncode != 0
    assert "There is a site here already" in refused.stderr
    assert table_hashes(site) == damaged_tables

    site.python(STORE_A_PAGE)
    done = site.manage("restore", str(backup), "--yes")
    assert "Restored as of" in done.stdout
    assert table_hashes(site) == tables
    assert media_files(site) == media
    assert list((site.var / "pages").rglob("index.html*")) == []
    sessions, mails = json.loads(site.python(PRINT_SESSIONS_AND_MAILS).splitlines()[-1])
    assert sessions == 0
    assert [(state, "may have been sent" in reply) for state, reply in mails] == [("cancelled", True)]
    assert not list(site.var.glob(".restore-*"))


def test_restore_into_an_empty_site_needs_no_yes(backed_up, tmp_path, request):
    site, backup = backed_up
    server = postgresql_url() if "postgresql" in request.node.name else ""
    with temporary_database(server) as database_url:
        empty = Site(tmp_path / "var", DATABASE_URL=database_url)
        empty.manage("restore", str(backup))
        assert table_hashes(empty) == table_hashes(site)
        assert media_files(empty) == media_files(site)


def test_bad_backups_are_refused_with_nothing_changed(backed_up, tmp_path):
    site, backup = backed_up
    tables, media = table_hashes(site), media_files(site)
    bad = tmp_path / "bad.tar.gz"
    for make, message in [
        (truncate, "is damaged: it cannot be read"),
        (flip_a_bit, "is not what was backed up"),
        (add_a_newer_migration, "has no articles.9999"),
    ]:
        make(backup, bad)
        done = site.manage("restore", str(bad), "--yes", check=False)
        assert done.returncode != 0
        assert message in done.stderr
        assert "Nothing was changed" in done.stderr
    assert (table_hashes(site), media_files(site)) == (tables, media)
    assert not list(site.var.glob(".restore-*"))


def truncate(backup: Path, target: Path) -> None:
    whole = backup.read_bytes()
    target.write_bytes(whole[: len(whole) // 2])


def flip_a_bit(backup: Path, target: Path) -> None:
    text = bytearray(gzip.decompress(backup.read_bytes()))
    text[len(text) // 2] ^= 1
    target.write_bytes(gzip.compress(bytes(text), 1))


def add_a_newer_migration(backup: Path, target: Path) -> None:
    rewrite_manifest(backup, target, lambda manifest: manifest["migrations"].append("articles.9999_tomorrow"))


def rewrite_manifest(backup: Path, target: Path, change) -> Path:
    """Copy the backup with a changed manifest."""
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
def test_unpacking_writes_nothing_outside_its_folder(tmp_path, name):
    bad, into = tmp_path / "bad.tar.gz", tmp_path / "into"
    into.mkdir()
    with tarfile.open(bad, "w:gz") as new:
        new.addfile(tarfile.TarInfo(name))
    with pytest.raises(archive.DamagedArchive, match="has no place"):
        archive.unpack_archive(bad, into)
    assert list(into.iterdir()) == []


def test_archive_without_manifest_is_damaged(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with tarfile.open(tmp_path / "half.tar.gz", "w:gz") as new:
        new.add(tmp_path / "x", archive.DATABASE)
    with pytest.raises(archive.DamagedArchive, match="breaks off"):
        archive.unpack_archive(tmp_path / "half.tar.gz", tmp_path)


def test_killed_backup_leaves_no_partial_file_and_the_next_one_cleans_up(site, tmp_path):
    for n in range(20):
        path = site.var / "media" / f"{n}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(5_000_000))
    command = [sys.executable, "manage.py", "backup", f"--to={tmp_path}"]
    with subprocess.Popen(
        command, cwd=site.code, env=site.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        wait_for(lambda: [file for file in tmp_path.rglob("whole") if file.stat().st_size > 1_000_000])
        process.send_signal(signal.SIGKILL)
    assert list(tmp_path.glob("*.tar.gz")) == []
    assert list(tmp_path.glob(".unfinished-*"))
    shutil.rmtree(site.var / "media")
    site.manage("backup", f"--to={tmp_path}", "--keep=1")
    assert len(list(tmp_path.glob("*.tar.gz"))) == 1
    assert list(tmp_path.glob(".unfinished-*")) == []


def test_keep_deletes_all_but_the_newest_backups(site, tmp_path):
    for day in ("01", "02", "03"):
        (tmp_path / f"ictiger-202601{day}T000000Z.tar.gz").touch()
    (tmp_path / "ours.tar.gz").touch()
    site.manage("backup", f"--to={tmp_path}", "--keep=2")
    names = sorted(path.name for path in tmp_path.glob("*.tar.gz"))
    assert len(names) == 3
    assert names[0] == "ictiger-20260103T000000Z.tar.gz"
    assert "ours.tar.gz" in names
