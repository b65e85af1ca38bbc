"""Prepared queries return what Django's own queries do, with the parameters of each execution."""

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

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="PREPARE exists on PostgreSQL alone"
)


def test_each_execution_uses_its_own_parameters(django_assert_num_queries):
    first, second = make_user(), make_user()
    by_handle = PreparedQuery(lambda handle: User.objects.filter(handle=handle))
    for user in (first, second):
        with django_assert_num_queries(1):
            row = by_handle.row(handle=user.handle)
        assert row == user
        assert (row.email, row.handle, row.date_joined) == (user.email, user.handle, user.date_joined)
    assert by_handle.row(handle=uuid.uuid4()) is None


def test_query_is_built_once():
    built = []

    def build(pk):
        built.append(pk)
        return User.objects.filter(pk=pk)

    users, both = PreparedQuery(build), [make_user(), make_user()]
    assert [users.row(pk=user.pk) for user in both] == both
    assert len(built) == 1


def test_rows_include_related_objects_and_deferred_fields(django_assert_num_queries):
    thread = make_comment(make_article())
    reply = make_comment(thread.article, parent=thread)
    with_thread = PreparedQuery(
        lambda pk: Comment.objects.select_related("parent", "author").defer("body").filter(pk=pk)
    )
    row = with_thread.row(pk=reply.pk)
    with django_assert_num_queries(0):
        assert (row.parent.submission, row.author.pk) == (thread.submission, reply.author_id)
    with django_assert_num_queries(1):
        assert row.body == reply.body
    assert with_thread.row(pk=thread.pk).parent is None


def test_rows_include_annotations():
    with_verification = PreparedQuery(lambda pk: User.objects.with_verification().filter(pk=pk))
    assert with_verification.row(pk=make_user().pk).has_verified_address is True


def test_values_are_converted_to_python_types():
    comment = make_comment(make_article())
    since = PreparedQuery(
        lambda moment: Comment.objects.filter(created_at__gt=moment).values("submission", "created_at")
    )
    (row,) = since.rows(moment=comment.created_at - timedelta(seconds=1))
    assert (row.submission, row.created_at) == (comment.submission, comment.created_at)
    assert since.rows(moment=comment.created_at) == []


@pytest.fixture
def users() -> PreparedQuery:
    """Prepared by the server; one parameter stands in two places, beside constants."""

    def build(handle, other):
        matching = User.objects.with_verification().filter(handle=handle, is_active=True)
        return matching.exclude(handle=other).exclude(handle=other, is_staff=True)

    return PreparedQuery(build, server_side=True)


def prepared_statements() -> int:
    return execute_prepared("SELECT count(*) FROM pg_prepared_statements")[0][0]


def test_server_side_query_uses_the_parameters_of_each_execution(users):
    one, other = make_user(), make_user()
    for user, another in [(one, other), (other, one)] * 4:
        row = users.row(handle=user.handle, other=another.handle)
        assert (row, row.date_joined, row.has_verified_address) == (user, user.date_joined, True)
        assert users.row(handle=user.handle, other=user.handle) is None


@on_postgresql
def test_server_side_query_is_prepared_once_in_a_connection(users):
    one, other = make_user(), make_user()
    before = prepared_statements()
    for _execution in range(3):
        assert users.row(handle=one.handle, other=other.handle) == one
    assert prepared_statements() == before + 1


@on_postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_new_connection_prepares_again(users):
    one, other = make_user(), make_user()
    assert users.row(handle=one.handle, other=other.handle) == one
    connection.close()
    assert users.row(handle=one.handle, other=other.handle) == one


@on_postgresql
def test_nothing_is_prepared_behind_a_pooler(users, monkeypatch):
    one, other = make_user(), make_user()
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    before = prepared_statements()
    assert users.row(handle=one.handle, other=other.handle) == one
    assert prepared_statements() == before


@pytest.mark.parametrize("server_side", [False, True])
def test_rows_of_a_prelude_are_ignored(server_side):
    one, other = make_user(), make_user()
    by_pk = PreparedQuery(
        lambda pk: User.objects.filter(pk=pk).values_list("pk", flat=True), server_side=server_side
    )
    for _execution in range(2):
        assert by_pk.row(pk=one.pk, prelude=Prelude(by_pk, {"pk": other.pk})) == one.pk


@on_postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_query_after_a_lock_prelude_sees_what_was_committed_while_it_waited(
    run_behind_a_lock,
):
    user = make_user()
    locked = PreparedQuery(lambda pk: User.objects.select_for_update().filter(pk=pk), server_side=True)
    name = PreparedQuery(
        lambda pk: User.objects.filter(pk=pk).values_list("display_name", flat=True), server_side=True
    )
    name_read = run_behind_a_lock(
        lambda: User.objects.filter(pk=user.pk).update(display_name="Lu"),
        lambda: name.row(pk=user.pk, prelude=Prelude(locked, {"pk": user.pk})),
    )
    assert name_read == "Lu"


@pytest.fixture
def run_behind_a_lock():
    """`run(first, second)`: call `second` while it has to wait for the lock of `first`; return its result."""

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


def _in_a_transaction(function):
    try:
        with transaction.atomic():
            return function()
    finally:
        connection.close()


def test_insert_prepared_stores_the_instance():
    mail = Mail(
        purpose="a/b",
        recipient="a@b.example",
        language="en",
        context={"n": [1, "二"]},
        expires_at=timezone.now(),
    )
    insert_prepared(mail)
    stored = Mail.objects.get()
    assert (stored, stored.context, stored.expires_at, stored.message_id) == (
        mail,
        mail.context,
        mail.expires_at,
        mail.message_id,
    )
    mail.attempts = 2
    mail.save()
    assert Mail.objects.get().attempts == 2


def test_public_model_insert_is_refused_outside_public_write():
    with pytest.raises(WriteOutsidePublicWrite):
        Comment(article=make_article(), body="An argument.").insert()


def test_execute_prepared_adapts_python_values():
    user = make_user()
    assert execute_prepared("SELECT email FROM accounts_user WHERE handle = %s", user.handle) == [
        (user.email,)
    ]
