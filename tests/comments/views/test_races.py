"""Races between requests: two clicks, two tabs or two people at once, on PostgreSQL."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.verification.addresses import link_key
from comments import services
from comments.models import Comment, CommentDraft, Decision, Discussion
from comments.policy import HoldRule, ModerationAction, State
from ictiger.pagecache.public_write import public_write
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite allows one writer at a time, so nothing races",
    ),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
ROUNDS = 3  # one alone may miss the race


@pytest.fixture(autouse=True)
def _clear_rate_limits():
    cache.clear()


@pytest.fixture
def article():
    return make_article("raced")


def browser_of(user: User | None = None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def copy_of(client: Client) -> Client:
    """Another client of the same browser, because a test client sends one request at a time."""
    other = Client()
    other.cookies = client.cookies.copy()
    return other


def sends(client: Client, path: str, **data) -> Callable[[], HttpResponse]:
    return lambda: client.post(path, data)


def posts(client: Client, body: str, **fields) -> Callable[[], HttpResponse]:
    return sends(
        client,
        "/articles/raced/comments/",
        **{"body": body, "submission": str(uuid.uuid4()), "parent": "", **fields},
    )


def decides(
    moderator: User, comment: Comment, verb: ModerationAction, **told
) -> Callable[[], Decision | services.StaleDecision]:
    def decide() -> Decision | services.StaleDecision:
        try:
            return services.decide(moderator=moderator, comment_id=comment.pk, verb=verb, **told)
        except services.StaleDecision as error:
            return error

    return decide


def make_trusted(article) -> User:
    user = make_user()
    make_comment(article, author=user, body=f"An earlier word of {user.pk}.")
    return user


def test_double_click_posts_one_comment(article, in_threads):
    for _round in range(ROUNDS):
        user = make_trusted(article)
        client, submission = browser_of(user), str(uuid.uuid4())
        responses = in_threads(
            [posts(copy_of(client), "Once.", submission=submission) for _click in range(4)]
        )
        comment = Comment.objects.get(author=user, body="Once.")
        assert {(response.status_code, response["Location"]) for response in responses} == {
            (302, f"/comments/{comment.pk}/")
        }


def test_same_text_from_two_tabs_is_two_comments_one_of_them_held(article, in_threads):
    for _round in range(ROUNDS):
        user = make_trusted(article)
        client = browser_of(user)
        responses = in_threads([posts(copy_of(client), "The same in both tabs.") for _tab in range(2)])
        assert [response.status_code for response in responses] == [302, 302]
        states = Comment.objects.filter(author=user, body="The same in both tabs.").values_list(
            "state", "reason"
        )
        assert sorted(states) == [(State.PENDING, HoldRule.DUPLICATE), (State.VISIBLE, "")]


def test_reposted_form_is_the_same_comment_and_a_changed_text_is_returned(article):
    user = make_trusted(article)
    client, submission = browser_of(user), str(uuid.uuid4())
    first, again = (posts(client, "Once.", submission=submission)() for _time in range(2))
    assert first["Location"] == again["Location"]
    changed = posts(client, "Something else.", submission=submission)()
    assert changed.status_code == 409
    assert ">\nSomething else.</textarea>" in changed.content.decode()
    assert (
        posts(client, "Something else.", submission=changed.context["compose_form"].submission)().status_code
        == 302
    )
    assert Comment.objects.filter(author=user, body__in=["Once.", "Something else."]).count() == 2


def test_double_click_without_a_cookie_saves_the_draft_for_each_cookie(article, in_threads):
    for _round in range(ROUNDS):
        cache.clear()
        submission = str(uuid.uuid4())
        responses = in_threads(
            [posts(Client(), "Wait for me.", submission=submission) for _click in range(3)]
        )
        assert {response.status_code for response in responses} == {302}
        for response in responses:
            texts = CommentDraft.objects.filter(token=response.cookies["waiting"].value)
            assert [text.body for text in texts] == ["Wait for me."]


def test_double_click_with_a_cookie_saves_one_draft(article, in_threads):
    client = Client()
    posts(client, "The first.")()
    for _round in range(ROUNDS):
        CommentDraft.objects.all().delete()
        submission = str(uuid.uuid4())
        responses = in_threads(
            [posts(copy_of(client), "Wait for me.", submission=submission) for _click in range(4)]
        )
        assert {response.status_code for response in responses} == {302}
        assert CommentDraft.objects.get().body == "Wait for me."


def test_reply_during_the_removal_of_its_thread_is_posted_or_returned(article, in_threads):
    for _round in range(ROUNDS):
        owner, replier = make_trusted(article), make_trusted(article)
        thread = make_comment(article, author=owner, body=f"Thread {owner.pk}.")
        removing = sends(browser_of(owner), f"/comments/{thread.pk}/remove/")
        replied, removed = in_threads([posts(browser_of(replier), "But why?", parent=thread.pk), removing])
        assert removed.status_code == 302
        thread.refresh_from_db()
        assert thread.state == State.REMOVED
        if replied.status_code == 422:
            assert ">\nBut why?</textarea>" in replied.content.decode()
            assert not thread.replies.exists()
        else:
            assert thread.replies.get().state == State.VISIBLE
        assert Discussion.objects.get().comments == Comment.objects.visible().count()


def test_reply_waits_for_the_removal_of_its_thread_and_is_returned(article):
    owner, replier = make_trusted(article), make_trusted(article)
    thread = make_comment(article, author=owner)
    reply = posts(browser_of(replier), "But why?", parent=thread.pk)
    with ThreadPoolExecutor(1) as pool:
        with public_write():
            services.remove_comment(user=owner, comment_id=thread.pk)
            replied = pool.submit(_with_own_connection, reply)
            _wait_for_lock(replied)
        response = replied.result(timeout=10)
    assert response.status_code == 422
    assert ">\nBut why?</textarea>" in response.content.decode()
    assert not thread.replies.exists()


def test_anonymous_reply_waits_for_the_erasure_of_its_parent_and_is_returned(article):
    owner = make_trusted(article)
    thread = make_comment(article, author=owner)
    reply = posts(Client(), "But why?", parent=thread.pk)
    with ThreadPoolExecutor(1) as pool:
        with public_write():
            services.erase_comments(owner)
            replied = pool.submit(_with_own_connection, reply)
            _wait_for_lock(replied)
        response = replied.result(timeout=10)
    assert response.status_code == 422
    assert ">\nBut why?</textarea>" in response.content.decode()
    assert not CommentDraft.objects.exists()


def _with_own_connection(request: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return request()
    finally:
        connections.close_all()


def _wait_for_lock(replied: Future) -> None:
    """Return when the request waits for a row lock of this transaction, or has ended without waiting."""
    deadline = time.monotonic() + 10
    while not replied.done() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            if cursor.fetchone()[0]:
                return


def test_edit_during_a_decision_is_never_published_unread(article, in_threads):
    for _round in range(ROUNDS):
        author, moderator = make_user(), make_user()
        comment = make_comment(article, author=author, state=State.PENDING)
        editing = sends(browser_of(author), f"/comments/{comment.pk}/edit/", body="Not what was read.")
        decided, edited = in_threads(
            [decides(moderator, comment, ModerationAction.APPROVE, seen=comment.version_token), editing]
        )
        assert edited.status_code == 302
        comment.refresh_from_db()
        assert (comment.state, comment.body) == (State.PENDING, "Not what was read.")
        assert not isinstance(decided, Decision) or decided.body == "An argument about patents."


def test_comment_posted_during_the_confirmation_is_released(article, in_threads):
    for _round in range(ROUNDS):
        user = make_user(verified=False)
        client = browser_of(user)
        link = f"/accounts/confirm-email/{link_key(user.emailaddress_set.get())}/"
        posted, confirmed = in_threads(
            [posts(copy_of(client), f"Just now, {user.pk}."), sends(copy_of(client), link)]
        )
        assert (posted.status_code, confirmed.status_code) == (302, 302)
        assert user.is_verified
        assert Comment.objects.get(author=user).state == State.PENDING


@pytest.mark.parametrize(("task", "hold"), [("mend", HoldRule.REVISED), ("appeal", HoldRule.APPEALED)])
def test_double_click_revises_or_appeals_once(article, in_threads, task, hold):
    for _round in range(ROUNDS):
        comment = make_comment(article, state=State.REJECTED)
        client = browser_of(comment.author)
        responses = in_threads(
            [sends(copy_of(client), f"/comments/{comment.pk}/{task}/", body="Sent.") for _click in range(4)]
        )
        assert {response.status_code for response in responses} == {302}
        comment.refresh_from_db()
        assert (comment.state, comment.reason, comment.revision) == (State.PENDING, hold, int(task == "mend"))


def test_appeal_during_an_undo_is_not_used_up(article, in_threads):
    for _round in range(ROUNDS):
        comment = make_comment(article, state=State.PENDING)
        moderator = decide_as_somebody(comment, ModerationAction.REJECT, reason="other").moderator
        appealing = sends(
            browser_of(comment.author), f"/comments/{comment.pk}/appeal/", body="It should stand."
        )
        undone, appealed = in_threads([decides(moderator, comment, ModerationAction.UNDO), appealing])
        comment.refresh_from_db()
        if isinstance(undone, Decision):
            assert (appealed.status_code, comment.reason, comment.appealed_at) == (422, HoldRule.UNDONE, None)
            assert ">\nIt should stand.</textarea>" in appealed.content.decode()
        else:
            assert (appealed.status_code, comment.reason) == (302, HoldRule.APPEALED)
