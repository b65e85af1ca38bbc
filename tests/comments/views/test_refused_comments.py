"""A comment that is refused: the text is returned in the form, with the reason."""

import time
import uuid

import pytest
from django.test import Client

from articles.services import unpublish
from comments import services
from comments.models import Comment
from comments.policy import ModerationAction
from comments.text.word_count import count_words
from tests.comments.conftest import FRAGMENT
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

TEXT_RETURNED = {
    "status": 404,
    "text": "Typed &lt;b&gt;meanwhile&lt;/b&gt;.",
    "message": "Your text is below, for you to copy.",
}
WORDS_140 = "word " * 139 + "word"


def assert_returned(response, *, status: int, text: str, message: str) -> str:
    """Assert that a refusal shows `message` and the text in the form. Returns the HTML."""
    html = response.content.decode()
    assert response.status_code == status
    assert message in html
    assert f">\n{text}</textarea>" in html
    return html


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WORDS_140 + " more", "1 word over the limit of 140"),
        (WORDS_140 + " 专利", "2 words over the limit of 140"),
        ("a" * 2001, "1 character over the limit of 2000"),
    ],
)
def test_too_long_comment_is_returned(client_of, reader, send, text, message):
    html = assert_returned(send(client_of(reader), text), status=422, text=text, message=message)
    words_left = 140 - count_words(text)
    assert f"<span data-words-left>{words_left if words_left >= 0 else f'−{-words_left}'}</span>" in html
    assert not Comment.objects.exists()


def test_too_long_reply_is_returned(article, client_of, reader, send):
    parent, text = make_comment(article).pk, "字" * 71
    html = assert_returned(
        send(client_of(reader), text, parent=parent),
        status=422,
        text=text,
        message="1 word over the limit of 70",
    )
    assert f'name="parent" value="{parent}"' in html


def test_too_long_text_of_an_anonymous_visitor_is_returned(stranger, send):
    assert_returned(send(stranger, "字" * 141), status=422, text="字" * 141, message="1 word over")


@pytest.mark.parametrize("text", ["", "  \n\t", "\u3000\u200b"])
def test_blank_text_is_refused(client_of, reader, send, text):
    assert send(client_of(reader), text).status_code == 422
    assert not Comment.objects.exists()


def test_returned_text_is_escaped(client_of, reader, send):
    text = "</textarea><script>alert(1)</script>" + "字" * 140
    escaped = "&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;" + "字" * 140
    assert_returned(send(client_of(reader), text), status=422, text=escaped, message="over the limit")


@pytest.mark.parametrize("parent", ["999999", "abc", "-1", str(2**70), "0"])
def test_reply_to_an_unknown_comment_is_returned(client_of, reader, send, parent):
    html = assert_returned(
        send(client_of(reader), "But why?", parent=parent),
        status=422,
        text="But why?",
        message="no longer there",
    )
    assert 'name="parent" value=""' in html  # posted again it is a new thread


def test_reply_to_a_comment_of_another_article_is_returned(client_of, reader, send):
    elsewhere = make_comment(make_article())
    assert_returned(
        send(client_of(reader), "But why?", parent=elsewhere.pk),
        status=422,
        text="But why?",
        message="no longer there",
    )


def test_reply_to_a_removed_comment_is_returned(article, client_of, reader, send):
    thread = make_comment(article)
    decide_as_somebody(thread, ModerationAction.REMOVE)
    client = client_of(reader)
    html = assert_returned(
        send(client, "But why?", parent=thread.pk), status=422, text="But why?", message="no longer there"
    )
    # By these the browser stores the typed text, and finds it again.
    attributes = (
        f'data-of="{thread.pk}" data-article="{article.translation_key}" '
        f'data-here="/articles/a-patent/comments/new/?parent={thread.pk}"'
    )
    assert attributes in html
    assert attributes in client.get(f"/articles/a-patent/comments/new/?parent={thread.pk}").content.decode()
    assert 'name="parent" value=""' in html
    assert send(client, "But why?").status_code == 302


def test_comment_in_a_closed_discussion_is_returned(client_of, reader, send):
    closed = make_article(comments_open=False)
    assert_returned(
        send(client_of(reader), "Just in time?", to=closed),
        status=422,
        text="Just in time?",
        message="This discussion has closed.",
    )


def test_comment_of_a_banned_reader_is_returned(article, client_of, reader, send):
    services.ban_user(by=make_user(), user=reader, why="spam", days=3)
    assert_returned(
        send(client_of(reader), "Let me in."),
        status=403,
        text="Let me in.",
        message="You cannot comment until",
    )


def test_invalid_submission_id_is_replaced(client_of, reader, send):
    html = assert_returned(
        send(client_of(reader), "Mine.", submission="no-uuid"),
        status=422,
        text="Mine.",
        message="Please send it again",
    )
    assert "no-uuid" not in html


def test_same_submission_id_with_another_text_is_returned(client_of, reader, send):
    client, submission = client_of(reader), str(uuid.uuid4())
    send(client, "First.", submission=submission)
    html = assert_returned(
        send(client, "Second.", submission=submission),
        status=409,
        text="Second.",
        message="sent before, with another text",
    )
    assert submission not in html
    assert Comment.objects.count() == 1


def test_stale_csrf_token_returns_the_text_with_a_fresh_one(article, reader):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    submission = str(uuid.uuid4())
    data = {"body": "Typed an hour ago.", "submission": submission, "csrfmiddlewaretoken": "x" * 64}
    url = "/articles/a-patent/comments/"
    html = assert_returned(
        client.post(url, data), status=403, text="Typed an hour ago.", message="please send it again"
    )
    assert submission in html
    token = html.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert client.post(url, data | {"csrfmiddlewaretoken": token}).status_code == 302
    assert Comment.objects.get().body == "Typed an hour ago."


def test_stale_csrf_token_of_a_reply_preserves_the_parent(article, reader):
    thread = make_comment(article)
    client = Client(enforce_csrf_checks=True)
    response = client.post(
        "/articles/a-patent/comments/", {"body": "Hm.", "parent": thread.pk}, headers=FRAGMENT
    )
    html = assert_returned(response, status=403, text="Hm.", message="send it again")
    assert html.strip().startswith("<form")
    assert f'name="parent" value="{thread.pk}"' in html


@pytest.mark.parametrize("enforce", [False, True])
def test_ten_megabytes_are_refused_within_3_seconds(article, reader, enforce):
    client = Client(enforce_csrf_checks=enforce)
    client.force_login(reader)
    started = time.monotonic()
    response = client.post(
        "/articles/a-patent/comments/",
        b"body=" + b"a+" * 5_000_000,
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 413
    assert "Shorten it" in response.content.decode()
    assert time.monotonic() - started < 3


def test_two_megabytes_of_words_are_returned_within_5_seconds(client_of, reader, send):
    text = "a " * 1_000_000
    started = time.monotonic()
    response = send(client_of(reader), text)
    assert (response.status_code, text in response.content.decode()) == (422, True)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("has_token", [True, False])
def test_text_for_a_missing_article_is_returned_to_be_copied(article, reader, has_token):
    client = Client(enforce_csrf_checks=not has_token)
    client.force_login(reader)
    unpublish(article)
    assert_returned(
        client.post("/articles/a-patent/comments/", {"body": "Typed <b>meanwhile</b>."}), **TEXT_RETURNED
    )
    assert_returned(
        client.post("/articles/never-was/comments/", {"body": "Typed <b>meanwhile</b>."}), **TEXT_RETURNED
    )
    assert not Comment.objects.exists()
