"""Discussions of any size, inserted in bulk as posting and approving would have left them."""

import random
from collections.abc import Callable, Iterator
from copy import copy
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from articles.models import Article
from comments.models import Comment, Discussion
from comments.policy import State
from comments.services.transitions import set_body
from ictiger.pagecache.public_write import public_write

from .readers import USERS_PER_BATCH, random_text

TEXTS = 200  # different texts; making one for each comment would take most of the time


def make_discussion(
    article: Article,
    people: list[User],
    *,
    threads: int,
    replies: int,
    text: Callable[..., str] = random_text,
) -> None:
    """Make visible threads with replies under `article`, which has no comments yet.

    `text` makes their texts.
    """
    firsts = _comments(article, people, threads, text, most=120)
    for number, comment in enumerate(firsts, start=1):
        comment.thread_no = number
    with public_write():
        Discussion.objects.bulk_create(
            [Discussion(pk=article.translation_key, threads=threads, comments=threads * (1 + replies))]
        )
        Comment.objects.bulk_create(firsts, USERS_PER_BATCH)
        replies_to_firsts = _comments(article, people, threads * replies, text, most=65)
        for number, reply in enumerate(replies_to_firsts):
            reply.parent = reply.replied_to = firsts[number // replies]
        Comment.objects.bulk_create(replies_to_firsts, USERS_PER_BATCH)


def _comments(
    article: Article, people: list[User], number: int, text: Callable[..., str], *, most: int
) -> list[Comment]:
    written_at = timezone.now() - timedelta(days=1)
    texts = list(_texts(article, written_at, min(number, TEXTS), lambda chance: text(chance, most=most)))
    return [_copy_by(texts[i % len(texts)], people[i % len(people)]) for i in range(number)]


def _texts(
    article: Article, written_at: datetime, number: int, text: Callable[[random.Random], str]
) -> Iterator[Comment]:
    chance = random.Random(3)
    for _text in range(number):
        comment = Comment(
            article=article, discussion_id=article.translation_key, state=State.VISIBLE, approved=True
        )
        comment.created_at = comment.first_visible_at = written_at
        set_body(comment, text(chance))
        yield comment


def _copy_by(text: Comment, author: User) -> Comment:
    comment = copy(text)
    comment._state = copy(text._state)
    comment.author, comment.submission = author, Comment._meta.get_field("submission").get_default()
    return comment
