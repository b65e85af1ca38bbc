"""The folder `live`: which server is live, and which pages stay stored when a release takes over."""

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


def save_page(store: Store) -> None:
    lease = store.lease(PAGE)
    assert store.save(lease, compress_page(b"html", b"a page"))


@pytest.fixture
def slot_of(live, monkeypatch):
    """Make and prepare the slot of a server of a release."""

    def make(release: str) -> LiveSlot:
        monkeypatch.setattr(live_module, "build_id", lambda: release)
        slot = LiveSlot(live)
        slot.prepare()
        return slot

    return make


def test_nginx_finds_the_server_that_took_over(live, store, slot_of):
    slot = slot_of(store.release.decode())
    slot.take_over()
    save_page(store)
    assert (live / "current").resolve() == slot.folder.resolve()
    assert (live / "current" / "pages" / "articles/claims/index.html").read_bytes() == b"a page"


def test_pages_stay_when_the_same_release_takes_over(live, store, slot_of):
    slot_of(store.release.decode()).take_over()
    save_page(store)
    slot_of(store.release.decode()).take_over()
    assert store.find(PAGE, compressed=False)


def test_pages_are_dropped_when_another_release_takes_over(live, store, slot_of):
    """The release that wrote meanwhile may not have known to purge the pages that this one stored before."""
    slot_of("another").take_over()
    save_page(store)
    slot_of(store.release.decode()).take_over()
    assert store.find(PAGE, compressed=False) is None


def test_leaving_to_another_release_drops_every_page(live, store, slot_of):
    """Its last writes have purged only the pages that its own code knows to show them."""
    old = slot_of("old")
    old.take_over()
    (live / "current").unlink()
    (live / "new-1").mkdir()
    (live / "current").symlink_to("new-1")
    save_page(store)
    old.leave()
    assert store.find(PAGE, compressed=False) is None
    assert not old.folder.exists()


def test_leaving_without_a_successor_keeps_the_pages_for_readers(live, store, slot_of):
    slot = slot_of(store.release.decode())
    slot.take_over()
    save_page(store)
    slot.leave()
    assert (live / "current" / "pages" / "articles/claims/index.html").exists()


def test_pages_from_before_a_reboot_are_dropped(live, store, slot_of):
    slot_of(store.release.decode()).take_over()
    save_page(store)
    (Path(os.fsdecode(store.root)) / "boot").write_text("an earlier start")
    slot_of(store.release.decode()).take_over()
    assert store.find(PAGE, compressed=False) is None


def test_folders_of_ended_servers_are_deleted_and_those_of_running_ones_are_not(live, store, slot_of):
    with subprocess.Popen(["true"]) as ended:
        pass
    running = f"old-{os.getppid()}"  # it may not listen yet
    for name in (running, f"old-{ended.pid}", "live-for-readers-0", "no-number"):
        (live / name).mkdir()
    (live / "current").symlink_to("live-for-readers-0")
    new = slot_of("new").folder.name
    assert {path.name for path in live.iterdir()} == {running, "current", "live-for-readers-0", new}


def test_take_over_is_retried_after_an_error(live, store, slot_of, monkeypatch):
    """The database may be down at that moment."""
    slot, attempts = slot_of("new"), []

    def take_over() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise OperationalError

    monkeypatch.setattr(slot, "take_over", take_over)
    monkeypatch.setattr(live_module, "is_socket_ready", lambda _server: True)
    monkeypatch.setattr(live_module, "RETRY_INTERVAL", 0)
    monkeypatch.setattr(live_module.connections, "close_all", lambda: None)
    slot._take_over_when(lambda: True)
    assert len(attempts) == 3


def test_path_too_long_for_a_socket_is_refused(tmp_path):
    with pytest.raises(CannotGoLive, match="too long for a socket"):
        LiveSlot(tmp_path / ("x" * 100))


def test_folder_that_cannot_be_made_is_refused(live):
    (live / "file").touch()
    with pytest.raises(CannotGoLive, match="Not a directory"):
        LiveSlot(live / "file" / "below").prepare()


def test_wait_until_live_ends_without_a_live_server_of_this_release(live, store, slot_of):
    assert wait_until_live(live, 0) is False
    slot_of("another").take_over()
    slot_of("this")
    assert wait_until_live(live, 0.1) is False
