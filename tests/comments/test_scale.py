"""The number of queries of each request, which is the same with ten thousand comments as with fifty."""

import uuid
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.models import User
from articles.models import Article, Byline
from comments.models import Comment
from ictiger.pagecache.public_write import public_write
from ictiger.testbed.data.discussions import make_discussion
from tests.factories import make_article, make_author, make_comment, make_user

pytestmark = pytest.mark.django_db

MANY = 10_000
SCRIPT = {"X-Fragment": "comment"}
# On PostgreSQL the lock of the author goes in one message with the screening query.
THREAD, REPLY = (10, 13) if connection.vendor == "postgresql" else (11, 14)
COUNT = 1  # the response to a script has the number of comments


@pytest.fixture
def article() -> Article:
    return make_article("a-patent")


def discuss(article: Article, comments: int) -> list[User]:
    """Make so many comments by twenty users: half of them threads, each with one reply. Returns the users."""
    people = [make_user() for _person in range(20)]
    make_discussion(article, people, threads=comments // 2, replies=1)
    return people


@pytest.mark.parametrize("comments", [50, MANY])
def test_reading_queries_do_not_grow_with_the_discussion(
    article, stranger, client_of, django_assert_num_queries, comments
):
    users = discuss(article, comments)
    thread, writer = Comment.objects.get(thread_no=1), client_of(users[0])
    with django_assert_num_queries(11):
        html = stranger.get("/articles/a-patent/").content.decode()
    assert html.count('<article class="comment"') == min(comments, 100)
    with django_assert_num_queries(10):
        assert stranger.get("/articles/a-patent/discussion/1/").status_code == 200
    with django_assert_num_queries(4):
        assert stranger.get("/articles/a-patent/comments/feed/").status_code == 200
    for comment, queries in {thread: 3, thread.replies.get(): 5}.items():
        with django_assert_num_queries(queries):
            assert (
                urlsplit(stranger.get(f"/comments/{comment.pk}/")["Location"]).fragment
                == f"comment-{comment.pk}"
            )
    with django_assert_num_queries(3):
        assert writer.get(f"/me/discussion/{article.pk}/").status_code == 200


def post(client: Client, article: Article, parent: Comment | None = None, **headers: str) -> int:
    data = {
        "body": f"An argument, {uuid.uuid4()}.",
        "parent": parent.pk if parent else "",
        "submission": str(uuid.uuid4()),
    }
    return client.post(f"/articles/{article.slug}/comments/", data, headers=headers).status_code


def test_personal_fragment_queries_by_kind_of_reader(
    article,
    stranger,
    client_of,
    reader,
    moderator,
    author,
    unverified,
    django_assert_num_queries,
    django_assert_max_num_queries,
):
    with public_write(article):
        Byline.objects.create(article=article, author=make_author("lin", user=author))
    for user in (reader, moderator, author, unverified):
        post(client_of(user), article)
    post(stranger, article)
    with_draft, newcomer = client_of(reader), client_of(unverified)
    for browser in (with_draft, newcomer):
        browser.cookies["waiting"] = stranger.cookies["waiting"].value
    # The session, the user, and their content in the discussion; of an unverified address also its mails.
    costs = {stranger: 1, with_draft: 3, newcomer: 4, client_of(unverified): 4} | {
        client_of(user): 3 for user in (reader, moderator, author)
    }
    for client, queries in costs.items():
        client.get(f"/me/discussion/{article.pk}/")  # fills the cache of the median wait
        with django_assert_num_queries(queries):
            assert ("data-kept" in client.get(f"/me/discussion/{article.pk}/").content.decode()) == (
                client in (stranger, with_draft, newcomer)
            )
    for client in costs:
        cache.clear()
        with django_assert_max_num_queries(4):
            client.get(f"/me/discussion/{article.pk}/")


def test_posting_queries_of_a_trusted_author(article, client_of, reader, django_assert_num_queries):
    """Their comments are visible at once, and a reply queues a mail."""
    thread = make_comment(article)
    make_comment(article, author=reader)
    client = client_of(reader)
    with django_assert_num_queries(THREAD):
        assert post(client, article) == 302
    with django_assert_num_queries(THREAD + COUNT):
        assert post(client, article, **SCRIPT) == 201
    with django_assert_num_queries(REPLY):
        assert post(client, article, thread) == 302
