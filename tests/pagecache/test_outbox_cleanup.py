"""Outbox rows whose pages are purged: deleted at once, or some at a time by a process that serves."""

from queue import Queue

import pytest

from ictiger.pagecache import outbox_cleanup as settled_module
from ictiger.pagecache.models import Purge
from ictiger.pagecache.outbox_cleanup import OutboxCleanup

pytestmark = pytest.mark.django_db


@pytest.fixture
def collected(monkeypatch) -> tuple[OutboxCleanup, Queue]:
    """One that collects, and what it has deleted."""
    deleted: Queue[list[int]] = Queue()
    monkeypatch.setattr(settled_module, "_delete", deleted.put)
    settled = OutboxCleanup()
    settled.collect()
    return settled, deleted


def test_where_nothing_collects_a_row_is_deleted_at_once():
    row, other = Purge.objects.create(paths=["/a/"]), Purge.objects.create(paths=["/b/"])
    OutboxCleanup().add(row.pk)
    assert list(Purge.objects.all()) == [other]


def test_a_process_that_serves_deletes_many_in_one_statement(collected):
    settled, deleted = collected
    for key in (1, 2, 3):
        settled.add(key)
    assert deleted.get(timeout=10) == [1, 2, 3]
    settled.add(4)
    assert deleted.get(timeout=10) == [4]


def test_a_database_that_is_away_ends_nothing(collected, monkeypatch):
    settled, deleted = collected

    def refuse(keys: list[int]) -> None:
        deleted.put(keys)
        raise settled_module.DatabaseError("away")

    monkeypatch.setattr(settled_module, "_delete", refuse)
    for key in (1, 2):
        settled.add(key)
        assert deleted.get(timeout=10) == [key]
