"""Fixtures for the admin of articles."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def editor_client(client_of: Callable[[User], Client], editor: User) -> Client:
    return client_of(editor)
