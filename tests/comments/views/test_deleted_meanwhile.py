"""A comment or account deleted between a check and the change: the typed text is returned."""

import uuid
from collections.abc import Callable

import pytest

from accounts.models import User
from comments import services
from comments.discussion import threads
from comments.models import Ban, Comment, CommentDraft
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.factories import make_comment, make_user

QUEUE = "/admin/comments/comment/"
TEXT = "Every word of this took a while."


def delete_comment(comment: Comment) -> None:
    with public_write():
        Comment.objects.filter(pk=comment.pk).delete()


def delete_account(user: User) -> None:
    with public_write():
        services.erase_comments(User.objects.get(pk=user.pk))
        User.objects.filter(pk=user.pk).delete()


def before(monkeypatch, module: object, name: str, event: Callable[[], None]) -> None:
    """Make `event` happen just before each call of function `name`, after the caller's checks."""
    function = getattr(module, name)

    def event_then_function(*args, **kwargs):
        event()
        return function(*args, **kwargs)

    monkeypatch.setattr(module, name, event_then_function)


@pytest.mark.parametrize(
    ("task", "service", "state"),
    [
        ("edit", "edit_comment", State.VISIBLE),
        ("mend", "resubmit", State.REJECTED),
        ("appeal", "appeal", State.REJECTED),
    ],
)
@pytest.mark.parametrize("is_deleted_before", [False, True])
def test_text_is_returned_when_the_comment_is_deleted(
    article, reader, client_of, monkeypatch, task, service, state, is_deleted_before
):
    comment = make_comment(article, author=reader, state=state)
    client = client_of(reader)
    if is_deleted_before:
        delete_comment(comment)
    before(monkeypatch, services, service, lambda: delete_comment(comment))
    response = client.post(f"/comments/{comment.pk}/{task}/", {"body": TEXT})
    assert response.status_code == 404
    page = response.content.decode()
    assert TEXT in page
    assert "This comment is no longer there. Your text is below, for you to copy." in page
    assert (
        client.post(
            f"/comments/{comment.pk}/{task}/", {"body": TEXT}, headers={"X-Fragment": "comment"}
        ).status_code
        == 404
    )


def test_removing_a_deleted_comment_is_404(article, reader, client_of, monkeypatch):
    comment = make_comment(article, author=reader)
    before(monkeypatch, services, "remove_comment", lambda: delete_comment(comment))
    assert client_of(reader).post(f"/comments/{comment.pk}/remove/").status_code == 404


def test_report_of_a_deleted_comment_is_returned(article, reader, client_of, monkeypatch):
    comment = make_comment(article)
    before(monkeypatch, services, "report_comment", lambda: delete_comment(comment))
    response = client_of(reader).post(f"/comments/{comment.pk}/report/", {"reason": "other", "note": TEXT})
    assert response.status_code == 404
    assert TEXT in response.content.decode()
    assert "This comment is no longer there." in response.content.decode()


def test_my_comments_leave_out_a_deleted_comment(article, reader, client_of, monkeypatch):
    comment = make_comment(article, author=reader, body="Deleted in between.")
    make_comment(article, author=reader, body="Still there.")
    before(monkeypatch, threads, "comment_rows", lambda: delete_comment(comment))
    page = client_of(reader).get("/comments/mine/").content.decode()
    assert "Still there." in page
    assert "Deleted in between." not in page


@pytest.mark.parametrize(
    ("name", "path"), [("edit_comment", "/comments/{}/edit/"), ("post_comment", "/articles/{}/comments/")]
)
def test_text_is_returned_when_the_account_is_deleted(article, client_of, monkeypatch, name, path):
    writer = make_user()
    comment = make_comment(article, author=writer)
    client = client_of(writer)
    before(monkeypatch, services, name, lambda: delete_account(writer))
    data = {"body": TEXT, "submission": uuid.uuid4()}
    response = client.post(path.format(comment.pk if name == "edit_comment" else article.slug), data)
    assert response.status_code == 403
    assert TEXT in response.content.decode()
    assert "This account is no longer there." in response.content.decode()


def test_repeated_post_of_a_deleted_comment_is_posted(article, reader, monkeypatch):
    data = {"user": reader, "article": article, "body": TEXT, "submission": uuid.uuid4()}
    first = services.post_comment(**data)
    screening_context = services.posting.screening_context

    def context_then_deletion(*args, **kwargs):
        context = screening_context(*args, **kwargs)
        delete_comment(first)
        return context

    monkeypatch.setattr(services.posting, "screening_context", context_then_deletion)
    assert services.post_comment(**data).pk != first.pk
    assert not CommentDraft.objects.exists()


# --- admin ---


def test_opening_a_deleted_comment_redirects_the_moderator(article, moderator, client_of, monkeypatch):
    comment = make_comment(article, state=State.PENDING)
    before(monkeypatch, services, "claim_comment", lambda: delete_comment(comment))
    response = client_of(moderator).get(f"{QUEUE}{comment.pk}/change/", follow=True)
    assert response.redirect_chain
    assert "doesn’t exist" in response.content.decode()


@pytest.mark.parametrize("is_bulk", [False, True])
def test_deleted_author_is_not_banned(article, moderator, client_of, monkeypatch, is_bulk):
    comment = make_comment(article, state=State.PENDING)
    other = make_comment(article, state=State.PENDING)
    client = client_of(moderator)
    before(
        monkeypatch,
        services,
        "ban_user",
        lambda: delete_account(comment.author) if User.objects.filter(pk=comment.author_id) else None,
    )
    data = {"why": "advertising", "days": "7"}
    if is_bulk:
        response = client.post(
            QUEUE, data | {"action": "ban_authors", "_selected_action": [comment.pk, other.pk]}, follow=True
        )
        assert "1 author banned." in response.content.decode()
        assert [ban.user for ban in Ban.objects.all()] == [other.author]
    else:
        response = client.post(f"{QUEUE}{comment.pk}/ban/", data, headers={"X-Fragment": "row"})
        assert (response.status_code, response.json()["done"]) == (200, False)
        assert "is no longer there" in response.json()["said"]
        assert not Ban.objects.exists()


@pytest.mark.parametrize("is_bulk", [False, True])
def test_decision_about_a_deleted_comment_shows_a_message(
    article, moderator, client_of, monkeypatch, is_bulk
):
    comment = make_comment(article, state=State.PENDING)
    client = client_of(moderator)
    before(monkeypatch, services, "decide", lambda: delete_comment(comment))
    if is_bulk:
        data = {
            "action": "approve",
            "_selected_action": [comment.pk],
            f"seen_{comment.pk}": comment.version_token,
        }
        message = client.post(QUEUE, data, follow=True).content.decode()
    else:
        message = client.post(
            f"{QUEUE}{comment.pk}/decide/",
            {"verb": "approve", "seen": comment.version_token},
            headers={"X-Fragment": "row"},
        ).json()["said"]
    assert "This comment is no longer there" in message
