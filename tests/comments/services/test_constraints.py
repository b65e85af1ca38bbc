"""Constraints of the database on comments, and the counter of visible ones."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from comments.models import Comment
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.factories import make_comment

from .conftest import counters

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "shown"},
        {"language": "fr"},
        {"state": State.VISIBLE},
        {"body": ""},
        {"thread_no": 1},
        {"first_visible_at": timezone.now()},
    ],
)
def test_database_refuses_invalid_fields(article, wrong):
    thread = make_comment(article)
    pending = make_comment(article, state=State.PENDING)
    assert thread.thread_no == 1
    with pytest.raises(IntegrityError), public_write(pending):
        Comment.objects.filter(pk=pending.pk).update(**wrong)


def test_database_refuses_a_thread_number_on_a_reply(article):
    reply = make_comment(article, parent=make_comment(article))
    with pytest.raises(IntegrityError), public_write(reply):
        Comment.objects.filter(pk=reply.pk).update(thread_no=9)


def test_counter_equals_the_visible_comments(article):
    thread = make_comment(article)
    for state in (State.VISIBLE, State.PENDING, State.REJECTED, State.REMOVED):
        make_comment(article, state=state)
        make_comment(article, state=state, parent=thread)
    assert counters(article) == (3, Comment.objects.visible().count())
