"""Reads pages of a discussion, and fills discussions with many comments."""

import re
import uuid

from django.test import Client
from django.utils import timezone

from articles.models import Article
from comments.models import Comment, Discussion
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.factories import make_user

BODY = "An argument of some length about patents, standards and what they cost."
COMMENT_ID = re.compile(r'id="comment-(\d+)"')


def comment_ids(html: str) -> list[int]:
    """The IDs of the comments on a page, in their order."""
    return [int(pk) for pk in COMMENT_ID.findall(html)]


def get_html(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def many_comments(
    article: Article, number: int, *, replies_each: int = 0, authors: int = 10
) -> list[Comment]:
    """Insert `number` visible threads without screening them, fast enough for thousands.

    Returns the threads.
    """
    users = [make_user(display_name=f"Reader {name}") for name in range(authors)]
    created_at = timezone.now()

    def comment(index: int, **fields) -> Comment:
        return Comment(
            discussion_id=article.translation_key,
            article=article,
            author=users[index % authors],
            body=BODY,
            body_html=f'<p dir="auto">{BODY}</p>',
            language="en",
            words=12,
            state=State.VISIBLE,
            first_visible_at=created_at,
            created_at=created_at,
            created_en="14 September 2026, 08:30",
            created_zh="2026年9月14日 08:30",
            submission=uuid.uuid4(),
            **fields,
        )

    with public_write():
        discussion, _new = Discussion.objects.get_or_create(pk=article.translation_key)
        first = discussion.threads + 1
        threads = Comment.objects.bulk_create(
            [comment(index, thread_no=first + index) for index in range(number)]
        )
        Comment.objects.bulk_create(
            [
                comment(index, parent=thread, replied_to=thread)
                for thread in threads
                for index in range(replies_each)
            ]
        )
        discussion.threads += number
        discussion.comments += number * (1 + replies_each)
        discussion.save()
    return threads
