"""A comment, or its author, that goes between the look at it and what is to be done with it: a refusal, and no typed word is lost."""

import uuid

import pytest

from accounts.models import User
from comments import services
from comments.discussion import threads
from comments.models import Ban, Comment, CommentDraft
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.factories import make_comment, make_user

DESK = "/admin/comments/comment/"
WORDS = "Every word of this took a while."


def take_out(comment: Comment) -> None:
    with public_write():
        Comment.objects.filter(pk=comment.pk).delete()


def leave(user: User) -> None:
    with public_write():
        services.erase_comments(User.objects.get(pk=user.pk))
        User.objects.filter(pk=user.pk).delete()


def before(monkeypatch, where: object, name: str, happens) -> None:
    """Let something happen when it is too late to look again."""
    verb = getattr(where, name)

    def late(*args, **asked):
        happens()
        return verb(*args, **asked)

    monkeypatch.setattr(where, name, late)


@pytest.mark.parametrize(
    ("task", "verb", "state"),
    [
        ("edit", "edit_comment", State.VISIBLE),
        ("mend", "resubmit", State.REJECTED),
        ("appeal", "appeal", State.REJECTED),
    ],
)
@pytest.mark.parametrize("is_gone_before", [False, True])
def test_the_text_comes_back_when_the_comment_has_gone(
    article, reader, client_of, monkeypatch, task, verb, state, is_gone_before
):
    comment = make_comment(article, author=reader, state=state)
    client = client_of(reader)
    if is_gone_before:
        take_out(comment)
    before(monkeypatch, services, verb, lambda: take_out(comment))
    answer = client.post(f"/comments/{comment.pk}/{task}/", {"body": WORDS})
    assert answer.status_code == 404
    page = answer.content.decode()
    assert WORDS in page
    assert "This comment is no longer there. Your text is below, for you to copy." in page
    assert (
        client.post(
            f"/comments/{comment.pk}/{task}/", {"body": WORDS}, headers={"X-Fragment": "comment"}
        ).status_code
        == 404
    )


def test_a_comment_that_has_gone_is_not_removed_again(article, reader, client_of, monkeypatch):
    comment = make_comment(article, author=reader)
    before(monkeypatch, services, "remove_comment", lambda: take_out(comment))
    assert client_of(reader).post(f"/comments/{comment.pk}/remove/").status_code == 404


def test_a_report_about_what_has_gone_comes_back(article, reader, client_of, monkeypatch):
    comment = make_comment(article)
    before(monkeypatch, services, "report_comment", lambda: take_out(comment))
    answer = client_of(reader).post(f"/comments/{comment.pk}/report/", {"reason": "other", "note": WORDS})
    assert answer.status_code == 404
    assert WORDS in answer.content.decode()
    assert "This comment is no longer there." in answer.content.decode()


def test_my_comments_go_without_one_that_has_gone(article, reader, client_of, monkeypatch):
    comment = make_comment(article, author=reader, body="Gone in between.")
    make_comment(article, author=reader, body="Still there.")
    before(monkeypatch, threads, "comment_rows", lambda: take_out(comment))
    page = client_of(reader).get("/comments/mine/").content.decode()
    assert "Still there." in page
    assert "Gone in between." not in page


@pytest.mark.parametrize(
    ("name", "path"), [("edit_comment", "/comments/{}/edit/"), ("post_comment", "/articles/{}/comments/")]
)
def test_the_text_comes_back_when_the_account_has_gone(article, client_of, monkeypatch, name, path):
    writer = make_user()
    comment = make_comment(article, author=writer)
    client = client_of(writer)
    before(monkeypatch, services, name, lambda: leave(writer))
    sent = {"body": WORDS, "submission": uuid.uuid4()}
    answer = client.post(path.format(comment.pk if name == "edit_comment" else article.slug), sent)
    assert answer.status_code == 403
    assert WORDS in answer.content.decode()
    assert "This account is no longer there." in answer.content.decode()


def test_what_was_sent_before_and_has_gone_since_is_posted(article, reader, monkeypatch):
    sent = {"user": reader, "article": article, "body": WORDS, "submission": uuid.uuid4()}
    first = services.post_comment(**sent)
    known = services.posting.screening_context

    def and_then_it_goes(*args, **asked):
        found = known(*args, **asked)
        take_out(first)
        return found

    monkeypatch.setattr(services.posting, "screening_context", and_then_it_goes)
    assert services.post_comment(**sent).pk != first.pk
    assert not CommentDraft.objects.exists()


# --- the desk ---


def test_a_moderator_who_opens_what_has_gone_is_led_away(article, moderator, client_of, monkeypatch):
    comment = make_comment(article, state=State.PENDING)
    before(monkeypatch, services, "claim_comment", lambda: take_out(comment))
    answer = client_of(moderator).get(f"{DESK}{comment.pk}/change/", follow=True)
    assert answer.redirect_chain
    assert "doesn’t exist" in answer.content.decode()


@pytest.mark.parametrize("is_at_once", [False, True])
def test_nobody_is_banned_who_has_left(article, moderator, client_of, monkeypatch, is_at_once):
    comment = make_comment(article, state=State.PENDING)
    stays = make_comment(article, state=State.PENDING)
    client = client_of(moderator)
    before(
        monkeypatch,
        services,
        "ban_user",
        lambda: leave(comment.author) if User.objects.filter(pk=comment.author_id) else None,
    )
    sent = {"why": "advertising", "days": "7"}
    if is_at_once:
        answer = client.post(
            DESK, sent | {"action": "ban_authors", "_selected_action": [comment.pk, stays.pk]}, follow=True
        )
        assert "1 author banned." in answer.content.decode()
        assert [ban.user for ban in Ban.objects.all()] == [stays.author]
    else:
        answer = client.post(f"{DESK}{comment.pk}/ban/", sent, headers={"X-Fragment": "row"})
        assert (answer.status_code, answer.json()["done"]) == (200, False)
        assert "is no longer there" in answer.json()["said"]
        assert not Ban.objects.exists()


@pytest.mark.parametrize("is_at_once", [False, True])
def test_a_decision_about_what_has_gone_says_so(article, moderator, client_of, monkeypatch, is_at_once):
    comment = make_comment(article, state=State.PENDING)
    client = client_of(moderator)
    before(monkeypatch, services, "decide", lambda: take_out(comment))
    if is_at_once:
        sent = {
            "action": "approve",
            "_selected_action": [comment.pk],
            f"seen_{comment.pk}": comment.version_token,
        }
        said = client.post(DESK, sent, follow=True).content.decode()
    else:
        said = client.post(
            f"{DESK}{comment.pk}/decide/",
            {"verb": "approve", "seen": comment.version_token},
            headers={"X-Fragment": "row"},
        ).json()["said"]
    assert "This comment is no longer there" in said
