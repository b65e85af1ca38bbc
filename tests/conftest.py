"""The actors of every test. A test names whom it needs; what they may do comes from the groups that the migrations make.

A test with `transaction=True` empties the tables when it ends: mark it `serialized_rollback=True` as well, so that the groups come back.
"""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import make_user


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
        return client

    return sign_in
