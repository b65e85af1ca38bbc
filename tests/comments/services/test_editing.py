"""Authors edit and remove their comments."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from comments import policy, services
from comments.policy import HoldRule, RemovedBy, State
from tests.factories import make_comment

from .conftest import counters, post, trusted_user

pytestmark = pytest.mark.django_db


def test_edit_saves_the_text_and_is_screened_again(article, reader):
    comment = make_comment(article, author=reader)
    edited = services.edit_comment(user=reader, comment_id=comment.pk, body="Something quite different.")
    assert (edited.body, edited.revision, edited.approved) == ("Something quite different.", 1, False)
    assert (edited.state, edited.reason) == (
        State.PENDING,
        HoldRule.NEWCOMER,
    )  # its approval was for the earlier text
    assert edited.edited_at is not None
    assert counters(article) == (1, 0)


def test_edit_of_a_trusted_author_stays_visible_and_keeps_its_number(article):
    user = trusted_user()
    comment = post(user, article)
    edited = services.edit_comment(user=user, comment_id=comment.pk, body="Better put.")
    assert (edited.state, edited.thread_no) == (State.VISIBLE, comment.thread_no)
    assert counters(article) == (1, 1)


def test_unchanged_edit_is_no_edit(article, reader):
    comment = make_comment(article, author=reader)
    assert services.edit_comment(user=reader, comment_id=comment.pk, body=comment.body).edited_at is None


def test_edit_after_fifteen_minutes_is_refused(article, reader):
    comment = make_comment(article, author=reader)
    with (
        time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)),
        pytest.raises(services.CommentError, match="is over"),
    ):
        services.edit_comment(user=reader, comment_id=comment.pk, body="Too late.")


@pytest.mark.parametrize("state", [State.REJECTED, State.REMOVED])
def test_rejected_or_removed_comment_cannot_be_edited(article, reader, state):
    """The state may change while the author is editing: the error says what it is now."""
    comment = make_comment(article, author=reader, state=state)
    with pytest.raises(services.CommentError, match=f"is now “{state.label}”"):
        services.edit_comment(user=reader, comment_id=comment.pk, body="Once more.")


@pytest.mark.parametrize(
    "function", [lambda **k: services.edit_comment(body="x", **k), services.remove_comment]
)
def test_comment_of_another_author_is_not_found(article, reader, function):
    comment = make_comment(article)
    with pytest.raises(services.CommentNotFound):
        function(user=reader, comment_id=comment.pk)


@pytest.mark.parametrize("state", [State.PENDING, State.VISIBLE, State.REJECTED])
def test_author_removes_a_comment_once(article, reader, state):
    comment = make_comment(article, author=reader, state=state)
    for _again in range(2):
        removed = services.remove_comment(user=reader, comment_id=comment.pk)
        assert (removed.state, removed.reason) == (State.REMOVED, RemovedBy.AUTHOR)
        assert counters(article)[1] == 0


def test_edits_of_one_comment_are_bounded(article, monkeypatch):
    monkeypatch.setattr(policy, "MAX_EDITS", 2)
    author = trusted_user()
    comment = post(author, article)
    for number in range(2):
        services.edit_comment(user=author, comment_id=comment.pk, body=f"Put better {number}.")
    with pytest.raises(services.RateLimited):
        services.edit_comment(user=author, comment_id=comment.pk, body="Put best.")
    comment.refresh_from_db()
    assert comment.body == "Put better 1."
