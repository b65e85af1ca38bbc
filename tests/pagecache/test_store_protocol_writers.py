"""Lines 1 to 7 and 13 of the protocol, which writers follow.

Each has tests that fail when it is broken.
"""

import errno
import os
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from articles.models import Topic
from ictiger.core import repeating_thread
from ictiger.core.repeating_thread import RepeatingThread
from ictiger.pagecache import invalidation, maintenance, sweeper
from ictiger.pagecache import store as store_module
from ictiger.pagecache.models import PublicModel, Purge
from ictiger.pagecache.pages import compress_page
from ictiger.pagecache.public_write import public_write
from ictiger.pagecache.purge import LEFTOVER_AFTER, purge_leftovers, purge_outbox_row
from ictiger.pagecache.store import Store
from ictiger.pagecache.sweeper import store_sweeper

from .protocol import calls_named, committed, page_text, rename
from .stepping import Killed
from .test_store_files import FailingOs, body_at, save_page, stored_files

# Line 1. The write and the outbox row with the paths as they were are one transaction


@committed
def test_1_row_of_a_writer_killed_after_commit_has_its_pages_purged(site, note, monkeypatch):
    page_text(site)
    monkeypatch.setattr("ictiger.pagecache.public_write.purge_outbox_row", kill)
    with pytest.raises(Killed):
        rename(note, name_en="second", slug="b")
    assert page_text(site) == "first"  # not purged yet
    purge_leftovers(older_than=timedelta(0))
    assert site.get("/notes/a/").status == 404
    assert page_text(site, "/notes/b/") == "second"
    assert not Purge.objects.exists()


def kill(*args) -> None:
    raise Killed


@committed
def test_1_writer_killed_before_commit_leaves_neither_write_nor_row(site, note):
    def write() -> None:
        with public_write(note):
            note.name_en = "second"
            note.save()
            kill()

    with pytest.raises(Killed):
        write()
    assert Topic.objects.get().name_en == "first"
    assert not Purge.objects.exists()


# Line 2. The purge is registered before any other callback


@committed
def test_2_callbacks_after_commit_see_the_pages_purged(site, note):
    page_text(site)
    texts = []
    with public_write(note):
        transaction.on_commit(lambda: texts.append(page_text(site)))
        note.name_en = "second"
        note.save()
    assert texts == ["second"]


# Line 3. After COMMIT and before the response: paths as they were and as they are now


@committed
def test_3_pages_are_purged_before_the_response(site, note):
    page_text(site)
    page_text(site, "/")
    assert site.get("/notes/a/rename/", QUERY_STRING="name=second").status == 200
    assert (page_text(site), site.get("/").body) == ("second", b"1: second")


@committed
def test_3_purge_comes_after_commit(site, note, monkeypatch):
    """With a purge before COMMIT, a page rendered between the two would stay."""
    in_transaction = []
    monkeypatch.setattr(
        store_module, "purge_store", lambda _paths: in_transaction.append(connection.in_atomic_block)
    )
    rename(note, name_en="second")
    assert in_transaction == [False]


@committed
def test_3_purge_covers_paths_before_after_and_of_the_subjects_now(store, note):
    """Another writer may have moved the subject between the end of this write and its purge."""
    for path in ("/notes/was/", "/notes/a/", "/notes/other/"):
        save_page(store, path)
    row = Purge.objects.create(paths=["/notes/was/"], subjects=[["articles.topic", note.pk]])
    purge_outbox_row(row)
    assert [body_at(store, path) for path in ("/notes/was/", "/notes/a/", "/notes/other/")] == [
        None,
        None,
        "body",
    ]


# Line 4. Per path: leases, then index.html, then index.html.gz; then the outbox row


def test_4_order_in_which_a_page_is_purged(store, calls):
    save_page(store, "/a/")
    store.lease(b"/a/")
    calls.clear()
    store.purge(["/a/"])
    unlinked = [os.path.relpath(call[1], store.root.decode()) for call in calls_named(calls, "unlink")]
    release = store.release.decode()
    assert [name.partition("/")[0] for name in unlinked[:2]] == ["leases", "leases"]
    assert unlinked[2:4] == [f"{release}/a/index.html", f"{release}/a/index.html.gz"]
    assert stored_files(store) == []


def test_4_leases_of_paths_below_remain(store):
    below = store.lease(b"/a/b/")
    store.purge(["/a/"])
    assert store.save(below, compress_page(b"html", b"below"))


@committed
def test_4_row_is_deleted_last(site, note, monkeypatch):
    rows = []
    monkeypatch.setattr(store_module, "purge_store", lambda _paths: rows.append(Purge.objects.count()))
    rename(note, name_en="second")
    assert rows == [1]
    assert not Purge.objects.exists()


# Line 5. Trees: leases are renamed away, then pages; a site-wide change does so at the root, in every release


@pytest.mark.parametrize("tree", ["/topics/a/**", "/**"])
def test_5_order_in_which_a_tree_is_purged(store, calls, tree):
    save_page(store, "/x/")
    store.purge(["/**"])  # makes the trash
    save_page(store, "/topics/a/")
    lease = store.lease(b"/topics/a/page/2/")
    calls.clear()
    store.purge([tree])
    moves = [
        os.path.relpath(call[1], store.root.decode()).partition("/")[0]
        for call in calls_named(calls, "rename", "unlink")
    ]
    assert moves[:4] == ["leases", "trash", "trash", store.release.decode()]
    assert not store.save(lease, compress_page(b"html", b"old"))


@pytest.mark.parametrize("tree", ["/topics/a/**", "/**"])
def test_5_tree_is_purged_on_a_disk_without_room_for_another_name(store, monkeypatch, tree):
    save_page(store, "/topics/a/")
    save_page(store, "/topics/a/page/2/")
    lease = store.lease(b"/topics/a/page/3/")
    full = OSError(errno.ENOSPC, "no room")
    monkeypatch.setattr(store_module, "os", FailingOs(rename=full, makedirs=full))
    store.purge([tree])
    monkeypatch.undo()
    assert stored_files(store) == []
    assert not store.save(lease, compress_page(b"html", b"old"))


def test_5_site_wide_change_reaches_leases_and_pages_of_every_release(tmp_path):
    one, two = Store(tmp_path / "pages", "one"), Store(tmp_path / "pages", "two")
    save_page(two, "/a/")
    lease = two.lease(b"/b/")
    one.purge(["/**"])
    assert not two.save(lease, compress_page(b"html", b"old"))
    assert stored_files(two) == []


def test_5_rename_under_way_stores_nothing_old_in_a_new_tree(store):
    """A rename looks up both folders, then the file. In between the tree may be purged and made again."""
    save_page(store, "/topics/a/page/1/")
    lease = store.lease(b"/topics/a/")
    folder = os.open(lease.folder, os.O_RDONLY)
    store.purge(["/topics/a/**"])
    save_page(store, "/topics/a/", "new")
    with pytest.raises(FileNotFoundError):
        os.rename(os.path.basename(lease.plain), store.pages + b"/topics/a/index.html", src_dir_fd=folder)
    os.close(folder)


# Line 6. If purging fails, the root is renamed away; if that fails, the response is 500 and the row stays


@committed
def test_6_failed_purge_removes_every_page(site, note, monkeypatch, caplog):
    page_text(site)
    monkeypatch.setattr(store_module, "os", FailingOs(unlink=OSError(5, "bad disk")))
    rename(note, name_en="second")
    monkeypatch.undo()
    assert page_text(site) == "second"


@committed
def test_6_write_whose_pages_cannot_be_removed_is_answered_500_and_purged_later(
    site, note, monkeypatch, caplog
):
    page_text(site)
    with monkeypatch.context() as broken:
        broken.setattr(
            store_module, "os", FailingOs(unlink=OSError(30, "read only"), rename=OSError(30, "read only"))
        )
        assert site.get("/notes/a/rename/", QUERY_STRING="name=second").status == 500
    assert Purge.objects.count() == 1
    purge_leftovers(older_than=timedelta(0))
    assert page_text(site) == "second"


# Line 7. The sweeper


@pytest.fixture
def sweepers():
    """Threads that are stopped at the end of the test, before the database is removed."""
    started: list[RepeatingThread] = []
    yield started
    for thread in started:
        thread.stop()


def repeating(function, *, first=None, interval: float = 0.001) -> RepeatingThread:
    return RepeatingThread("test", function, first=first, interval=interval, logger=sweeper.logger)


@committed
def test_7_first_request_waits_for_the_purge_of_leftovers(site, note, sweepers):
    maintenance.invalidate_after_reboot(site.store)  # later calls see no reboot
    page_text(site)
    commit_without_purge(note, "second")
    thread = store_sweeper(site.store)
    sweepers.append(thread)
    first_sweep = thread.first
    thread.first = lambda: (time.sleep(0.1), first_sweep())  # slower than the request
    site.wrapper.sweeper = thread
    assert page_text(site) == "second"


def commit_without_purge(note: Topic, name: str) -> None:
    """Rename the note as a writer does that is killed before its purge."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ictiger.pagecache.public_write.purge_outbox_row", kill)
        with pytest.raises(Killed):
            rename(note, name_en=name)


@committed
def test_7_sweep_purges_again_and_again(site, note, sweepers, monkeypatch):
    monkeypatch.setattr("ictiger.pagecache.purge.LEFTOVER_AFTER", timedelta(0))
    swept = threading.Semaphore(0)
    sweep = store_sweeper(site.store).function

    def sweep_and_count() -> None:
        sweep(older_than=timedelta(0))
        swept.release()

    thread = repeating(sweep_and_count, first=lambda: None, interval=0.01)
    sweepers.append(thread)
    thread.start()
    for name in ("second", "third"):
        page_text(site)
        commit_without_purge(note, name)
        while swept.acquire(blocking=False):
            pass
        for _round in range(2):
            assert swept.acquire(timeout=5)
        assert page_text(site) == name


def test_7_sweeps_keep_the_promise_of_two_seconds():
    assert sweeper.SWEEP_INTERVAL + LEFTOVER_AFTER.total_seconds() < 2


def test_7_sweeper_continues_after_errors_and_logs_a_series_once(sweepers, caplog):
    calls = threading.Semaphore(0)

    def fail() -> None:
        calls.release()
        raise RuntimeError("no database")

    thread = repeating(fail, first=lambda: None)
    sweepers.append(thread)
    thread.start()
    for _call in range(3):
        assert calls.acquire(timeout=5)
    assert caplog.text.count("test failed") == 1


def test_7_sweeper_is_started_again_in_a_forked_process(sweepers, monkeypatch):
    started = threading.Semaphore(0)
    thread = repeating(lambda: None, first=started.release)
    sweepers.append(thread)
    thread.start()
    thread.start()
    assert thread.wait_for_first(5)
    assert started.acquire(timeout=5)
    thread.stop()
    monkeypatch.setattr(repeating_thread.os, "getpid", lambda: 1)
    assert thread.wait_for_first(5)
    assert started.acquire(timeout=5)
    assert not started.acquire(blocking=False)


def test_7_requests_do_not_wait_for_a_first_sweep_that_hangs(sweepers):
    release = threading.Event()
    thread = repeating(lambda: None, first=release.wait, interval=1.0)
    sweepers.append(thread)
    assert not thread.wait_for_first(0.01)
    release.set()
    assert thread.wait_for_first(5)


# Line 13. Models that show on pages refuse writes outside public_write(): see tests/pagecache/test_guard.py


@pytest.mark.django_db
def test_13_every_model_with_providers_is_guarded():
    names = {model._meta.label for model in invalidation.providers if not issubclass(model, PublicModel)}
    assert names <= {"accounts.User"}  # accounts/ purges by itself when a display name changes
