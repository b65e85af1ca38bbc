"""Our connection to PostgreSQL: known to be good without a word, and given up when the server has."""

from contextlib import contextmanager
from select import select

import pytest
from django.db import connection
from django.db.backends.postgresql import base

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL's connections alone"),
    pytest.mark.django_db,
]


@contextmanager
def a_connection():
    made = connection.copy()
    made.ensure_connection()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def kept():
    """A connection as an earlier request leaves it."""
    with a_connection() as made:
        yield made


def ask(where, statement: str):
    with where.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_a_quiet_connection_is_good_and_the_server_is_not_asked(kept, monkeypatch):
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda _self: pytest.fail("the server is asked"))
    assert kept.is_usable()


def test_a_connection_that_the_server_has_ended_is_not_good(kept):
    process = ask(kept, "SELECT pg_backend_pid()")
    assert ask(connection, f"SELECT pg_terminate_backend({process}, 10000)")
    assert not kept.is_usable()
    assert not kept.is_usable()  # nor after it was found out


def test_the_next_request_has_another_connection(kept):
    process = ask(kept, "SELECT pg_backend_pid()")
    ask(connection, f"SELECT pg_terminate_backend({process}, 10000)")
    kept.close_if_unusable_or_obsolete()  # as Django does between two requests
    assert ask(kept, "SELECT pg_backend_pid()") != process


def test_a_connection_that_has_been_told_something_is_still_good(kept):
    with kept.cursor() as cursor:
        cursor.execute("LISTEN something")
    with a_connection() as other, other.cursor() as cursor:
        cursor.execute("NOTIFY something")
    assert select([kept.connection], [], [], 10)[0]
    assert kept.is_usable()


def test_what_is_prepared_has_one_plan(kept):
    assert ask(kept, "SHOW plan_cache_mode") == "force_generic_plan"
