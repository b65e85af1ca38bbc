"""The folder `live`: who is live, and what is kept when another release takes over."""

import os
import subprocess
from pathlib import Path

import pytest
from django.db import OperationalError

from ictiger.ops import live as live_module
from ictiger.ops.live import CannotGoLive, LiveSlot, wait_until_live
from ictiger.pagecache.pages import compress_page
from ictiger.pagecache.store import Store

pytestmark = pytest.mark.django_db
PAGE = b"/articles/claims/"


@pytest.fixture
def store(settings, tmp_path) -> Store:
    settings.PAGE_STORE = str(tmp_path / "pages")
    return live_module.get_store()


def keep(store: Store) -> None:
    lease = store.lease(PAGE)
    assert store.save(lease, compress_page(b"html", b"a page"))


@pytest.fixture
def place_of(live, monkeypatch):
    """The place of a server of that release, prepared."""

    def place(release: str) -> LiveSlot:
        monkeypatch.setattr(live_module, "build_id", lambda: release)
        place = LiveSlot(live)
        place.prepare()
        return place

    return place


def test_whoever_takes_over_is_what_nginx_finds(live, store, place_of):
    place = place_of(store.release.decode())
    place.take_over()
    keep(store)
    assert (live / "current").resolve() == place.folder.resolve()
    assert (live / "current" / "pages" / "articles/claims/index.html").read_bytes() == b"a page"


def test_the_same_release_keeps_its_pages(live, store, place_of):
    place_of(store.release.decode()).take_over()
    keep(store)
    place_of(store.release.decode()).take_over()
    assert store.find(PAGE, compressed=False)


def test_another_release_begins_with_no_pages(live, store, place_of):
    """What it stored before, the release that wrote meanwhile may not have known to purge."""
    place_of("another").take_over()
    keep(store)
    place_of(store.release.decode()).take_over()
    assert store.find(PAGE, compressed=False) is None


def test_whoever_leaves_to_another_release_forgets_every_page(live, store, place_of):
    """Its last writes have purged what its own code knows of."""
    old = place_of("old")
    old.take_over()
    (live / "current").unlink()
    (live / "new-1").mkdir()
    (live / "current").symlink_to("new-1")
    keep(store)
    old.leave()
    assert store.find(PAGE, compressed=False) is None
    assert not old.folder.exists()


def test_whoever_leaves_without_an_heir_leaves_its_pages_to_readers(live, store, place_of):
    place = place_of(store.release.decode())
    place.take_over()
    keep(store)
    place.leave()
    assert (live / "current" / "pages" / "articles/claims/index.html").exists()


def test_pages_from_before_the_machine_started_are_not_kept(live, store, place_of):
    place_of(store.release.decode()).take_over()
    keep(store)
    (Path(os.fsdecode(store.root)) / "boot").write_text("an earlier start")
    place_of(store.release.decode()).take_over()
    assert store.find(PAGE, compressed=False) is None


def test_places_of_the_dead_are_cleared_away_and_those_of_the_living_are_not(live, store, place_of):
    with subprocess.Popen(["true"]) as gone:
        pass
    living = f"old-{os.getppid()}"  # it may not listen yet
    for name in (living, f"old-{gone.pid}", "live-for-readers-0", "no-number"):
        (live / name).mkdir()
    (live / "current").symlink_to("live-for-readers-0")
    ours = place_of("new").folder.name
    assert {path.name for path in live.iterdir()} == {living, "current", "live-for-readers-0", ours}


def test_take_over_is_tried_again(live, store, place_of, monkeypatch):
    """The database may be away at that moment."""
    place, tries = place_of("new"), []

    def take_over() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError

    monkeypatch.setattr(place, "take_over", take_over)
    monkeypatch.setattr(live_module, "is_ready", lambda _server: True)
    monkeypatch.setattr(live_module, "RETRY_INTERVAL", 0)
    monkeypatch.setattr(live_module.connections, "close_all", lambda: None)
    place._take_over_when(lambda: True)
    assert len(tries) == 3


def test_a_path_too_long_for_a_socket_is_refused(tmp_path):
    with pytest.raises(CannotGoLive, match="too long for a socket"):
        LiveSlot(tmp_path / ("x" * 100))


def test_a_folder_that_cannot_be_is_refused(live):
    (live / "file").touch()
    with pytest.raises(CannotGoLive, match="Not a directory"):
        LiveSlot(live / "file" / "below").prepare()


def test_waiting_for_a_release_that_is_not_live_ends(live, store, place_of):
    assert wait_until_live(live, 0) is False
    place_of("another").take_over()
    place_of("this")
    assert wait_until_live(live, 0.1) is False
