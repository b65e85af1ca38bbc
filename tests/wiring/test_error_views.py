"""When something of ours breaks: the page says so in the reader's language, and what was typed is on it."""

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


class RedisIsAway(Exception):
    """As the package redis would raise it."""


RedisIsAway.__module__ = "redis.exceptions"


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (OperationalError("server closed the connection"), 503, "A part of the site does not answer"),
        (InterfaceError("connection already closed"), 503, "A part of the site does not answer"),
        (
            RedisIsAway("Error 111 connecting to 127.0.0.1:6379. Connection refused."),
            503,
            "A part of the site does not answer",
        ),
        (RuntimeError("a mistake of ours"), 500, "Something broke on our side"),
    ],
)
def test_a_fault_while_writing_gives_the_text_back(client_of, reader, monkeypatch, fault, status, words):
    """Whatever broke, the reader's words are on the page that says so."""
    article = make_article()
    client = client_of(reader)
    client.raise_request_exception = False

    def broken(**_):
        raise fault

    monkeypatch.setattr("comments.services.post_comment", broken)
    answer = client.post(
        reverse("comments:post", args=[article.slug]),
        {"body": "不可丢失 <words>", "submission": str(uuid4())},
    )

    assert answer.status_code == status
    assert ("Retry-After" in answer) == (status == 503)
    page = answer.content.decode()
    assert words in page
    assert "不可丢失 &lt;words&gt;</textarea>" in page


def test_what_a_fault_gives_back_is_sent_again_as_it_was(client_of, reader, monkeypatch):
    """With the token and the submission that it had: nothing is doubled when the first was taken after all."""
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


def test_a_fault_at_another_form_gives_nothing_to_send(client_of, reader, monkeypatch):
    client = client_of(reader)
    client.raise_request_exception = False
    monkeypatch.setattr("accounts.views.ProfileForm", None)
    page = client.post("/accounts/me/", {"body": "Typed.", "csrfmiddlewaretoken": "x"}).content.decode()
    assert "Typed.</textarea>" in page
    assert "<form" not in page


def test_a_fault_is_told_in_the_language_of_the_path(stranger, monkeypatch):
    monkeypatch.setattr("articles.views.page_links", None)
    stranger.raise_request_exception = False
    page = stranger.get("/zh-hans/").content.decode()
    assert '<html lang="zh-hans">' in page
    assert "Something broke" not in page


def test_comment_that_is_held_is_shown_to_its_author_without_the_cache(client_of, reader, monkeypatch):
    """How long it usually takes is remembered there, and is known without."""

    def refuse(*_, **__):
        raise RedisIsAway

    for name in ("get", "set"):
        monkeypatch.setattr(f"comments.moderation_time.cache.{name}", refuse)
    make_comment(make_article(), author=reader, state=State.PENDING, body="Words that wait.")
    answer = client_of(reader).get(reverse("comments:my_comments"))
    assert "Words that wait." in answer.content.decode()
