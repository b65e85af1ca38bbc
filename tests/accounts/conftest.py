"""A mailbox and a sign-up for tests. Mails are read from the queue and composed as by the worker."""

import re
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from ictiger.mail.composers import compose_message
from ictiger.mail.models import Mail

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _clear_rate_limits():
    """Clear the cache, where allauth counts attempts."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def mailbox() -> Callable[[str], list[EmailMultiAlternatives]]:
    """`mailbox(address)`: the mails to that address, oldest first, composed now."""

    def composed_mails(address: str) -> list[EmailMultiAlternatives]:
        messages = [compose_message(mail) for mail in Mail.objects.filter(recipient=address).order_by("pk")]
        return [message for message in messages if message is not None]

    return composed_mails


@pytest.fixture
def link_in() -> Callable[[EmailMultiAlternatives], str]:
    """`link_in(message)`: the path of the first link in the mail's text."""

    def path(message: EmailMultiAlternatives) -> str:
        return re.search(r"http://testserver(/\S+)", message.body)[1]

    return path


@pytest.fixture
def sign_up() -> Callable[..., Client]:
    """`sign_up(email)`: a new browser in which a user has just signed up with that address."""

    def sign_up_with(email: str, *, path: str = "/accounts/signup/") -> Client:
        client = Client()
        response = client.post(path, {"email": email, "password1": PASSWORD})
        assert response.status_code == 302, response.content.decode()
        return client

    return sign_up_with


def purposes(**filters) -> list[str]:
    """The purposes of the mails in the queue, oldest first."""
    return list(Mail.objects.filter(**filters).order_by("pk").values_list("purpose", flat=True))
