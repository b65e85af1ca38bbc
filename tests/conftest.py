"""The actors of every test. A test names whom it needs; what they may do comes from the groups that the migrations make.

A test with `transaction=True` empties the tables when it ends: mark it `serialized_rollback=True` as well, so that the groups come back.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.usersessions.models import UserSession
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from django.test import Client
from django.test.signals import setting_changed

from accounts.models import User
from ictiger.pagecache import headers, request_key
from tests.browser.chromium import chromium  # noqa: F401 (a fixture)

from .factories import make_user


def forget_settings(**_changed: object) -> None:
    """What a process remembers of its settings, which do not change while it serves. In a test they do."""
    for module in (headers, request_key):
        for thing in vars(module).values():
            if hasattr(thing, "cache_clear"):
                thing.cache_clear()


setting_changed.connect(forget_settings)


@pytest.fixture
def author(db) -> User:
    """Writes articles, publishes none."""
    return make_user("author@example.org", group="Author")


@pytest.fixture
def editor(db) -> User:
    return make_user("editor@example.org", group="Editor")


@pytest.fixture
def moderator(db) -> User:
    return make_user("moderator@example.org", group="Moderator")


@pytest.fixture
def reader(db) -> User:
    """A member with a proven mailbox."""
    return make_user("reader@example.org")


@pytest.fixture
def unverified(db) -> User:
    return make_user("newcomer@example.org", verified=False)


@pytest.fixture
def stranger() -> Client:
    """A browser without cookies."""
    return Client()


@pytest.fixture
def client_of(db) -> Callable[[User], Client]:
    """A browser in which that user is signed in: `client_of(reader).get("/")`."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        UserSession.objects.create(
            user=user, session_key=client.session.session_key, ip="127.0.0.1"
        )  # as allauth's log-in notes it
        return client

    return sign_in


@pytest.fixture
def in_threads() -> Callable[[list[Callable]], list]:
    """Runs the functions at once, each with a database connection of its own, and returns what they returned."""

    def run(functions: list[Callable]) -> list:
        together = threading.Barrier(len(functions))

        def each(function: Callable) -> object:
            try:
                together.wait(timeout=10)
                return function()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(each, functions))

    return run


@pytest.fixture
def keep_connection() -> Iterator[None]:
    """Requests of this thread leave the test's connection open, with its transaction, as those of Django's test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
