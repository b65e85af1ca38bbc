"""`change()`: one transaction, its outbox row, and the purge after COMMIT and before the answer."""

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


def test_change_purges_the_paths_as_they_were_and_as_they_are(
    keeper, topic, django_capture_on_commit_callbacks
):
    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write(topic):
        rename(topic, "standards")
    assert keeper.purged == [["/topics/patents/", "/topics/standards/"]]
    assert not Purge.objects.exists()


def test_outbox_row_is_written_in_the_transaction_of_the_change(
    keeper, topic, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks():
        with public_write(topic):
            rename(topic, "standards")
        row = Purge.objects.get()
    assert row.paths == ["/topics/patents/", "/topics/standards/"]
    assert row.subjects == [["articles.topic", topic.pk]]


def test_change_that_fails_leaves_neither_row_nor_write_nor_purge(
    keeper, topic, django_capture_on_commit_callbacks
):
    def fail() -> None:
        with public_write(topic):
            rename(topic, "standards")
            raise ZeroDivisionError

    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError):
        fail()
    assert Topic.objects.get().slug == "patents"
    assert not Purge.objects.exists()
    assert keeper.purged == []


def test_change_whose_surrounding_transaction_fails_leaves_nothing(
    keeper, topic, django_capture_on_commit_callbacks
):
    @transaction.atomic
    def fail() -> None:
        with public_write(topic):
            rename(topic, "standards")
        raise ZeroDivisionError

    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError):
        fail()
    assert not Purge.objects.exists()
    assert keeper.purged == []


def test_purge_reads_the_subjects_again(keeper, topic, django_capture_on_commit_callbacks):
    """Between the end of a change and its purge another may have come: its paths are purged by whoever is last."""
    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True):
        with public_write(topic):
            rename(topic, "standards")
        with public_write():
            Topic.objects.update(slug="finance")
    assert keeper.purged == [["/topics/finance/", "/topics/patents/", "/topics/standards/"]]


def test_new_row_is_touched_after_it_is_saved(keeper, topic, django_capture_on_commit_callbacks):
    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write() as write:
        new = Topic(slug="standards", name_en="Standards", name_zh="标准")
        new.save()
        write.touch(new)
    assert keeper.purged == [["/topics/standards/"]]


def test_deleted_row_is_purged_where_it_was(keeper, topic, django_capture_on_commit_callbacks):
    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write(topic):
        topic.delete()
    assert keeper.purged == [["/topics/patents/"]]


def test_touching_everything_purges_the_root(keeper, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), public_write() as write:
        write.touch_everything()
    assert keeper.purged == [[WHOLE_SITE]]


def test_change_of_nothing_public_writes_no_row(keeper, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), public_write():
        pass
    assert keeper.purged == []


def test_nested_changes_are_one_transaction_one_row_and_one_purge(
    keeper, topic, django_capture_on_commit_callbacks
):
    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True):
        with public_write() as outer:
            with public_write(topic) as inner:
                rename(topic, "standards")
            assert inner is outer
            assert not Purge.objects.exists()
        assert Purge.objects.count() == 1
    assert keeper.purged == [["/topics/patents/", "/topics/standards/"]]


def test_inner_change_that_fails_and_is_caught_takes_only_its_own_writes_back(
    keeper, topic, django_capture_on_commit_callbacks
):
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
    assert "/topics/finance/" in keeper.purged[-1]


def test_next_change_after_one_that_failed_begins_anew(keeper, topic, django_capture_on_commit_callbacks):
    def fail() -> None:
        with public_write(topic):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write() as write:
        assert (write.subjects, write.paths) == ([], set())


def test_purge_comes_before_any_callback_of_the_writer(keeper, topic, django_capture_on_commit_callbacks):
    seen = []
    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write(topic):
        transaction.on_commit(lambda: seen.append(list(keeper.purged)))
        rename(topic, "standards")
    assert seen == [[["/topics/patents/", "/topics/standards/"]]]


@committed
def test_purge_runs_after_the_commit_and_before_the_answer(keeper, topic):
    def view() -> HttpResponse:
        with public_write(topic):
            rename(topic, "standards")
            keeper.purged.clear()
        assert not connection.in_atomic_block
        return HttpResponse(str(len(keeper.purged)))

    assert view().content == b"1"
    assert keeper.rows_meanwhile[-1] == 1, "the row goes when its pages are gone, not before"
    assert not Purge.objects.exists()


def test_keeper_out_of_reach_leaves_the_row_for_the_sweep(
    keeper, topic, django_capture_on_commit_callbacks, time_machine, caplog
):
    keeper.fault.append(OSError("no route to cache"))
    keeper.purged.clear()
    with django_capture_on_commit_callbacks(execute=True), public_write(topic):
        rename(topic, "standards")
    assert Purge.objects.count() == 1
    assert "no route to cache" in caplog.text
    keeper.fault.clear()
    time_machine.move_to(timezone.now() + timedelta(seconds=5))
    assert purge_leftovers() == 1
    assert keeper.purged == [["/topics/patents/", "/topics/standards/"]]
    assert not Purge.objects.exists()


def test_sweep_leaves_rows_whose_process_is_still_about_to_purge(
    keeper, topic, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks():
        with public_write(topic):
            rename(topic, "standards")
        assert purge_leftovers() == 0
        assert Purge.objects.count() == 1


def test_sweep_purges_for_a_subject_that_is_gone(keeper, topic):
    Purge.objects.create(paths=["/topics/patents/"], subjects=[["articles.topic", topic.pk + 1]])
    keeper.purged.clear()
    assert purge_leftovers(older_than=timedelta(0)) == 1
    assert keeper.purged == [["/topics/patents/"]]


def test_idle_sweep_asks_one_question(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert purge_leftovers() == 0


def test_subjects_are_locked_in_one_order_whoever_asks(topic, monkeypatch):
    second = Topic(slug="standards", name_en="Standards", name_zh="标准")
    with public_write():
        second.save()
    orders = []
    for subjects in ([topic, second], [second, topic]):
        in_turn: list[int] = []

        def look(kind, pk, *, locked=False, in_turn=in_turn):
            in_turn += [pk] if locked else []
            return load_stored(kind, pk, locked=locked)

        monkeypatch.setattr("ictiger.pagecache.public_write.load_stored", look)
        with public_write(*subjects):
            pass
        orders.append(in_turn)
    assert orders == [[topic.pk, second.pk]] * 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database")
@committed
def test_two_changes_of_one_row_wait_for_each_other(keeper, topic, in_threads):
    """Both add to what they read; without the lock one would be lost."""

    def add() -> None:
        with public_write(Topic(pk=topic.pk)):
            row = Topic.objects.get(pk=topic.pk)
            row.position += 1
            row.save()

    in_threads([add] * 8)
    assert Topic.objects.get().position == 8
