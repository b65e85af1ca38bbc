"""The store on disk: where pages are stored, and what a purge removes."""

import gzip
import os
import shutil
import time

import pytest
import time_machine

from ictiger.pagecache import store as store_module
from ictiger.pagecache.pages import compress_page, is_storable_path
from ictiger.pagecache.store import PurgeFailed, Store

SLUG = "专" * 80  # 240 bytes


def save_page(
    store: Store, path: str, body: str = "body", *, ending: bytes = b"html", until: float | None = None
) -> bool:
    lease = store.lease(path.encode())
    try:
        return store.save(lease, compress_page(ending, body.encode(), until))
    finally:
        store.release_lease(lease)


def body_at(store: Store, path: str) -> str | None:
    page = store.find(path.encode(), compressed=False)
    return page and page.body.decode()


def stored_files(store: Store) -> list[str]:
    """The files of pages and leases, relative to the root."""
    paths = [
        os.path.join(folder, file)
        for folder, _folders, files in os.walk(store.root.decode())
        for file in files
    ]
    names = sorted(os.path.relpath(file, store.root.decode()) for file in paths)
    return [name for name in names if not name.startswith(("locks/", "trash/")) and name != "stock"]


def clock_at(moment: float):
    return time_machine.travel(moment, tick=False)


@pytest.fixture
def two_releases(tmp_path) -> tuple[Store, Store]:
    return Store(tmp_path / "pages", "one"), Store(tmp_path / "pages", "two")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a/",
        "/zh-hans/articles/专利/",
        f"/zh-hans/articles/{SLUG}/discussion/12/",
        "/" + "a" * 255 + "/",
    ],
)
def test_storable_paths(path):
    assert is_storable_path(path.encode())


@pytest.mark.parametrize(
    "path",
    [
        *[
            "",
            "a/",
            "/a",
            "//",
            "//a/",
            "/a//b/",
            "/../",
            "/a/../b/",
            "/./",
            "/.leases/",
            "/a.html/",
            "/a\0b/",
            "/a\nb/",
            "/a b/",
            "/a\x7f/",
        ],
        *["/" + "a" * 256 + "/", "/a" * 5_000 + "/", "/index.html", "/index.html/"],
    ],
)
def test_paths_that_are_not_storable(path):
    assert not is_storable_path(path.encode())


def test_page_is_found_in_both_forms(store):
    save_page(store, "/a/", "text")
    plain, compressed = store.find(b"/a/", compressed=False), store.find(b"/a/", compressed=True)
    assert (plain.body, plain.ending, plain.compressed) == (b"text", b"html", False)
    assert (gzip.decompress(compressed.body), compressed.ending, compressed.compressed) == (
        b"text",
        b"html",
        True,
    )


def test_files_are_stored_below_release_and_path(store):
    save_page(store, "/a/")
    save_page(store, "/a/feed/", ending=b"atom")
    release = store.release.decode()
    names = ["a/feed/index.atom", "a/feed/index.atom.gz", "a/index.html", "a/index.html.gz"]
    assert stored_files(store) == [f"{release}/{name}" for name in names]


def test_path_may_have_a_page_and_pages_below_it(store):
    for path in ("/a/b/", "/a/", "/"):
        save_page(store, path, f"at {path}")
    assert [body_at(store, path) for path in ("/", "/a/", "/a/b/")] == ["at /", "at /a/", "at /a/b/"]
    store.purge(["/a/"])
    assert [body_at(store, path) for path in ("/", "/a/", "/a/b/")] == ["at /", None, "at /a/b/"]


def test_longest_chinese_slug_is_stored_and_purged_by_its_quoted_url(store):
    path = f"/zh-hans/articles/{SLUG}/"
    assert save_page(store, path)
    assert body_at(store, path) == "body"
    store.purge(["/zh-hans/articles/" + "%E4%B8%93" * 80 + "/"])  # reverse() quotes what is not ASCII
    assert body_at(store, path) is None


def test_mtime_is_derived_from_the_content(store):
    def stamp(body: str) -> float:
        save_page(store, "/a/", body)
        times = {os.stat(store.pages + b"/a/index.html" + end).st_mtime for end in (b"", b".gz")}
        assert len(times) == 1
        return times.pop()

    first, second, first_again = stamp("one"), stamp("two"), stamp("one")  # same length, same second
    assert first == first_again != second
    assert first == int(first)


def test_page_is_read_again_when_its_file_is_replaced(store):
    for body in ("one", "two", "one"):
        save_page(store, "/a/", body)
        assert body_at(store, "/a/") == body_at(store, "/a/") == body


def test_page_in_memory_is_not_served_after_its_file_is_purged(store):
    save_page(store, "/a/")
    assert body_at(store, "/a/") == "body"
    Store(os.fsdecode(store.root), store.release.decode()).purge(["/a/"])  # another process
    assert body_at(store, "/a/") is None


def test_memory_is_bounded(store, monkeypatch):
    monkeypatch.setattr(store_module, "MAX_CACHED_PAGES", 250)
    for number in range(10):
        save_page(store, f"/{number}/", "x" * 100)
        assert body_at(store, f"/{number}/") == "x" * 100
        assert store.cached_bytes <= 250


def test_etag_equals_the_one_nginx_computes(store):
    save_page(store, "/a/")
    for compressed, name in ((False, b"/a/index.html"), (True, b"/a/index.html.gz")):
        status = os.stat(store.pages + name)
        assert (
            store.find(b"/a/", compressed=compressed).etag == f'"{int(status.st_mtime):x}-{status.st_size:x}"'
        )


def test_rendered_page_has_the_etag_of_the_stored_one(store):
    for until in (None, time.time() + 60):
        rendered = compress_page(b"html", b"x" * 100, until)
        lease = store.lease(b"/a/")
        store.save(lease, rendered)
        assert store.find(b"/a/", compressed=False) == rendered.plain
        assert store.find(b"/a/", compressed=True) == rendered.compressed
        store.clear()


def test_timed_page_expires_and_is_not_stored_where_a_file_server_looks(store):
    with clock_at(1_000.0):
        save_page(store, "/a/", until=1_000.5)
        assert body_at(store, "/a/") == "body"
        assert stored_files(store) == [
            f"timed/{store.release.decode()}/a/index.html{end}" for end in ("", ".gz")
        ]
    with clock_at(1_000.499):
        assert body_at(store, "/a/") == "body"
    with clock_at(1_000.5):
        assert body_at(store, "/a/") is None


def test_lasting_page_is_found_after_the_timed_one_has_expired(store):
    with clock_at(1_000.0):
        save_page(store, "/a/", "before", until=1_001.0)
    with clock_at(1_002.0):
        save_page(store, "/a/", "after")
        assert body_at(store, "/a/") == "after"


def test_timed_page_is_purged_like_any_other(store):
    save_page(store, "/a/", until=time.time() + 60)
    save_page(store, "/b/", until=time.time() + 60)
    store.purge(["/a/"])
    assert (body_at(store, "/a/"), body_at(store, "/b/")) == (None, "body")


def test_damaged_timed_file_is_not_served(store):
    save_page(store, "/a/", until=time.time() + 60)
    with open(store.timed + b"/a/index.html", "wb") as file:
        file.write(b"what?")
    assert body_at(store, "/a/") is None


def test_empty_file_is_not_served(store):
    save_page(store, "/a/")
    with open(store.pages + b"/a/index.html", "wb"):
        pass
    assert body_at(store, "/a/") is None


def test_released_leases_leave_nothing(store):
    lease = store.lease(b"/a/b/")
    other = store.lease(b"/a/")
    store.release_lease(lease)
    assert sorted(stored_files(store)) == sorted(
        os.path.relpath(file, store.root).decode() for file in (other.plain, other.compressed)
    )
    store.release_lease(other)
    assert os.listdir(store.leases) == []


def test_purge_reaches_every_release(two_releases):
    one, two = two_releases
    for path in ("/a/", "/list/", "/list/page/2/"):
        for store in two_releases:
            save_page(store, path)
    one.purge(["/a/", "/list/**"])
    assert stored_files(two) == []


def test_purge_of_everything_ignores_folders_that_are_no_release(store):
    """A store on a disk of its own has lost+found beside its releases."""
    save_page(store, "/a/")
    os.mkdir(os.path.join(store.root, b"lost+found"))
    store.purge(["/**"])
    assert body_at(store, "/a/") is None
    assert os.path.isdir(os.path.join(store.root, b"lost+found"))


def test_purge_of_a_tree_removes_its_root_and_all_below_only(store):
    for path in ("/", "/topics/a/", "/topics/a/page/2/", "/topics/a/feed/", "/topics/ab/"):
        save_page(store, path)
    save_page(store, "/topics/a/page/3/", until=time.time() + 60)
    store.purge(["/topics/a/**"])
    paths = ("/", "/topics/a/", "/topics/a/page/2/", "/topics/a/feed/", "/topics/a/page/3/", "/topics/ab/")
    assert [path for path in paths if body_at(store, path)] == ["/", "/topics/ab/"]


def test_purge_of_everything(two_releases):
    for store in two_releases:
        save_page(store, "/")
        save_page(store, "/a/", until=time.time() + 60)
    two_releases[0].purge(["/**", "/x/"])
    assert stored_files(two_releases[0]) == []


@pytest.mark.parametrize(
    "path", ["/sitemap.xml", "/../x/", "", "/a\0/", "/a/../**", "/" + "a" * 300 + "/", "**", "/x**"]
)
def test_purge_of_a_path_that_is_not_storable_removes_nothing(store, path):
    save_page(store, "/a/")
    store.purge([path])
    assert body_at(store, "/a/") == "body"


def test_purge_without_a_store_on_disk_creates_nothing(store):
    store.purge(["/a/", "/b/**", "/**"])
    assert not os.path.exists(store.root)


@pytest.mark.parametrize("paths", [["/a/"], ["/a/**"]])
def test_purge_works_when_the_trash_was_deleted(store, paths):
    save_page(store, "/a/")
    save_page(store, "/a/b/")
    store.purge(["/a/b/**"])
    shutil.rmtree(os.path.join(store.root, b"trash"), ignore_errors=True)
    store.purge(paths)
    assert body_at(store, "/a/") is None


@pytest.mark.parametrize("release", ["timed", "leases", "trash", "a/b", "..", "", "a.b"])
def test_release_may_not_have_an_internal_name(tmp_path, release):
    with pytest.raises(ValueError, match="cannot name a release"):
        Store(tmp_path, release)


class FailingOs:
    """`os` whose functions named in `errors` raise these errors."""

    def __init__(self, **errors: OSError) -> None:
        self.errors = errors

    def __getattr__(self, name):
        if name in self.errors:
            return self._raiser(self.errors[name])
        return getattr(os, name)

    def _raiser(self, error):
        def raise_error(*args, **kwargs):
            raise error

        return raise_error


def test_purge_that_cannot_unlink_removes_every_page(store, monkeypatch):
    save_page(store, "/a/")
    save_page(store, "/other/")
    monkeypatch.setattr(store_module, "os", FailingOs(unlink=PermissionError("not yours")))
    store.purge(["/a/"])
    assert stored_files(store) == []


def test_purge_that_can_neither_unlink_nor_rename_fails(store, monkeypatch):
    save_page(store, "/a/")
    read_only = OSError(30, "read-only file system")
    monkeypatch.setattr(store_module, "os", FailingOs(unlink=read_only, rename=read_only))
    with pytest.raises(PurgeFailed):
        store.purge(["/a/"])
