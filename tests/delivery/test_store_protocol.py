"""The protocol that keeps stored pages fresh: each line has tests here that fail when the line is broken."""

import errno
import fcntl
import os
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from articles.models import Topic
from ictiger.delivery import paths, sweeper, upkeep
from ictiger.delivery import store as store_module
from ictiger.delivery import wrapper as wrapper_module
from ictiger.delivery.change import change
from ictiger.delivery.guard import WriteWhileReading
from ictiger.delivery.models import PublicModel, Purge
from ictiger.delivery.purge import LEFT_OVER_AFTER, purge, purge_left_over
from ictiger.delivery.store import Store, pack
from ictiger.delivery.sweeper import Sweeper, sweeper_for
from tests.delivery import store_urls
from tests.delivery.stepping import Actor, Killed, SteppingOs, SteppingTime, in_time
from tests.delivery.test_store_files import FailingOs, body_at, files_below, keep

committed = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def rename(topic: Topic, **fields) -> None:
    with change(topic):
        for name, value in fields.items():
            setattr(topic, name, value)
        topic.save()


def says(site, path: str = "/notes/a/") -> str:
    return site.get(path).body.decode().partition("</p>")[0].removeprefix("<p>")


@pytest.fixture
def calls(monkeypatch) -> list[tuple]:
    """What the store asks of the operating system, in order."""
    log: list[tuple] = []
    monkeypatch.setattr(store_module, "os", SteppingOs(log))
    return log


def named(calls: list[tuple], *names: str) -> list[tuple]:
    """Only those calls, with paths in words."""
    return [(call[0], *(arg.decode() for arg in call[1:] if isinstance(arg, bytes))) for call in calls if call[0] in names]


# --- 1. A write, and the outbox row with the paths as they were, in one transaction -----------------------------------------------------


@committed
def test_1_writer_killed_right_after_commit_leaves_the_row_by_which_its_pages_are_purged(site, note, monkeypatch):
    says(site)
    monkeypatch.setattr("ictiger.delivery.change.purge", kill)
    with pytest.raises(Killed):
        rename(note, name_en="second", slug="b")
    assert says(site) == "first"  # still: its purge was not to be
    purge_left_over(older_than=timedelta(0))
    assert site.get("/notes/a/").status == 404
    assert says(site, "/notes/b/") == "second"
    assert not Purge.objects.exists()


def kill(*args) -> None:
    raise Killed


@committed
def test_1_writer_killed_before_commit_leaves_neither_write_nor_row(site, note):
    def write() -> None:
        with change(note):
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
    with change(note):
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
    monkeypatch.setattr(store_module, "purge", lambda _paths: in_transaction.append(connection.in_atomic_block))
    rename(note, name_en="second")
    assert in_transaction == [False]


@committed
def test_3_paths_are_those_before_those_after_and_those_of_the_subjects_now(store, note):
    """Another writer may have moved the subject between the end of this change and its purge."""
    for path in ("/notes/was/", "/notes/a/", "/notes/other/"):
        keep(store, path)
    row = Purge.objects.create(paths=["/notes/was/"], subjects=[["articles.topic", note.pk]])
    purge(row)
    assert [body_at(store, path) for path in ("/notes/was/", "/notes/a/", "/notes/other/")] == [None, None, "body"]


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
    assert store.keep(below, pack(b"html", b"below"))


@committed
def test_4_row_goes_last(site, note, monkeypatch):
    rows = []
    monkeypatch.setattr(store_module, "purge", lambda _paths: rows.append(Purge.objects.count()))
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
    moves = [os.path.relpath(call[1], store.root.decode()).partition("/")[0] for call in named(calls, "rename", "unlink")]
    assert moves[:4] == ["leases", "trash", "trash", store.release.decode()]
    assert not store.keep(lease, pack(b"html", b"old"))


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
    assert not store.keep(lease, pack(b"html", b"old"))


def test_5_site_wide_change_reaches_leases_and_pages_of_every_release(tmp_path):
    one, two = Store(tmp_path / "pages", "one"), Store(tmp_path / "pages", "two")
    keep(two, "/a/")
    lease = two.lease(b"/b/")
    one.purge(["/**"])
    assert not two.keep(lease, pack(b"html", b"old"))
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
def test_6_write_whose_pages_cannot_be_taken_away_is_answered_500_and_purged_later(site, note, monkeypatch, caplog):
    says(site)
    with monkeypatch.context() as broken:
        broken.setattr(store_module, "os", FailingOs(unlink=OSError(30, "read only"), rename=OSError(30, "read only")))
        assert site.get("/notes/a/rename/", QUERY_STRING="name=second").status == 500
    assert Purge.objects.count() == 1
    purge_left_over(older_than=timedelta(0))
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
    upkeep.begin(site.store)  # the machine has not started anew
    says(site)
    leave_over(note)
    one = sweeper_for(site.store)
    stopped.append(one)
    begin, one.begin = one.begin, lambda: (time.sleep(0.1), begin())  # no quicker than the reader
    site.wrapper.sweeper = one
    assert says(site) == "second"


def leave_over(note: Topic) -> None:
    """A change whose writer was killed before its purge."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ictiger.delivery.change.purge", kill)
        with pytest.raises(Killed):
            rename(note, name_en="second")


@committed
def test_7_sweep_purges_again_and_again(site, note, stopped, monkeypatch):
    monkeypatch.setattr("ictiger.delivery.purge.LEFT_OVER_AFTER", timedelta(0))
    swept = threading.Semaphore(0)
    sweep = sweeper_for(site.store).sweep

    def sweep_and_tell() -> None:
        sweep(older_than=timedelta(0))
        swept.release()

    one = Sweeper("test", lambda: None, sweep_and_tell, every=0.01)
    stopped.append(one)
    one.start()
    for name in ("second", "third"):
        says(site)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ictiger.delivery.change.purge", kill)
            with pytest.raises(Killed):
                rename(note, name_en=name)
        while swept.acquire(blocking=False):
            pass
        for _round in range(2):
            assert swept.acquire(timeout=5)
        assert says(site) == name


def test_7_sweeps_come_often_enough_for_two_seconds():
    assert sweeper.EVERY + LEFT_OVER_AFTER.total_seconds() < 2


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


# --- 8. On a miss: a stripe's lock without blocking, look again, then unstored ----------------------------------------------------------


@pytest.fixture
def held(store):
    """The lock of /a/, in the hands of somebody who does not come to an end."""
    lock = store.lock(b"/a/")
    yield lock
    os.close(lock)


@pytest.fixture
def clock(monkeypatch) -> SteppingTime:
    """The clock by which the wrapper waits."""
    clock = SteppingTime()
    monkeypatch.setattr(wrapper_module, "time", clock)
    return clock


@pytest.fixture
def page_a(site, monkeypatch):
    """A page at /a/ that needs no database."""
    monkeypatch.setattr(wrapper_module, "is_public", lambda _path: True)
    site.django = marked_page("x")


def test_8_lock_does_not_block(store, held):
    assert in_time(lambda: store.lock(b"/a/")) is None


def test_8_lock_is_free_when_its_holder_is_gone(store):
    os.close(store.lock(b"/a/"))  # as the kernel does for a process that is killed
    again = in_time(lambda: store.lock(b"/a/"))
    assert again is not None
    os.close(again)


def test_8_reader_is_answered_while_the_lock_is_held(site, page_a, held):
    """By the clock on the wall: who waits by the kernel's means would wait as long as the other renders."""
    assert in_time(lambda: site.get("/a/")).body == b"x"


def test_8_reader_who_does_not_get_the_lock_looks_again_and_then_is_served_unstored(site, page_a, held, clock):
    assert in_time(lambda: site.get("/a/")).status == 200
    assert 1.0 <= clock.now < 1.1
    assert files_below(site.store) == []


def test_8_only_the_first_readers_wait_for_a_slow_render(site, page_a, held, clock):
    """A waiting reader holds a thread of the server. A crowd that waits would keep everybody else from every page."""
    in_time(lambda: site.get("/a/"))
    waited = clock.now
    assert site.get("/a/").body == b"x"
    assert clock.now == waited
    clock.now += wrapper_module.SLOW_FOR
    site.get("/a/")
    assert clock.now >= waited + wrapper_module.SLOW_FOR + 1


def test_8_pages_whose_render_took_too_long_are_remembered_within_bounds(site, clock, monkeypatch):
    monkeypatch.setattr(wrapper_module, "MOST_SLOW", 3)
    for number in range(20):
        site.wrapper._patience_with(b"/%d/" % number)
        site.wrapper.slow[b"/%d/" % number] = clock.now + 1
        assert len(site.wrapper.slow) <= 4


def marked_page(body: str):
    def application(environ, start_response):
        response = HttpResponse(body, headers={"Content-Language": "en"})
        response.public_page = True
        start_response("200 OK", list(response.items()))
        return response

    return application


# --- 9. Leases are made outside any transaction, before the first query; nothing cached before may be used ------------------------------


@committed
def test_9_leases_are_there_before_django_is_entered(site, note):
    django, there = site.django, []

    def look_first(environ, start_response):
        there.append((len(files_below(site.store)), connection.in_atomic_block))
        return django(environ, start_response)

    site.django = look_first
    says(site)
    assert there == [(2, False)]


@committed
def test_9_each_lease_is_a_new_file(store):
    one, other = store.lease(b"/a/"), store.lease(b"/a/")
    assert len({one.plain, one.compressed, other.plain, other.compressed}) == 4
    assert all(os.stat(file).st_size == 0 for file in (one.plain, one.compressed))


@committed
@pytest.mark.parametrize("when", ["before the first query", "after the last query"])
def test_9_page_rendered_while_a_change_commits_is_not_stored(site, note, when):
    django = site.django

    def meet_a_writer(environ, start_response):
        if when == "before the first query":
            rename(note, name_en="second")
        response = django(environ, start_response)
        if when == "after the last query":
            rename(note, name_en="second")
        return response

    site.django = meet_a_writer
    says(site)
    assert files_below(site.store) == []
    site.django = django
    assert says(site) == "second"


# --- 10. To store: into the leases, opened without O_CREAT; .gz, then .html; without a lease unstored -----------------------------------


def test_10_order_in_which_a_page_is_stored(store, calls):
    lease = store.lease(b"/a/")
    calls.clear()
    store.keep(lease, pack(b"html", b"x"))
    folder = store.pages.decode() + "/a/"
    renamed = [(lease.compressed.decode(), folder + "index.html.gz"), (lease.plain.decode(), folder + "index.html")]
    assert [call[1:] for call in named(calls, "rename")] == renamed
    opened = [call for call in calls if call[0] == "open"]
    assert {call[1] for call in opened} == {lease.plain, lease.compressed}
    assert not any(call[2] & os.O_CREAT for call in opened)


@pytest.mark.parametrize("gone", ["plain", "compressed"])
def test_10_page_without_its_lease_is_not_stored(store, gone):
    lease = store.lease(b"/a/")
    os.unlink(getattr(lease, gone))
    assert not store.keep(lease, pack(b"html", b"old"))
    assert body_at(store, "/a/") is None


@pytest.mark.parametrize("what", ["/a/", "/a/**", "/**"])
def test_10_purge_at_any_step_of_storing_leaves_nothing_old(store, monkeypatch, what):
    """The storing process stops before each of its steps in turn, and a whole purge happens there."""
    monkeypatch.setattr(store_module, "os", SteppingOs())
    stopped_at = 0
    while True:
        lease = store.lease(b"/a/")
        storing = Actor(lambda lease=lease: store.keep(lease, pack(b"html", b"old")))
        for _step in range(stopped_at):
            storing.advance()
        if storing.done:
            break
        store.purge([what])
        storing.finish()
        for compressed in (False, True):
            assert store.find(b"/a/", compressed=compressed) is None, f"stopped before step {stopped_at}"
        store.clear()
        stopped_at += 1
    assert stopped_at > 6


@pytest.mark.parametrize("what", ["/a/", "/a/**", "/**"])
def test_10_storing_at_any_step_of_a_purge_leaves_nothing_old(store, monkeypatch, what):
    monkeypatch.setattr(store_module, "os", SteppingOs())
    stopped_at = 0
    while True:
        lease = store.lease(b"/a/")
        purging = Actor(lambda: store.purge([what]))
        for _step in range(stopped_at):
            purging.advance()
        if purging.done:
            break
        store.keep(lease, pack(b"html", b"old"))
        purging.finish()
        for compressed in (False, True):
            assert store.find(b"/a/", compressed=compressed) is None, f"stopped before step {stopped_at}"
        store.clear()
        stopped_at += 1
    assert stopped_at > 6


# --- 11. Waiters take bytes from the store only -----------------------------------------------------------------------------------------


@committed
def test_11_waiter_does_not_get_a_page_that_was_purged_before_it_looked(site, note, monkeypatch):
    """Its writer has been answered in the meantime; bytes handed over by the one who rendered would be older."""
    monkeypatch.setattr(wrapper_module, "time", SteppingTime())
    django = site.django

    def wait_for_writer_and_waiter(environ, start_response):
        response = django(environ, start_response)
        if not waiter.done and len(site.entered) == 1:
            waiter.advance()
            waiter.advance()  # it has found the lock taken, and waits
            rename(note, name_en="second")
        return response

    site.django = wait_for_writer_and_waiter
    waiter = Actor(lambda: close_after(lambda: says(site)))
    assert says(site) == "first"
    assert waiter.finish() == "second"


def close_after(work):
    """A thread's own connection would keep the test database in use."""
    try:
        return work()
    finally:
        connection.close()


# --- 12. Renderers write no rows, writers take no page lock, one page lock a request ----------------------------------------------------


@pytest.mark.django_db
def test_12_public_page_cannot_begin_a_change(site):
    with pytest.raises(WriteWhileReading):
        store_urls.writes(RequestFactory().get("/writes/"))


@committed
def test_12_renderers_write_no_rows(site, note):
    """Neither by a change nor in any other table: rendering a page must not need the database's only writer."""
    for path in ("/", "/page/2/", "/notes/a/", "/timed/", "/feed/"):
        with CaptureQueriesContext(connection) as queries:
            assert site.get(path).status == 200
        assert not [query["sql"] for query in queries if not query["sql"].startswith("SELECT")], path


@pytest.fixture
def all_locks_held(store):
    """Every stripe, in the hands of renderers that do not come to an end. BlockingIOError: somebody has not given one back."""
    folder = os.path.join(store.root, b"locks")
    os.makedirs(folder)
    held = [os.open(os.path.join(folder, b"%d" % stripe), os.O_RDWR | os.O_CREAT) for stripe in range(store_module.STRIPES)]
    for lock in held:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    yield
    for lock in held:
        os.close(lock)


@committed
@pytest.mark.parametrize(("also", "gone"), [([], ["/notes/a/", "/page/2/"]), (["/**"], ["/notes/a/", "/page/2/", "/elsewhere/"])])
def test_12_writers_take_no_page_lock(site, note, all_locks_held, also, gone):
    """They neither wait for one nor leave a page or a tree alone because somebody has it."""
    pages = ["/notes/a/", "/page/2/", "/elsewhere/"]
    for path in pages:
        keep(site.store, path)

    def write() -> bool:
        with change(note) as this:
            this.paths.update(also)
            note.name_en = "second"
            note.save()
        return True

    assert in_time(lambda: close_after(write))
    assert [path for path in pages if body_at(site.store, path) is None] == gone


def test_12_lock_is_given_back_by_who_gets_it_and_finds_the_page_there(site, page_a, held, clock, monkeypatch):
    """The other has stored the page and let go between two looks."""
    taken, lock = [], site.store.lock

    def lock_after_the_other(path: bytes) -> int:
        if not taken:
            keep(site.store, "/a/", "of the other")
            fcntl.flock(held, fcntl.LOCK_UN)
        taken.append(lock(path))
        return taken[-1]

    monkeypatch.setattr(site.store, "lock", lock_after_the_other)
    assert site.get("/a/").body == b"of the other"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(taken[0])


@committed
def test_12_lock_and_leases_are_given_back_when_django_breaks(site, note):
    def broken(environ, start_response):
        raise ZeroDivisionError

    django, site.django = site.django, broken
    with pytest.raises(ZeroDivisionError):
        site.get("/notes/a/")
    assert files_below(site.store) == []
    site.django = django
    says(site)
    assert body_at(site.store, "/notes/a/") is not None


# --- 13. Models that show on pages refuse writes outside change(): tests/delivery/test_guard.py walks them ------------------------------


@pytest.mark.django_db
def test_13_every_model_that_says_where_it_shows_is_guarded():
    names = {model._meta.label for model in paths._providers if not issubclass(model, PublicModel)}
    assert names <= {"accounts.User"}  # its writes are the account's own; accounts/ purges for the name
