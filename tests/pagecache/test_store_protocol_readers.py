"""Lines 8 to 12 of the protocol, which readers follow.

Each has tests that fail when it is broken.
"""

import fcntl
import os
import uuid

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from ictiger.pagecache import store as store_module
from ictiger.pagecache import wsgi as wsgi_module
from ictiger.pagecache.guard import WriteDuringRender
from ictiger.pagecache.pages import compress_page
from ictiger.pagecache.public_write import public_write

from . import store_urls
from .protocol import calls_named, committed, page_text, rename
from .stepping import Actor, SteppingOs, SteppingTime, within_seconds
from .test_store_files import body_at, save_page, stored_files

# Line 8. On a miss: take a stripe's lock without blocking, look again, then render unstored


@pytest.fixture
def held_lock(store):
    """The lock of /a/, held by a renderer that does not finish."""
    lock = store.lock(b"/a/")
    yield lock
    os.close(lock)


@pytest.fixture
def clock(monkeypatch) -> SteppingTime:
    """The clock that the wrapper waits by."""
    clock = SteppingTime()
    monkeypatch.setattr(wsgi_module, "time", clock)
    return clock


@pytest.fixture
def page_a(site, monkeypatch):
    """A page at /a/ that needs no database."""
    monkeypatch.setattr(wsgi_module, "is_public", lambda _path: True)
    site.django = marked_page("x")


def test_8_lock_does_not_block(store, held_lock):
    assert within_seconds(lambda: store.lock(b"/a/")) is None


def test_8_lock_is_free_after_its_holder_was_killed(store):
    os.close(store.lock(b"/a/"))  # as the kernel does when a process is killed
    again = within_seconds(lambda: store.lock(b"/a/"))
    assert again is not None
    os.close(again)


def test_8_request_is_answered_while_the_lock_is_held(site, page_a, held_lock):
    """In real time: a blocking lock would wait for as long as the other request renders."""
    assert within_seconds(lambda: site.get("/a/")).body == b"x"


def test_8_request_without_the_lock_looks_again_and_then_renders_unstored(site, page_a, held_lock, clock):
    assert within_seconds(lambda: site.get("/a/")).status == 200
    assert 1.0 <= clock.elapsed < 1.1
    assert stored_files(site.store) == []


def test_8_only_the_first_requests_wait_for_a_slow_render(site, page_a, held_lock, clock):
    """A waiting request holds a server thread. Many of them would block every other page."""
    within_seconds(lambda: site.get("/a/"))
    waited = clock.elapsed
    assert site.get("/a/").body == b"x"
    assert clock.elapsed == waited
    clock.elapsed += wsgi_module.SLOW_PERIOD
    site.get("/a/")
    assert clock.elapsed >= waited + wsgi_module.SLOW_PERIOD + 1


def test_8_slow_pages_are_remembered_within_bounds(site, clock, monkeypatch):
    monkeypatch.setattr(wsgi_module, "MAX_SLOW_PAGES", 3)
    for number in range(20):
        site.wrapper.render_wait(b"/%d/" % number)
        site.wrapper.slow_until[b"/%d/" % number] = clock.elapsed + 1
        assert len(site.wrapper.slow_until) <= 4


def marked_page(body: str):
    def application(environ, start_response):
        response = HttpResponse(body, headers={"Content-Language": "en"})
        response.public_page = True
        start_response("200 OK", list(response.items()))
        return response

    return application


# Line 9. Leases are made outside any transaction, before the first query; nothing cached before may be used


@committed
def test_9_leases_exist_before_django_is_entered(site, note):
    django, states = site.django, []

    def check_first(environ, start_response):
        states.append((len(stored_files(site.store)), connection.in_atomic_block))
        return django(environ, start_response)

    site.django = check_first
    page_text(site)
    assert states == [(2, False)]


@committed
def test_9_each_lease_has_new_files(store):
    one, other = store.lease(b"/a/"), store.lease(b"/a/")
    assert len({one.plain, one.compressed, other.plain, other.compressed}) == 4
    assert all(os.stat(file).st_size == 0 for file in (one.plain, one.compressed))


def test_9_lease_never_reuses_a_file(store, monkeypatch):
    """If two renderers shared a lease, the older page could be stored after the newer one."""
    monkeypatch.setattr(store_module, "uuid4", lambda: uuid.UUID(int=1))
    store.lease(b"/a/")
    with pytest.raises(FileExistsError):
        store.lease(b"/a/")


@committed
@pytest.mark.parametrize("when", ["before the first query", "after the last query"])
def test_9_page_rendered_during_a_commit_is_not_stored(site, note, when):
    django = site.django

    def render_beside_a_writer(environ, start_response):
        if when == "before the first query":
            rename(note, name_en="second")
        response = django(environ, start_response)
        if when == "after the last query":
            rename(note, name_en="second")
        return response

    site.django = render_beside_a_writer
    page_text(site)
    assert stored_files(site.store) == []
    site.django = django
    assert page_text(site) == "second"


# Line 10. To store: write into the leases, opened without O_CREAT; rename .gz, then .html; no lease: not
# stored


def test_10_order_in_which_a_page_is_stored(store, calls):
    lease = store.lease(b"/a/")
    calls.clear()
    store.save(lease, compress_page(b"html", b"x"))
    folder = store.pages.decode() + "/a/"
    renames = [
        (lease.compressed.decode(), folder + "index.html.gz"),
        (lease.plain.decode(), folder + "index.html"),
    ]
    assert [call[1:] for call in calls_named(calls, "rename")] == renames
    opened = [call for call in calls if call[0] == "open"]
    assert {call[1] for call in opened} == {lease.plain, lease.compressed}
    assert not any(call[2] & os.O_CREAT for call in opened)


@pytest.mark.parametrize("missing", ["plain", "compressed"])
def test_10_page_without_its_lease_is_not_stored(store, missing):
    lease = store.lease(b"/a/")
    os.unlink(getattr(lease, missing))
    assert not store.save(lease, compress_page(b"html", b"old"))
    assert body_at(store, "/a/") is None


@pytest.mark.parametrize("purged", ["/a/", "/a/**", "/**"])
def test_10_purge_at_any_step_of_storing_leaves_nothing_old(store, monkeypatch, purged):
    """The storing process stops before each of its steps in turn, and a purge runs there."""
    monkeypatch.setattr(store_module, "os", SteppingOs())
    stopped_at = 0
    while True:
        lease = store.lease(b"/a/")
        storing = Actor(lambda lease=lease: store.save(lease, compress_page(b"html", b"old")))
        for _step in range(stopped_at):
            storing.advance()
        if storing.done:
            break
        store.purge([purged])
        storing.finish()
        for compressed in (False, True):
            assert store.find(b"/a/", compressed=compressed) is None, f"stopped before step {stopped_at}"
        store.clear()
        stopped_at += 1
    assert stopped_at > 6


@pytest.mark.parametrize("purged", ["/a/", "/a/**", "/**"])
def test_10_storing_at_any_step_of_a_purge_leaves_nothing_old(store, monkeypatch, purged):
    monkeypatch.setattr(store_module, "os", SteppingOs())
    stopped_at = 0
    while True:
        lease = store.lease(b"/a/")
        purging = Actor(lambda: store.purge([purged]))
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


# Line 11. A waiting request takes bytes from the store only


@committed
def test_11_waiting_request_does_not_get_a_page_that_was_purged_before_it_looked(site, note, monkeypatch):
    """The write was answered meanwhile, so bytes passed on by the renderer would be older than it."""
    monkeypatch.setattr(wsgi_module, "time", SteppingTime())
    django = site.django

    def render_beside_writer_and_waiter(environ, start_response):
        response = django(environ, start_response)
        if not waiter.done and len(site.entered) == 1:
            waiter.advance()
            waiter.advance()  # the lock was taken, and it waits
            rename(note, name_en="second")
        return response

    site.django = render_beside_writer_and_waiter
    waiter = Actor(lambda: closing_connection(lambda: page_text(site)))
    assert page_text(site) == "first"
    assert waiter.finish() == "second"


def closing_connection(work):
    """Call `work` and close this thread's connection, which would keep the test database in use."""
    try:
        return work()
    finally:
        connection.close()


# Line 12. Renderers write no rows, writers take no page lock, one page lock a request


@pytest.mark.django_db
def test_12_public_page_cannot_begin_a_public_write(site):
    with pytest.raises(WriteDuringRender):
        store_urls.writes(RequestFactory().get("/writes/"))


@committed
def test_12_renderers_write_no_rows(site, note):
    """Neither by a public write nor in any other table: rendering must not need the only write lock."""
    for path in ("/", "/page/2/", "/notes/a/", "/timed/", "/feed/"):
        with CaptureQueriesContext(connection) as queries:
            assert site.get(path).status == 200
        assert not [query["sql"] for query in queries if not query["sql"].startswith("SELECT")], path


@pytest.fixture
def all_locks_held(store):
    """All stripes are held by renderers that do not finish. BlockingIOError: a test has not released one."""
    folder = os.path.join(store.root, b"locks")
    os.makedirs(folder)
    locks = [
        os.open(os.path.join(folder, b"%d" % stripe), os.O_RDWR | os.O_CREAT)
        for stripe in range(store_module.STRIPES)
    ]
    for lock in locks:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    yield
    for lock in locks:
        os.close(lock)


@committed
@pytest.mark.parametrize(
    ("more_paths", "purged"),
    [([], ["/notes/a/", "/page/2/"]), (["/**"], ["/notes/a/", "/page/2/", "/elsewhere/"])],
)
def test_12_writers_take_no_page_lock(site, note, all_locks_held, more_paths, purged):
    """A writer neither waits for a lock nor skips a page or tree because its lock is held."""
    pages = ["/notes/a/", "/page/2/", "/elsewhere/"]
    for path in pages:
        save_page(site.store, path)

    def write() -> bool:
        with public_write(note) as write:
            write.paths.update(more_paths)
            note.name_en = "second"
            note.save()
        return True

    assert within_seconds(lambda: closing_connection(write))
    assert [path for path in pages if body_at(site.store, path) is None] == purged


def test_12_lock_is_released_when_the_page_was_stored_meanwhile(site, page_a, held_lock, clock, monkeypatch):
    """Another request stores the page and releases the lock between two looks."""
    acquired, lock = [], site.store.lock

    def lock_after_the_other(path: bytes) -> int:
        if not acquired:
            save_page(site.store, "/a/", "of the other")
            fcntl.flock(held_lock, fcntl.LOCK_UN)
        acquired.append(lock(path))
        return acquired[-1]

    monkeypatch.setattr(site.store, "lock", lock_after_the_other)
    assert site.get("/a/").body == b"of the other"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(acquired[0])


@committed
def test_12_lock_and_leases_are_released_when_django_raises(site, note):
    def broken(environ, start_response):
        raise ZeroDivisionError

    django, site.django = site.django, broken
    with pytest.raises(ZeroDivisionError):
        site.get("/notes/a/")
    assert stored_files(site.store) == []
    site.django = django
    page_text(site)
    assert body_at(site.store, "/notes/a/") is not None
