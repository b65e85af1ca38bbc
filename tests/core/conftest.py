import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def admin_client(db) -> Client:
    """A browser in which a superuser is signed in."""
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", None))
    return client
