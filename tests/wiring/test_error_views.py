"""Error pages: in the reader's language, with the text that was typed."""

import re
from uuid import uuid4

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.urls import reverse

from comments.models import Comment
from comments.policy import State
from tests.factories import make_article, make_comment

pytestmark = pytest.mark.django_db


class RedisUnavailable(Exception):
    """Stands for an exception of the package redis."""


RedisUnavailable.__module__ = "redis.exceptions"


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (OperationalError("server closed the connection"), 503, "A part of the site does not answer"),
        (InterfaceError("connection already closed"), 503, "A part of the site does not answer"),
        (
            RedisUnavailable("Error 111 connecting to 127.0.0.1:6379. Connection refused."),
            503,
            "A part of the site does not answer",
        ),
        (RuntimeError("a mistake of ours"), 500, "Something broke on our side"),
    ],
)
def test_error_while_posting_returns_the_text(client_of, reader, monkeypatch, error, status, text):
    """Whatever failed, the error page contains the reader's text."""
    article = make_article()
    client = client_of(reader)
    client.raise_request_exception = False

    def broken(**_):
        raise error

    monkeypatch.setattr("comments.services.post_comment", broken)
    response = client.post(
        reverse("comments:post", args=[article.slug]),
        {"body": "不可丢失 <words>", "submission": str(uuid4())},
    )

    assert response.status_code == status
    assert ("Retry-After" in response) == (status == 503)
    page = response.content.decode()
    assert text in page
    assert "不可丢失 &lt;words&gt;</textarea>" in page


def test_returned_text_can_be_sent_again_without_a_duplicate(client_of, reader, monkeypatch):
    """The form has its token and submission again, so a comment that was saved after all is not doubled."""
    article, submission = make_article(), str(uuid4())
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(reader)
    token = client.get(reverse("comments:new", args=[article.slug])).context["csrf_token"]
    url = reverse("comments:post", args=[article.slug])

    def broken(**_):
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr("comments.services.post_comment", broken)
        page = client.post(
            url, {"body": "Once.", "submission": submission, "parent": "", "csrfmiddlewaretoken": str(token)}
        ).content.decode()
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert f'action="{url}"' in page
    assert fields["submission"] == submission
    for _twice in range(2):
        assert client.post(url, {**fields, "body": "Once."}).status_code == 302
    assert Comment.objects.get().body == "Once."


def test_error_in_another_form_returns_no_form(client_of, reader, monkeypatch):
    client = client_of(reader)
    client.raise_request_exception = False
    monkeypatch.setattr("accounts.views.ProfileForm", None)
    page = client.post("/accounts/me/", {"body": "Typed.", "csrfmiddlewaretoken": "x"}).content.decode()
    assert "Typed.</textarea>" in page
    assert "<form" not in page


def test_error_page_is_in_the_language_of_the_path(stranger, monkeypatch):
    monkeypatch.setattr("articles.views.page_links", None)
    stranger.raise_request_exception = False
    page = stranger.get("/zh-hans/").content.decode()
    assert '<html lang="zh-hans">' in page
    assert "Something broke" not in page


def test_held_comment_is_shown_to_its_author_without_the_cache(client_of, reader, monkeypatch):
    """The usual waiting time is cached; without the cache it is computed."""

    def refuse(*_, **__):
        raise RedisUnavailable

    for name in ("get", "set"):
        monkeypatch.setattr(f"comments.moderation_time.cache.{name}", refuse)
    make_comment(make_article(), author=reader, state=State.PENDING, body="Words that wait.")
    response = client_of(reader).get(reverse("comments:my_comments"))
    assert "Words that wait." in response.content.decode()
