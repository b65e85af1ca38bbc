"""Our connection to PostgreSQL: checked without a query, and replaced when the server has closed it."""

from contextlib import contextmanager
from select import select

import pytest
from django.db import connection
from django.db.backends.postgresql import base

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="tests the PostgreSQL backend"),
    pytest.mark.django_db,
]


@contextmanager
def separate_connection():
    copy = connection.copy()
    copy.ensure_connection()
    try:
        yield copy
    finally:
        copy.close()


@pytest.fixture
def idle_connection():
    """A connection as an earlier request leaves it."""
    with separate_connection() as idle:
        yield idle


def query_value(database, statement: str):
    with database.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_idle_connection_is_usable_without_a_query(idle_connection, monkeypatch):
    monkeypatch.setattr(
        base.DatabaseWrapper, "is_usable", lambda _self: pytest.fail("the server was queried")
    )
    assert idle_connection.is_usable()


def test_connection_closed_by_the_server_is_not_usable(idle_connection):
    process = query_value(idle_connection, "SELECT pg_backend_pid()")
    assert query_value(connection, f"SELECT pg_terminate_backend({process}, 10000)")
    assert not idle_connection.is_usable()
    assert not idle_connection.is_usable()  # nor when it is checked again


def test_next_request_gets_a_new_connection(idle_connection):
    process = query_value(idle_connection, "SELECT pg_backend_pid()")
    query_value(connection, f"SELECT pg_terminate_backend({process}, 10000)")
    idle_connection.close_if_unusable_or_obsolete()  # as Django does between two requests
    assert query_value(idle_connection, "SELECT pg_backend_pid()") != process


def test_connection_with_a_pending_notification_is_usable(idle_connection):
    with idle_connection.cursor() as cursor:
        cursor.execute("LISTEN something")
    with separate_connection() as other, other.cursor() as cursor:
        cursor.execute("NOTIFY something")
    assert select([idle_connection.connection], [], [], 10)[0]
    assert idle_connection.is_usable()


def test_prepared_statements_use_the_generic_plan(idle_connection):
    assert query_value(idle_connection, "SHOW plan_cache_mode") == "force_generic_plan"
