"""Fixtures of the comment tests: an article, and posting a comment as a browser does."""

import uuid
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from articles.models import Article
from tests.factories import make_article

FRAGMENT = {"X-Fragment": "comment"}  # a header of discussion.js


@pytest.fixture(autouse=True)
def _clear_rate_limits():
    """Rate limits are counted in the cache."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def article(db) -> Article:
    return make_article("a-patent")


@pytest.fixture
def send(article) -> Callable[..., HttpResponse]:
    """`send(client, "text", parent=3)` posts the comment form."""

    def post(client: Client, body: str, *, to: Article = article, **fields) -> HttpResponse:
        headers = fields.pop("headers", None)
        data = {"body": body, "submission": str(uuid.uuid4()), "parent": "", **fields}
        return client.post(reverse("comments:post", args=[to.slug]), data, headers=headers)

    return post
