"""The fragment with the account bar and what only one user sees of a discussion."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from comments.policy import State
from tests.factories import make_article, make_comment

pytestmark = pytest.mark.django_db


def html_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_fragment_has_the_bar_and_held_comments(article, client_of, reader):
    waiting = make_comment(article, author=reader, state=State.PENDING, body="Not yet for others.")
    html = html_of(client_of(reader).get(f"/me/discussion/{article.pk}/"))
    assert 'class="account"' in html
    assert 'data-slot="comments-own"' in html
    assert f'id="comment-{waiting.pk}" data-state="pending"' in html
    assert "Not yet for others." in html
    assert "<html" not in html


def test_fragment_shows_a_message_once(article, client_of, reader):
    comment, client = make_comment(article), client_of(reader)
    client.post(f"/comments/{comment.pk}/report/", {"reason": "advertising"})
    html = html_of(client.get(f"/me/discussion/{article.pk}/"))
    assert 'data-slot="messages"' in html
    assert "Thank you. A moderator will look at it." in html
    assert 'data-slot="messages"' not in html_of(client.get(f"/me/discussion/{article.pk}/"))


def test_fragment_has_the_thread_of_a_reply(article, client_of, reader):
    thread = make_comment(article)
    reply = make_comment(article, author=reader, parent=thread, state=State.PENDING)
    assert f'data-own="{reply.pk}" data-thread="{thread.pk}"' in html_of(
        client_of(reader).get(f"/me/discussion/{article.pk}/")
    )


def test_fragment_has_the_actions_of_visible_comments(article, client_of, reader):
    comment = make_comment(article, author=reader)
    url = f"/me/discussion/{article.pk}/"
    html = html_of(client_of(reader).get(url))
    assert f'data-own-visible="{comment.pk}"' in html
    assert f'href="/comments/{comment.pk}/edit/"' in html
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        html = html_of(client_of(reader).get(url))
    assert f'href="/comments/{comment.pk}/edit/"' not in html
    assert f'href="/comments/{comment.pk}/remove/"' in html


def test_fragment_has_the_comments_of_one_discussion_in_both_languages(article, client_of, reader):
    chinese = make_article("专利", language="zh-hans", translation_key=article.translation_key)
    translated = make_comment(chinese, author=reader, state=State.PENDING)
    elsewhere = make_comment(make_article(), author=reader, state=State.PENDING)
    html = html_of(client_of(reader).get(f"/me/discussion/{article.pk}/"))
    assert f"comment-{translated.pk}" in html
    assert f"comment-{elsewhere.pk}" not in html


def test_fragment_is_not_stored_by_caches(article, client_of, reader, stranger):
    for client in (client_of(reader), stranger):
        response = client.get(f"/me/discussion/{article.pk}/")
        assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}


@pytest.mark.parametrize("article_id", [0, 999999, 2**70])
def test_fragment_of_an_unknown_article_is_the_bar(client_of, reader, article_id):
    html = html_of(client_of(reader).get(f"/me/discussion/{article_id}/"))
    assert 'class="account"' in html


@pytest.mark.parametrize("number", [1, 30])
def test_fragment_takes_three_queries(article, client_of, reader, django_assert_num_queries, number):
    for _number in range(number):
        make_comment(article, author=reader, body=f"Text {_number}.")
    client = client_of(reader)
    client.get("/")
    with django_assert_num_queries(3):
        client.get(f"/me/discussion/{article.pk}/")
