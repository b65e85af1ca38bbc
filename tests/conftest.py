"""Fixtures for all tests: users with their roles, browsers, threads and ports.

The migrations make the groups that give roles their permissions. A test with `transaction=True` empties the
tables when it ends: mark it `serialized_rollback=True` as well, so that the groups are restored. Without it
the next such test of the process fails, whichever that is, so the run is refused at once.
"""

import socket
import sys
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
from tests.browser.chromium import chromium  # noqa: F401 (a fixture)

from .factories import make_user

OUR_PACKAGES = ("ictiger", "accounts", "articles", "comments")
# Computed from the code and its settings. Hashing all files for each changed setting would take minutes.
KEPT_CACHES = {("ictiger.pagecache.build_id", "build_id")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("django_db"):
            if mark.kwargs.get("transaction") and not mark.kwargs.get("serialized_rollback"):
                raise pytest.UsageError(f"{item.nodeid}: transaction=True needs serialized_rollback=True")


def forget_settings(**_changed: object) -> None:
    """Clear every functools cache of our modules. Only in tests do settings change in a running process."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OUR_PACKAGES:
            for attribute in list(vars(module).values()):
                if _is_own_cache(attribute, name):
                    attribute.cache_clear()


def _is_own_cache(attribute: object, module: str) -> bool:
    """Whether it is a cached function that this module defines, and not one that it imports."""
    is_cache = hasattr(attribute, "cache_clear") and getattr(attribute, "__module__", "") == module
    return is_cache and (module, attribute.__name__) not in KEPT_CACHES


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
    """A member with a verified address."""
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
        # As allauth's log-in records it.
        UserSession.objects.create(user=user, session_key=client.session.session_key, ip="127.0.0.1")
        return client

    return sign_in


@pytest.fixture
def in_threads() -> Callable[[list[Callable]], list]:
    """Calls the functions at once, each with its own database connection, and returns their results."""

    def run(functions: list[Callable]) -> list:
        barrier = threading.Barrier(len(functions))

        def call(function: Callable) -> object:
            try:
                barrier.wait(timeout=10)
                return function()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(call, functions))

    return run


@pytest.fixture
def keep_connection() -> Iterator[None]:
    """Requests of this thread keep the test's connection and transaction, as in Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 where no server listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
