"""Queries that are put together once answer as Django's own do, each time with what is given this time."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from comments.models import Comment
from ictiger.core.prepared import Prelude, PreparedQuery, execute_prepared, insert_prepared
from ictiger.mail.models import Mail
from ictiger.pagecache.guard import WriteOutsidePublicWrite
from tests.factories import make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no plans for us")


def test_each_time_answers_for_what_is_given(django_assert_num_queries):
    first, second = make_user(), make_user()
    by_handle = PreparedQuery(lambda handle: User.objects.filter(handle=handle))
    for user in (first, second):
        with django_assert_num_queries(1):
            found = by_handle.row(handle=user.handle)
        assert found == user
        assert (found.email, found.handle, found.date_joined) == (user.email, user.handle, user.date_joined)
    assert by_handle.row(handle=uuid.uuid4()) is None


def test_is_built_once():
    built = []

    def build(pk):
        built.append(pk)
        return User.objects.filter(pk=pk)

    users, both = PreparedQuery(build), [make_user(), make_user()]
    assert [users.row(pk=user.pk) for user in both] == both
    assert len(built) == 1


def test_brings_what_is_selected_along(django_assert_num_queries):
    thread = make_comment(make_article())
    reply = make_comment(thread.article, parent=thread)
    with_thread = PreparedQuery(
        lambda pk: Comment.objects.select_related("parent", "author").defer("body").filter(pk=pk)
    )
    found = with_thread.row(pk=reply.pk)
    with django_assert_num_queries(0):
        assert (found.parent.submission, found.author.pk) == (thread.submission, reply.author_id)
    with django_assert_num_queries(1):
        assert found.body == reply.body
    assert with_thread.row(pk=thread.pk).parent is None


def test_brings_annotations_along():
    standing = PreparedQuery(lambda pk: User.objects.with_verification().filter(pk=pk))
    assert standing.row(pk=make_user().pk).has_verified_address is True


def test_values_are_what_python_knows():
    comment = make_comment(make_article())
    since = PreparedQuery(
        lambda moment: Comment.objects.filter(created_at__gt=moment).values("submission", "created_at")
    )
    (row,) = since.rows(moment=comment.created_at - timedelta(seconds=1))
    assert (row.submission, row.created_at) == (comment.submission, comment.created_at)
    assert since.rows(moment=comment.created_at) == []


@pytest.fixture
def users() -> PreparedQuery:
    """Planned; one value stands in two places, beside values of the query's own."""

    def build(handle, other):
        own = User.objects.with_verification().filter(handle=handle, is_active=True)
        return own.exclude(handle=other).exclude(handle=other, is_staff=True)

    return PreparedQuery(build, server_side=True)


def plans() -> int:
    return execute_prepared("SELECT count(*) FROM pg_prepared_statements")[0][0]


def test_a_planned_query_answers_for_what_is_given_each_time(users):
    one, other = make_user(), make_user()
    for user, another in [(one, other), (other, one)] * 4:
        found = users.row(handle=user.handle, other=another.handle)
        assert (found, found.date_joined, found.has_verified_address) == (user, user.date_joined, True)
        assert users.row(handle=user.handle, other=user.handle) is None


@on_postgresql
def test_a_planned_query_is_parsed_once_in_a_connection(users):
    one, other = make_user(), make_user()
    before = plans()
    for _time in range(3):
        assert users.row(handle=one.handle, other=other.handle) == one
    assert plans() == before + 1


@on_postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_new_connection_plans_anew(users):
    one, other = make_user(), make_user()
    assert users.row(handle=one.handle, other=other.handle) == one
    connection.close()
    assert users.row(handle=one.handle, other=other.handle) == one


@on_postgresql
def test_behind_a_pool_nothing_is_kept(users, monkeypatch):
    one, other = make_user(), make_user()
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    before = plans()
    assert users.row(handle=one.handle, other=other.handle) == one
    assert plans() == before


@pytest.mark.parametrize("planned", [False, True])
def test_what_is_sent_ahead_is_done_first_and_not_answered(planned):
    one, other = make_user(), make_user()
    numbered = PreparedQuery(
        lambda pk: User.objects.filter(pk=pk).values_list("pk", flat=True), server_side=planned
    )
    for _time in range(2):
        assert numbered.row(pk=one.pk, prelude=Prelude(numbered, {"pk": other.pk})) == one.pk


@on_postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_follows_a_lock_that_is_sent_ahead_sees_what_was_committed_while_it_was_waited_for(
    lock_waited_for,
):
    user = make_user()
    locked = PreparedQuery(lambda pk: User.objects.select_for_update().filter(pk=pk), server_side=True)
    name = PreparedQuery(
        lambda pk: User.objects.filter(pk=pk).values_list("display_name", flat=True), server_side=True
    )
    seen = lock_waited_for(
        lambda: User.objects.filter(pk=user.pk).update(display_name="Lu"),
        lambda: name.row(pk=user.pk, prelude=Prelude(locked, {"pk": user.pk})),
    )
    assert seen == "Lu"


@pytest.fixture
def lock_waited_for():
    """`(first, second)`: the second begins within the first's transaction, waits for its lock, and its result is returned."""

    def run(first, second):
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                first()
                result = pool.submit(lambda: _in_a_transaction(second))
                while (
                    not execute_prepared("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0]
                    and not result.done()
                ):
                    pass
            return result.result(10)

    return run


def _in_a_transaction(verb):
    try:
        with transaction.atomic():
            return verb()
    finally:
        connection.close()


def test_an_inserted_row_is_the_one_that_was_made():
    mail = Mail(
        purpose="a/b",
        recipient="a@b.example",
        language="en",
        context={"n": [1, "二"]},
        expires_at=timezone.now(),
    )
    insert_prepared(mail)
    kept = Mail.objects.get()
    assert (kept, kept.context, kept.expires_at, kept.message_id) == (
        mail,
        mail.context,
        mail.expires_at,
        mail.message_id,
    )
    mail.attempts = 2
    mail.save()
    assert Mail.objects.get().attempts == 2


def test_public_rows_are_inserted_inside_a_change_alone():
    with pytest.raises(WriteOutsidePublicWrite):
        Comment(article=make_article(), body="An argument.").insert()


def test_statements_written_by_hand_take_what_python_knows():
    user = make_user()
    assert execute_prepared("SELECT email FROM accounts_user WHERE handle = %s", user.handle) == [
        (user.email,)
    ]
