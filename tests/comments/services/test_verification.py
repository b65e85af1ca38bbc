"""Releasing comments when the author's address is verified."""

import pytest

from comments import services
from comments.models import Ban, Comment
from comments.policy import HoldRule, State
from tests.factories import make_comment

from .conftest import post, trusted_user

pytestmark = pytest.mark.django_db


def test_verification_releases_unverified_comments(article, unverified):
    waiting = [post(unverified, article, f"Text {number}.") for number in range(2)]
    unverified.emailaddress_set.update(verified=True)
    assert services.release_comments(unverified) == waiting
    assert set(Comment.objects.values_list("state", "reason")) == {(State.PENDING, HoldRule.NEWCOMER)}


def test_release_leaves_other_comments_as_they_are(article, reader):
    comment = make_comment(article, author=reader, state=State.REJECTED)
    assert services.release_comments(reader) == []
    comment.refresh_from_db()
    assert comment.state == State.REJECTED


def test_release_holds_comments_of_banned_authors(article):
    author = trusted_user()
    author.emailaddress_set.update(verified=False)
    comment = post(author, article)
    Ban.objects.create(user=author, why="test")
    author.emailaddress_set.update(verified=True)
    services.release_comments(author)
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.PENDING, HoldRule.BANNED)
