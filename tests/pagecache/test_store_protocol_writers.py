"""What keeps stored pages fresh on the writers' side: lines 1 to 7 of the protocol, and 13. Each has tests that fail when it is broken."""

import errno
import os
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from articles.models import Topic
from ictiger.pagecache import invalidation, maintenance, sweeper
from ictiger.pagecache import store as store_module
from ictiger.pagecache.models import PublicModel, Purge
from ictiger.pagecache.public_write import public_write
from ictiger.pagecache.purge import LEFTOVER_AFTER, purge_leftovers, purge_outbox_row
from ictiger.pagecache.store import Store, compress_page
from ictiger.pagecache.sweeper import Sweeper, store_sweeper

from .protocol import committed, named, rename, says
from .stepping import Killed
from .test_store_files import FailingOs, body_at, files_below, keep

# --- 1. A write, and the outbox row with the paths as they were, in one transaction -----------------------------------------------------


@committed
def test_1_writer_killed_right_after_commit_leaves_the_row_by_which_its_pages_are_purged(
    site, note, monkeypatch
):
    says(site)
    monkeypatch.setattr("ictiger.pagecache.public_write.purge_outbox_row", kill)
    with pytest.raises(Killed):
        rename(note, name_en="second", slug="b")
    assert says(site) == "first"  # still: its purge was not to be
    purge_leftovers(older_than=timedelta(0))
    assert site.get("/notes/a/").status == 404
    assert says(site, "/notes/b/") == "second"
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


# --- 2. The purge is registered before any other callback -------------------------------------------------------------------------------


@committed
def test_2_whatever_a_writer_does_after_commit_finds_the_pages_purged(site, note):
    says(site)
    seen = []
    with public_write(note):
        transaction.on_commit(lambda: seen.append(says(site)))
        note.name_en = "second"
        note.save()
    assert seen == ["second"]


# --- 3. After COMMIT and before the answer: paths as they were and as they are now ------------------------------------------------------


@committed
def test_3_pages_are_purged_when_the_write_is_answered(site, note):
    says(site)
    says(site, "/")
    assert site.get("/notes/a/rename/", QUERY_STRING="name=second").status == 200
    assert (says(site), site.get("/").body) == ("second", b"1: second")


@committed
def test_3_purge_comes_after_commit(site, note, monkeypatch):
    """Purged before, a page rendered between purge and COMMIT would stay."""
    in_transaction = []
    monkeypatch.setattr(
        store_module, "purge_store", lambda _paths: in_transaction.append(connection.in_atomic_block)
    )
    rename(note, name_en="second")
    assert in_transaction == [False]


@committed
def test_3_paths_are_those_before_those_after_and_those_of_the_subjects_now(store, note):
    """Another writer may have moved the subject between the end of this change and its purge."""
    for path in ("/notes/was/", "/notes/a/", "/notes/other/"):
        keep(store, path)
    row = Purge.objects.create(paths=["/notes/was/"], subjects=[["articles.topic", note.pk]])
    purge_outbox_row(row)
    assert [body_at(store, path) for path in ("/notes/was/", "/notes/a/", "/notes/other/")] == [
        None,
        None,
        "body",
    ]


# --- 4. Per path: leases, then index.html, then index.html.gz; then the outbox row ------------------------------------------------------


def test_4_order_in_which_a_page_is_purged(store, calls):
    keep(store, "/a/")
    store.lease(b"/a/")
    calls.clear()
    store.purge(["/a/"])
    unlinked = [os.path.relpath(call[1], store.root.decode()) for call in named(calls, "unlink")]
    release = store.release.decode()
    assert [name.partition("/")[0] for name in unlinked[:2]] == ["leases", "leases"]
    assert unlinked[2:4] == [f"{release}/a/index.html", f"{release}/a/index.html.gz"]
    assert files_below(store) == []


def test_4_leases_of_paths_below_stay(store):
    below = store.lease(b"/a/b/")
    store.purge(["/a/"])
    assert store.save(below, compress_page(b"html", b"below"))


@committed
def test_4_row_goes_last(site, note, monkeypatch):
    rows = []
    monkeypatch.setattr(store_module, "purge_store", lambda _paths: rows.append(Purge.objects.count()))
    rename(note, name_en="second")
    assert rows == [1]
    assert not Purge.objects.exists()


# --- 5. Trees: the leases are renamed away, then the pages; a site-wide change does so at the root, in every release --------------------


@pytest.mark.parametrize("tree", ["/topics/a/**", "/**"])
def test_5_order_in_which_a_tree_is_purged(store, calls, tree):
    keep(store, "/x/")
    store.purge(["/**"])  # makes the trash
    keep(store, "/topics/a/")
    lease = store.lease(b"/topics/a/page/2/")
    calls.clear()
    store.purge([tree])
    moves = [
        os.path.relpath(call[1], store.root.decode()).partition("/")[0]
        for call in named(calls, "rename", "unlink")
    ]
    assert moves[:4] == ["leases", "trash", "trash", store.release.decode()]
    assert not store.save(lease, compress_page(b"html", b"old"))


@pytest.mark.parametrize("tree", ["/topics/a/**", "/**"])
def test_5_tree_is_purged_on_a_disk_without_room_for_another_name(store, monkeypatch, tree):
    keep(store, "/topics/a/")
    keep(store, "/topics/a/page/2/")
    lease = store.lease(b"/topics/a/page/3/")
    full = OSError(errno.ENOSPC, "no room")
    monkeypatch.setattr(store_module, "os", FailingOs(rename=full, makedirs=full))
    store.purge([tree])
    monkeypatch.undo()
    assert files_below(store) == []
    assert not store.save(lease, compress_page(b"html", b"old"))


def test_5_site_wide_change_reaches_leases_and_pages_of_every_release(tmp_path):
    one, two = Store(tmp_path / "pages", "one"), Store(tmp_path / "pages", "two")
    keep(two, "/a/")
    lease = two.lease(b"/b/")
    one.purge(["/**"])
    assert not two.save(lease, compress_page(b"html", b"old"))
    assert files_below(two) == []


def test_5_rename_that_has_found_its_folders_stores_nothing_old_in_a_tree_made_anew(store):
    """A rename looks up both folders, and then the file. The tree may be purged, and be made anew by the next reader, in between."""
    keep(store, "/topics/a/page/1/")
    lease = store.lease(b"/topics/a/")
    held = os.open(lease.folder, os.O_RDONLY)
    store.purge(["/topics/a/**"])
    keep(store, "/topics/a/", "new")
    with pytest.raises(FileNotFoundError):
        os.rename(os.path.basename(lease.plain), store.pages + b"/topics/a/index.html", src_dir_fd=held)
    os.close(held)


# --- 6. If purging fails: the root away; if that fails: no answer as if it were done, and the row stays ---------------------------------


@committed
def test_6_purge_that_fails_costs_every_page_and_no_freshness(site, note, monkeypatch, caplog):
    says(site)
    monkeypatch.setattr(store_module, "os", FailingOs(unlink=OSError(5, "bad disk")))
    rename(note, name_en="second")
    monkeypatch.undo()
    assert says(site) == "second"


@committed
def test_6_write_whose_pages_cannot_be_taken_away_is_answered_500_and_purged_later(
    site, note, monkeypatch, caplog
):
    says(site)
    with monkeypatch.context() as broken:
        broken.setattr(
            store_module, "os", FailingOs(unlink=OSError(30, "read only"), rename=OSError(30, "read only"))
        )
        assert site.get("/notes/a/rename/", QUERY_STRING="name=second").status == 500
    assert Purge.objects.count() == 1
    purge_leftovers(older_than=timedelta(0))
    assert says(site) == "second"


# --- 7. The sweeper ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stopped():
    """Sweepers to be stopped at the end, before the database is taken away."""
    begun: list[Sweeper] = []
    yield begun
    for one in begun:
        one.stop()


@committed
def test_7_first_reader_waits_for_the_purge_of_what_was_left_over(site, note, stopped):
    maintenance.invalidate_after_reboot(site.store)  # the machine has not started anew
    says(site)
    leave_over(note)
    one = store_sweeper(site.store)
    stopped.append(one)
    begin, one.begin = one.begin, lambda: (time.sleep(0.1), begin())  # no quicker than the reader
    site.wrapper.sweeper = one
    assert says(site) == "second"


def leave_over(note: Topic) -> None:
    """A change whose writer was killed before its purge."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ictiger.pagecache.public_write.purge_outbox_row", kill)
        with pytest.raises(Killed):
            rename(note, name_en="second")


@committed
def test_7_sweep_purges_again_and_again(site, note, stopped, monkeypatch):
    monkeypatch.setattr("ictiger.pagecache.purge.LEFTOVER_AFTER", timedelta(0))
    swept = threading.Semaphore(0)
    sweep = store_sweeper(site.store).sweep

    def sweep_and_tell() -> None:
        sweep(older_than=timedelta(0))
        swept.release()

    one = Sweeper("test", lambda: None, sweep_and_tell, every=0.01)
    stopped.append(one)
    one.start()
    for name in ("second", "third"):
        says(site)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ictiger.pagecache.public_write.purge_outbox_row", kill)
            with pytest.raises(Killed):
                rename(note, name_en=name)
        while swept.acquire(blocking=False):
            pass
        for _round in range(2):
            assert swept.acquire(timeout=5)
        assert says(site) == name


def test_7_sweeps_come_often_enough_for_two_seconds():
    assert sweeper.SWEEP_INTERVAL + LEFTOVER_AFTER.total_seconds() < 2


def test_7_sweeper_goes_on_after_a_fault_and_tells_it_once(stopped, caplog):
    rounds = threading.Semaphore(0)

    def sweep() -> None:
        rounds.release()
        raise RuntimeError("no database")

    one = Sweeper("test", lambda: None, sweep, every=0.001)
    stopped.append(one)
    one.start()
    for _round in range(3):
        assert rounds.acquire(timeout=5)
    assert caplog.text.count("test failed") == 1


def test_7_sweeper_begins_anew_in_a_forked_process(stopped, monkeypatch):
    begun = threading.Semaphore(0)
    one = Sweeper("test", begun.release, lambda: None, every=0.001)
    stopped.append(one)
    one.start()
    one.start()
    one.wait_for_first()
    assert begun.acquire(timeout=5)
    one.stop()
    monkeypatch.setattr(sweeper.os, "getpid", lambda: 1)
    one.wait_for_first()
    assert begun.acquire(timeout=5)
    assert not begun.acquire(blocking=False)


def test_7_readers_do_not_wait_for_ever_for_a_database_that_does_not_answer(stopped, monkeypatch):
    monkeypatch.setattr(sweeper, "FIRST_SWEEP_WAIT", 0.01)
    hold = threading.Event()
    one = Sweeper("test", hold.wait, lambda: None)
    stopped.append(one)
    one.wait_for_first()
    hold.set()


# --- 13. Models that show on pages refuse writes outside change(): tests/delivery/test_guard.py walks them ------------------------------


@pytest.mark.django_db
def test_13_every_model_that_says_where_it_shows_is_guarded():
    names = {model._meta.label for model in invalidation._providers if not issubclass(model, PublicModel)}
    assert names <= {"accounts.User"}  # its writes are the account's own; accounts/ purges for the name
