"""Decisions and bans about several comments at once."""

from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from comments import services
from comments.models import Ban, Comment, Decision
from comments.policy import ModerationAction, State
from tests.factories import decide_as_somebody, make_comment

from .queue import QUEUE, decide, page, state_of

pytestmark = pytest.mark.django_db


def test_bulk_approval_approves_each_comment(article, client_of, moderator):
    comments = [make_comment(article, state=State.PENDING, body=f"Text {number}.") for number in range(3)]
    assert "3 decisions made." in decide(client_of(moderator), "approve", *comments)
    assert [state_of(comment)[0] for comment in comments] == [State.VISIBLE] * 3
    assert set(Decision.objects.values_list("moderator", flat=True)) == {moderator.pk}


def test_bulk_rejection_stores_reason_and_note(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    decide(client_of(moderator), "reject", comment, reason="uncivil", note="Please.")
    assert state_of(comment) == (State.REJECTED, "uncivil")
    assert Comment.objects.get().note == "Please."


def test_bulk_rejection_without_a_reason_is_refused(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    assert "Choose the reason" in decide(client_of(moderator), "reject", comment)
    assert state_of(comment)[0] == State.PENDING


def test_bulk_rejection_with_a_long_note_is_refused(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    assert "at most 700 are taken" in decide(
        client_of(moderator), "reject", comment, reason="uncivil", note="字" * 701
    )
    assert state_of(comment)[0] == State.PENDING


def test_bulk_rejection_with_an_unknown_reason_is_refused(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    decide(client_of(moderator), "reject", comment, reason="because")
    assert state_of(comment)[0] == State.PENDING


def test_bulk_removal_and_undo(article, client_of, moderator):
    comment = make_comment(article)
    client = client_of(moderator)
    assert "Choose the reason" in decide(client, "remove", comment)
    decide(client, "remove", comment, reason="uncivil")
    assert state_of(comment) == (State.REMOVED, "uncivil")
    comment.refresh_from_db()
    decide(client, "undo", comment)
    assert state_of(comment) == (State.VISIBLE, "")


def test_second_moderator_learns_who_was_first(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    seen = {comment.pk: comment.version_token}
    decide_as_somebody(comment, ModerationAction.APPROVE)
    first = Decision.objects.get().moderator
    html = decide(client_of(moderator), "reject", comment, seen=seen, reason="uncivil")
    assert f"{first.public_name} has already decided about this comment" in html
    assert state_of(comment)[0] == State.VISIBLE
    assert Decision.objects.count() == 1


def test_changed_comment_is_not_decided_about(article, client_of, moderator, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    seen = {comment.pk: comment.version_token}
    services.edit_comment(user=reader, comment_id=comment.pk, body="Quite another text.")
    assert "has changed this comment since" in decide(client_of(moderator), "approve", comment, seen=seen)
    assert state_of(comment)[0] == State.PENDING


def test_comment_without_a_version_token_is_not_decided_about(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    client_of(moderator).post(QUEUE, {"action": "approve", "index": "0", ACTION_CHECKBOX_NAME: [comment.pk]})
    assert state_of(comment)[0] == State.PENDING


@pytest.mark.parametrize("pk", ["999999", str(2**70)])
def test_bulk_decision_needs_a_selection(article, client_of, moderator, pk):
    response = client_of(moderator).post(
        QUEUE, {"action": "approve", "index": "0", ACTION_CHECKBOX_NAME: [pk]}
    )
    assert response.status_code == 302
    assert not Decision.objects.exists()


def test_bulk_ban_bans_each_author_once(article, client_of, moderator):
    comment = make_comment(article, state=State.PENDING)
    client = client_of(moderator)
    assert "Say why" in decide(client, "ban_authors", comment, days="30")
    assert "1 author banned." in decide(
        client, "ban_authors", comment, days="30", why="Spam in three places."
    )
    ban = Ban.objects.get()
    assert (ban.user, ban.why, round((ban.until - ban.created_at) / timedelta(days=1))) == (
        comment.author,
        "Spam in three places.",
        30,
    )
    assert ban.banned_by == moderator
    listed = page(client.get("/admin/comments/ban/"))
    assert comment.author.public_name in listed
    assert moderator.public_name in listed.split('id="result_list"')[1]
    client.post(f"/admin/comments/ban/{ban.pk}/delete/", {"post": "yes"})
    assert not Ban.objects.exists()
