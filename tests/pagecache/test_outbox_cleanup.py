"""Outbox rows whose pages are purged: deleted at once, or several at a time by a serving process."""

from collections.abc import Iterator
from queue import Queue

import pytest
from django.db import DatabaseError

from ictiger.pagecache import outbox_cleanup as outbox_cleanup_module
from ictiger.pagecache.models import Purge
from ictiger.pagecache.outbox_cleanup import OutboxCleanup

pytestmark = pytest.mark.django_db


@pytest.fixture
def deleted(monkeypatch) -> Queue:
    """The lists of keys that were deleted; nothing is deleted from the database."""
    keys: Queue[list[int]] = Queue()
    monkeypatch.setattr(outbox_cleanup_module, "delete_rows", keys.put)
    return keys


@pytest.fixture
def cleanup(deleted) -> Iterator[OutboxCleanup]:
    """A cleanup that collects rows."""
    cleanup = OutboxCleanup()
    cleanup.start()
    yield cleanup
    cleanup.stop()


def test_row_is_deleted_at_once_where_nothing_collects():
    row, other = Purge.objects.create(paths=["/a/"]), Purge.objects.create(paths=["/b/"])
    OutboxCleanup().add(row.pk)
    assert list(Purge.objects.all()) == [other]


def test_serving_process_deletes_several_rows_in_one_statement(cleanup, deleted):
    for key in (1, 2, 3):
        cleanup.add(key)
    assert deleted.get(timeout=10) == [1, 2, 3]
    cleanup.add(4)
    assert deleted.get(timeout=10) == [4]


def test_database_error_does_not_end_the_thread(cleanup, deleted, monkeypatch):
    def fail(keys: list[int]) -> None:
        deleted.put(keys)
        raise DatabaseError("away")

    monkeypatch.setattr(outbox_cleanup_module, "delete_rows", fail)
    for key in (1, 2):
        cleanup.add(key)
        assert deleted.get(timeout=10) == [key]
