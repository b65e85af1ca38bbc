"""`public_write()`: one transaction, its outbox row, and the purge after COMMIT and before the response."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone

from articles.models import Topic
from ictiger.pagecache.invalidation import WHOLE_SITE, load_stored
from ictiger.pagecache.models import Purge
from ictiger.pagecache.public_write import public_write
from ictiger.pagecache.purge import purge_leftovers

pytestmark = pytest.mark.django_db

committed = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def rename(topic: Topic, slug: str) -> None:
    topic.slug = slug
    topic.save()


def test_write_purges_the_paths_before_and_after(recorder, topic, django_capture_on_commit_callbacks):
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write(topic):
        rename(topic, "standards")
    assert recorder.purged == [["/topics/patents/", "/topics/standards/"]]
    assert not Purge.objects.exists()


def test_outbox_row_is_inserted_in_the_transaction_of_the_write(
    recorder, topic, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks():
        with public_write(topic):
            rename(topic, "standards")
        row = Purge.objects.get()
    assert row.paths == ["/topics/patents/", "/topics/standards/"]
    assert row.subjects == [["articles.topic", topic.pk]]


def test_failed_write_leaves_no_row_and_purges_nothing(recorder, topic, django_capture_on_commit_callbacks):
    def fail() -> None:
        with public_write(topic):
            rename(topic, "standards")
            raise ZeroDivisionError

    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError):
        fail()
    assert Topic.objects.get().slug == "patents"
    assert not Purge.objects.exists()
    assert recorder.purged == []


def test_write_in_a_failed_transaction_leaves_no_row_and_purges_nothing(
    recorder, topic, django_capture_on_commit_callbacks
):
    @transaction.atomic
    def fail() -> None:
        with public_write(topic):
            rename(topic, "standards")
        raise ZeroDivisionError

    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError):
        fail()
    assert not Purge.objects.exists()
    assert recorder.purged == []


def test_purge_reads_the_subjects_again(recorder, topic, django_capture_on_commit_callbacks):
    """Another write may come between the end of this one and its purge: its paths are purged as well."""
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True):
        with public_write(topic):
            rename(topic, "standards")
        with public_write():
            Topic.objects.update(slug="finance")
    assert recorder.purged == [["/topics/finance/", "/topics/patents/", "/topics/standards/"]]


def test_new_row_touched_after_saving_is_purged(recorder, topic, django_capture_on_commit_callbacks):
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write() as write:
        new = Topic(slug="standards", name_en="Standards", name_zh="标准")
        new.save()
        write.touch(new)
    assert recorder.purged == [["/topics/standards/"]]


def test_deleted_row_is_purged_at_its_former_path(recorder, topic, django_capture_on_commit_callbacks):
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write(topic):
        topic.delete()
    assert recorder.purged == [["/topics/patents/"]]


def test_touch_everything_purges_the_whole_site(recorder, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), public_write() as write:
        write.touch_everything()
    assert recorder.purged == [[WHOLE_SITE]]


def test_write_without_subjects_inserts_no_row(recorder, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), public_write():
        pass
    assert recorder.purged == []


def test_nested_writes_share_transaction_row_and_purge(recorder, topic, django_capture_on_commit_callbacks):
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True):
        with public_write() as outer:
            with public_write(topic) as inner:
                rename(topic, "standards")
            assert inner is outer
            assert not Purge.objects.exists()
        assert Purge.objects.count() == 1
    assert recorder.purged == [["/topics/patents/", "/topics/standards/"]]


def test_failed_inner_write_rolls_back_only_itself(recorder, topic, django_capture_on_commit_callbacks):
    def fail() -> None:
        with public_write(topic):
            rename(topic, "standards")
            raise ZeroDivisionError

    other = Topic(slug="finance", name_en="Finance", name_zh="金融")
    with django_capture_on_commit_callbacks(execute=True), public_write() as write:
        other.save()
        write.touch(other)
        with pytest.raises(ZeroDivisionError):
            fail()
    assert sorted(Topic.objects.values_list("slug", flat=True)) == ["finance", "patents"]
    assert "/topics/finance/" in recorder.purged[-1]


def test_write_after_a_failed_one_starts_without_subjects(
    recorder, topic, django_capture_on_commit_callbacks
):
    def fail() -> None:
        with public_write(topic):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write() as write:
        assert (write.subjects, write.paths) == ([], set())


def test_purge_runs_before_other_on_commit_callbacks(recorder, topic, django_capture_on_commit_callbacks):
    purged_at_callback = []
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write(topic):
        transaction.on_commit(lambda: purged_at_callback.append(list(recorder.purged)))
        rename(topic, "standards")
    assert purged_at_callback == [[["/topics/patents/", "/topics/standards/"]]]


@committed
def test_purge_runs_after_commit_and_before_the_response(recorder, topic):
    def view() -> HttpResponse:
        with public_write(topic):
            rename(topic, "standards")
            recorder.purged.clear()
        assert not connection.in_atomic_block
        return HttpResponse(str(len(recorder.purged)))

    assert view().content == b"1"
    assert recorder.row_counts[-1] == 1, "the row is deleted after its pages are purged, not before"
    assert not Purge.objects.exists()


def test_unreachable_backend_leaves_the_row_for_the_sweep(
    recorder, topic, django_capture_on_commit_callbacks, time_machine, caplog
):
    recorder.errors.append(OSError("no route to cache"))
    recorder.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write(topic):
        rename(topic, "standards")
    assert Purge.objects.count() == 1
    assert "no route to cache" in caplog.text
    recorder.errors.clear()
    time_machine.move_to(timezone.now() + timedelta(seconds=5))
    assert purge_leftovers() == 1
    assert recorder.purged == [["/topics/patents/", "/topics/standards/"]]
    assert not Purge.objects.exists()


def test_sweep_skips_rows_whose_process_is_about_to_purge(
    recorder, topic, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks():
        with public_write(topic):
            rename(topic, "standards")
        assert purge_leftovers() == 0
        assert Purge.objects.count() == 1


def test_sweep_purges_for_a_subject_that_was_deleted(recorder, topic):
    Purge.objects.create(paths=["/topics/patents/"], subjects=[["articles.topic", topic.pk + 1]])
    recorder.purged.clear()
    assert purge_leftovers(older_than=timedelta(0)) == 1
    assert recorder.purged == [["/topics/patents/"]]


def test_idle_sweep_makes_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert purge_leftovers() == 0


def test_subjects_are_locked_in_a_fixed_order(topic, monkeypatch):
    second = Topic(slug="standards", name_en="Standards", name_zh="标准")
    with public_write():
        second.save()
    orders = []
    for subjects in ([topic, second], [second, topic]):
        locked_keys: list[int] = []

        def record_lock(kind, pk, *, locked=False, locked_keys=locked_keys):
            locked_keys += [pk] if locked else []
            return load_stored(kind, pk, locked=locked)

        monkeypatch.setattr("ictiger.pagecache.public_write.load_stored", record_lock)
        with public_write(*subjects):
            pass
        orders.append(locked_keys)
    assert orders == [[topic.pk, second.pk]] * 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database")
@committed
def test_two_writes_of_one_row_wait_for_each_other(recorder, topic, in_threads):
    """Both add to the value they read; without the lock one addition would be lost."""

    def add() -> None:
        with public_write(Topic(pk=topic.pk)):
            row = Topic.objects.get(pk=topic.pk)
            row.position += 1
            row.save()

    in_threads([add] * 8)
    assert Topic.objects.get().position == 8
