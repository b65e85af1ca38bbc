"""Maintenance of the store, `manage.py pages`, and the build id."""

import os
import shutil
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse

from ictiger.pagecache import maintenance, stats, verification
from ictiger.pagecache.build_id import build_id
from ictiger.pagecache.decorators import public_page
from ictiger.pagecache.store import Store
from ictiger.pagecache.sweeper import maintenance_thread

from . import store_urls
from .protocol import page_text, rename
from .test_store_files import body_at, save_page, stored_files

NOISE = "".join(chr(33 + (n * 7919 + n // 9) % 90) for n in range(20_000))  # does not compress to nothing


def set_last_read(store: Store, path: str, second: int) -> None:
    """Set the files' atime. Nothing can set a file's ctime; see `no_ctime`."""
    for end in (b"", b".gz"):
        file = store.pages + path.encode() + b"index.html" + end
        os.utime(file, (second, os.stat(file).st_mtime))


@pytest.fixture
def no_ctime(monkeypatch):
    """Pages of one test are all stored at the same time, so only the time of reading counts."""
    real = os.stat

    def stat(file, *args, **kwargs):
        status = real(file, *args, **kwargs)
        return os.stat_result([*status[:9], 0], {"st_atime": status.st_atime, "st_blocks": status.st_blocks})

    monkeypatch.setattr(maintenance.os, "stat", stat)


def test_store_below_its_limit_evicts_nothing(store):
    save_page(store, "/a/")
    assert maintenance.evict(store, 10**9) == 0
    assert body_at(store, "/a/") == "body"


def test_least_recently_used_pages_are_evicted_first(store, no_ctime):
    for number in (3, 1, 2, 0):
        save_page(store, f"/{number}/", NOISE)
        set_last_read(store, f"/{number}/", 1_000 + number)
    size = sum(page.size for page in maintenance.stored_pages(store))
    assert maintenance.evict(store, size * 6 // 10) == 2
    assert [bool(body_at(store, f"/{number}/")) for number in range(4)] == [False, False, True, True]
    assert sum(page.size for page in maintenance.stored_pages(store)) <= size * 6 // 10


def test_pages_of_other_releases_are_evicted_first(tmp_path, no_ctime):
    old, new = Store(tmp_path / "pages", "old"), Store(tmp_path / "pages", "new")
    save_page(new, "/a/", NOISE)
    set_last_read(new, "/a/", 1_000)
    save_page(old, "/a/", NOISE)
    set_last_read(old, "/a/", 2_000)
    size = sum(page.size for page in maintenance.stored_pages(new))
    assert maintenance.evict(new, size - 1) == 1
    assert body_at(new, "/a/")
    assert body_at(old, "/a/") is None
    assert new.releases() == {b"new", b"old"} - ({b"old"} if not os.path.exists(old.pages) else set())


def test_eviction_leaves_no_empty_folders(store):
    save_page(store, "/a/b/c/", until=time.time() + 60)
    save_page(store, "/a/")
    maintenance.evict(store, 0)
    assert stored_files(store) == []
    assert list(maintenance.stored_pages(store)) == []
    assert os.listdir(store.pages) == os.listdir(store.timed) == []


def test_stored_pages_are_listed_with_their_size(store):
    save_page(store, "/a/专/", NOISE)
    save_page(store, "/feed/", ending=b"atom", until=time.time() + 60)
    listed = {
        page.path: (page.timed, page.size >= 4096, page.release) for page in maintenance.stored_pages(store)
    }
    assert listed == {
        "/a/专/": (False, True, store.release.decode()),
        "/feed/": (True, True, store.release.decode()),
    }


def test_trash_is_emptied(store):
    save_page(store, "/a/")
    store.clear()
    trash = os.path.join(store.root, b"trash")
    assert os.listdir(trash)
    maintenance.empty_trash(store)
    assert os.listdir(trash) == []


def test_leases_of_killed_renderers_are_deleted_after_a_while(store):
    old, young = store.lease(b"/a/"), store.lease(b"/a/")
    for file in (old.plain, old.compressed):
        os.utime(file, (0, time.time() - maintenance.LEASE_LIFETIME - 1))
    maintenance.drop_orphans(store)
    assert not os.path.exists(old.plain)
    assert os.path.exists(young.plain)


def test_page_with_its_compressed_form_alone_is_deleted_after_a_while(store):
    """A file server looks for the plain form, so it would never serve such a page until the next change."""
    save_page(store, "/a/")
    save_page(store, "/b/")
    os.unlink(store.pages + b"/a/index.html")
    maintenance.drop_orphans(store)
    # its renderer may be about to store the plain form
    assert store.find(b"/a/", compressed=True) is not None
    maintenance.drop_orphans(store, now=time.time() + maintenance.LEASE_LIFETIME + 1)
    assert [page.path for page in maintenance.stored_pages(store)] == ["/b/"]
    assert store.find(b"/a/", compressed=True) is None


def test_hit_counters_of_all_processes_are_added_up(store):
    for hits in (2, 3):
        counter = stats.HitCounter(store)
        counter.count("hits", hits)
        counter.write()
        counter.count("stored")
        counter.write()
    assert stats.hit_counts(store) == {"hits": 5, "stored": 2}


def test_pages_from_before_a_reboot_are_removed(store, tmp_path, monkeypatch):
    boot_id = tmp_path / "boot_id"
    monkeypatch.setattr(maintenance, "BOOT_ID", boot_id)
    for boot, body in (("one", None), ("one", "body"), ("two", None)):
        boot_id.write_text(boot)
        maintenance.invalidate_after_reboot(store)
        assert body_at(store, "/a/") == body
        save_page(store, "/a/")


def test_maintenance_evicts_and_writes_the_counter(store, settings):
    settings.PAGE_STORE_LIMIT = 1
    save_page(store, "/a/")
    counter = stats.HitCounter(store)
    counter.count("hits")
    maintenance_thread(store, counter).run_once()
    assert body_at(store, "/a/") is None
    assert stats.hit_counts(store)["hits"] == 1


def test_maintenance_checks_the_size_after_much_was_stored(store, settings):
    counter = stats.HitCounter(store)
    maintain = maintenance_thread(store, counter).function
    settings.PAGE_STORE_LIMIT = 1000
    maintain()
    save_page(store, "/a/", NOISE)
    maintain()
    assert body_at(store, "/a/") == NOISE  # the size is not checked each second
    counter.count("bytes", 51)
    maintain()
    assert body_at(store, "/a/") is None


def pages(action: str) -> str:
    out = StringIO()
    call_command("pages", action, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_pages_needs_a_page_store():
    with pytest.raises(CommandError, match="PAGE_STORE is off"):
        pages("list")


def test_pages_list_size_and_path(site, note):
    assert pages("size").startswith("0 pages, 0 bytes of at most 2.0 GiB")
    site.get("/notes/a/")
    assert pages("list").split()[1:] == [site.store.release.decode(), "/notes/a/"]
    assert "1 pages, 8 KiB (this release)" in pages("size")
    assert pages("path").strip() == site.store.pages.decode()


def test_pages_rate(site, note):
    with pytest.raises(CommandError, match="No page has been asked for"):
        pages("rate")
    for _reader in range(4):
        site.get("/notes/a/")
    site.wrapper.counter.write()
    assert pages("rate").splitlines()[0] == "3 of 4 found (75.0%)"


def test_pages_clear(site, note):
    site.get("/notes/a/")
    pages("clear")
    assert stored_files(site.store) == []


@pytest.fixture
def home_links(monkeypatch):
    """The home page of the test site links to its other pages."""
    links = [
        "/notes/a/",
        "http://testserver/feed/",
        "/dynamic/",
        "/notes/none/",
        "https://elsewhere.example/x/",
        "/page/0002/",
        "#x",
    ]
    html = "".join(f'<a href="{link}">' for link in links)
    monkeypatch.setattr(
        store_urls.urlpatterns[0], "callback", public_page(lambda _request: HttpResponse(html))
    )


@pytest.mark.django_db
def test_pages_warm_follows_links(site, note, home_links, caplog):
    assert pages("warm") == "3 pages stored, 0 were already; 2 links led to none.\n"
    assert [page.path for page in maintenance.stored_pages(site.store)] == ["/", "/feed/", "/notes/a/"]
    assert pages("warm").startswith("0 pages stored, 3 were already")
    assert "ictiger.access" not in {record.name for record in caplog.records}


@pytest.mark.django_db
def test_pages_warm_fails_when_the_disk_fails(site, note, monkeypatch, caplog):
    monkeypatch.setattr(Store, "lease", lambda *_args: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(CommandError, match="1 pages could not be stored"):
        pages("warm")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_pages_verify_fails_when_a_page_differs(site, note, settings):
    page_text(site)
    site.get("/feed/")
    assert pages("verify") == "2 pages are as they would be rendered now.\n"
    settings.PAGE_CACHE_BACKENDS = []
    rename(note, name_en="second")
    with pytest.raises(CommandError, match="/notes/a/"):
        pages("verify")


@pytest.mark.django_db
def test_pages_verify_says_what_other_apps_know(site, note, monkeypatch):
    page_text(site)
    monkeypatch.setattr(verification, "_remarks", [lambda: "", lambda: "A remark."])
    assert pages("verify") == "A remark.\n1 pages are as they would be rendered now.\n"


@pytest.mark.django_db
def test_pages_verify_compares_the_compressed_form_too(site, note):
    page_text(site)
    shutil.copy(site.store.pages + b"/notes/a/index.html.gz", site.store.root)
    save_page(site.store, "/x/", "other")
    shutil.copy(site.store.pages + b"/x/index.html.gz", site.store.pages + b"/notes/a/index.html.gz")
    shutil.rmtree(site.store.pages + b"/x")
    with pytest.raises(CommandError, match="/notes/a/"):
        pages("verify")


@pytest.fixture
def sources(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.html").write_text("a")
    (tmp_path / "pyproject.toml").write_text("Django==5.2")
    yield tmp_path
    build_id.cache_clear()


def fresh_build_id() -> str:
    build_id.cache_clear()
    return build_id()


def test_build_id_changes_with_code_dependencies_and_shown_settings(sources, settings, monkeypatch):
    ids = [fresh_build_id()]
    assert fresh_build_id() == ids[0]
    (sources / "templates" / "a.html").write_text("b")
    ids.append(fresh_build_id())
    (sources / "pyproject.toml").write_text("Django==6.0")
    ids.append(fresh_build_id())
    settings.SITE_URL = "https://example.org"
    ids.append(fresh_build_id())
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", "other")
    ids.append(fresh_build_id())
    assert len(set(ids)) == 5


def test_build_id_does_not_change_with_run_time_state(sources):
    before = fresh_build_id()
    (sources / "var").mkdir()
    (sources / "var" / "x.html").write_text("x")
    assert fresh_build_id() == before
