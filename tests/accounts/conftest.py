"""What a reader has besides a browser: a mailbox. Mails are taken from the queue and written as the worker would write them."""

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
def _no_limits_left_over():
    """allauth counts attempts in the cache."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def mailbox() -> Callable[[str], list[EmailMultiAlternatives]]:
    """`mailbox(address)`: what arrives there, oldest first, written now."""

    def arrivals(address: str) -> list[EmailMultiAlternatives]:
        written = [compose_message(mail) for mail in Mail.objects.filter(recipient=address).order_by("pk")]
        return [message for message in written if message is not None]

    return arrivals


@pytest.fixture
def link_in() -> Callable[[EmailMultiAlternatives], str]:
    """The path of the first link in a mail's text."""

    def path(message: EmailMultiAlternatives) -> str:
        return re.search(r"http://testserver(/\S+)", message.body)[1]

    return path


@pytest.fixture
def sign_up() -> Callable[..., Client]:
    """A new browser in which somebody has just signed up with `email`."""

    def in_new_browser(email: str, *, path: str = "/accounts/signup/") -> Client:
        client = Client()
        response = client.post(path, {"email": email, "password1": PASSWORD})
        assert response.status_code == 302, response.content.decode()
        return client

    return in_new_browser


def purposes(**filters) -> list[str]:
    """The purposes of the mails in the ledger, oldest first."""
    return list(Mail.objects.filter(**filters).order_by("pk").values_list("purpose", flat=True))
