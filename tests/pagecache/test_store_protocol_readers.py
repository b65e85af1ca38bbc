"""What keeps stored pages fresh on the readers' side: lines 8 to 12 of the protocol. Each has tests that fail when it is broken."""

import fcntl
import os
import uuid

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from ictiger.pagecache import store as store_module
from ictiger.pagecache import wsgi as wrapper_module
from ictiger.pagecache.guard import WriteDuringRender
from ictiger.pagecache.public_write import public_write
from ictiger.pagecache.store import compress_page

from . import store_urls
from .protocol import committed, named, rename, says
from .stepping import Actor, SteppingOs, SteppingTime, in_time
from .test_store_files import body_at, files_below, keep

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


def test_8_reader_who_does_not_get_the_lock_looks_again_and_then_is_served_unstored(
    site, page_a, held, clock
):
    assert in_time(lambda: site.get("/a/")).status == 200
    assert 1.0 <= clock.now < 1.1
    assert files_below(site.store) == []


def test_8_only_the_first_readers_wait_for_a_slow_render(site, page_a, held, clock):
    """A waiting reader holds a thread of the server. A crowd that waits would keep everybody else from every page."""
    in_time(lambda: site.get("/a/"))
    waited = clock.now
    assert site.get("/a/").body == b"x"
    assert clock.now == waited
    clock.now += wrapper_module.SLOW_PERIOD
    site.get("/a/")
    assert clock.now >= waited + wrapper_module.SLOW_PERIOD + 1


def test_8_pages_whose_render_took_too_long_are_remembered_within_bounds(site, clock, monkeypatch):
    monkeypatch.setattr(wrapper_module, "MAX_SLOW_PAGES", 3)
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


def test_9_lease_is_never_another_renderers_file(store, monkeypatch):
    """Whatever its name: by a file that two of them hold, the older page could be stored after the newer one."""
    monkeypatch.setattr(store_module, "uuid4", lambda: uuid.UUID(int=1))
    store.lease(b"/a/")
    with pytest.raises(FileExistsError):
        store.lease(b"/a/")


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
    store.save(lease, compress_page(b"html", b"x"))
    folder = store.pages.decode() + "/a/"
    renamed = [
        (lease.compressed.decode(), folder + "index.html.gz"),
        (lease.plain.decode(), folder + "index.html"),
    ]
    assert [call[1:] for call in named(calls, "rename")] == renamed
    opened = [call for call in calls if call[0] == "open"]
    assert {call[1] for call in opened} == {lease.plain, lease.compressed}
    assert not any(call[2] & os.O_CREAT for call in opened)


@pytest.mark.parametrize("gone", ["plain", "compressed"])
def test_10_page_without_its_lease_is_not_stored(store, gone):
    lease = store.lease(b"/a/")
    os.unlink(getattr(lease, gone))
    assert not store.save(lease, compress_page(b"html", b"old"))
    assert body_at(store, "/a/") is None


@pytest.mark.parametrize("what", ["/a/", "/a/**", "/**"])
def test_10_purge_at_any_step_of_storing_leaves_nothing_old(store, monkeypatch, what):
    """The storing process stops before each of its steps in turn, and a whole purge happens there."""
    monkeypatch.setattr(store_module, "os", SteppingOs())
    stopped_at = 0
    while True:
        lease = store.lease(b"/a/")
        storing = Actor(lambda lease=lease: store.save(lease, compress_page(b"html", b"old")))
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
        store.save(lease, compress_page(b"html", b"old"))
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
    with pytest.raises(WriteDuringRender):
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
    held = [
        os.open(os.path.join(folder, b"%d" % stripe), os.O_RDWR | os.O_CREAT)
        for stripe in range(store_module.STRIPES)
    ]
    for lock in held:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    yield
    for lock in held:
        os.close(lock)


@committed
@pytest.mark.parametrize(
    ("also", "gone"), [([], ["/notes/a/", "/page/2/"]), (["/**"], ["/notes/a/", "/page/2/", "/elsewhere/"])]
)
def test_12_writers_take_no_page_lock(site, note, all_locks_held, also, gone):
    """They neither wait for one nor leave a page or a tree alone because somebody has it."""
    pages = ["/notes/a/", "/page/2/", "/elsewhere/"]
    for path in pages:
        keep(site.store, path)

    def write() -> bool:
        with public_write(note) as write:
            write.paths.update(also)
            note.name_en = "second"
            note.save()
        return True

    assert in_time(lambda: close_after(write))
    assert [path for path in pages if body_at(site.store, path) is None] == gone


def test_12_lock_is_given_back_by_who_gets_it_and_finds_the_page_there(
    site, page_a, held, clock, monkeypatch
):
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
