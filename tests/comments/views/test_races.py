"""Requests that run into each other: what two clicks, two tabs or two people do at once, through the pages themselves."""

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
        reason="SQLite lets one writer in at a time: there is nothing to race",
    ),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
ROUNDS = 3  # each begins anew: one alone may miss the moment


@pytest.fixture(autouse=True)
def _no_limits_left_over():
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
    """Another request of the same browser: a test client serves one at a time."""
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
            return services.decide(moderator=moderator, comment_id=comment.pk, action=verb, **told)
        except services.StaleDecision as overtaken:
            return overtaken

    return decide


def make_trusted(article) -> User:
    user = make_user()
    make_comment(article, author=user, body=f"An earlier word of {user.pk}.")
    return user


def test_a_double_click_is_one_comment_and_no_error(article, in_threads):
    for _round in range(ROUNDS):
        user = make_trusted(article)
        client, submission = browser_of(user), str(uuid.uuid4())
        answers = in_threads([posts(copy_of(client), "Once.", submission=submission) for _click in range(4)])
        comment = Comment.objects.get(author=user, body="Once.")
        assert {(answer.status_code, answer["Location"]) for answer in answers} == {
            (302, f"/comments/{comment.pk}/")
        }


def test_two_tabs_with_the_same_text_are_two_comments_of_which_one_is_held(article, in_threads):
    for _round in range(ROUNDS):
        user = make_trusted(article)
        client = browser_of(user)
        answers = in_threads([posts(copy_of(client), "The same in both tabs.") for _tab in range(2)])
        assert [answer.status_code for answer in answers] == [302, 302]
        states = Comment.objects.filter(author=user, body="The same in both tabs.").values_list(
            "state", "reason"
        )
        assert sorted(states) == [(State.PENDING, HoldRule.DUPLICATE), (State.VISIBLE, "")]


def test_back_and_forward_again_sends_the_same_comment_and_a_changed_text_is_asked_about(article):
    user = make_trusted(article)
    client, submission = browser_of(user), str(uuid.uuid4())
    first, again = (posts(client, "Once.", submission=submission)() for _time in range(2))
    assert first["Location"] == again["Location"]
    changed = posts(client, "Something else.", submission=submission)()
    assert changed.status_code == 409
    assert ">\nSomething else.</textarea>" in changed.content.decode()
    assert posts(client, "Something else.", submission=changed.context["box"].submission)().status_code == 302
    assert Comment.objects.filter(author=user, body__in=["Once.", "Something else."]).count() == 2


def test_a_strangers_double_click_leaves_the_text_with_whichever_cookie_stays(article, in_threads):
    for _round in range(ROUNDS):
        cache.clear()
        submission = str(uuid.uuid4())
        answers = in_threads([posts(Client(), "Wait for me.", submission=submission) for _click in range(3)])
        assert {answer.status_code for answer in answers} == {302}
        for answer in answers:
            texts = CommentDraft.objects.filter(token=answer.cookies["waiting"].value)
            assert [text.body for text in texts] == ["Wait for me."]


def test_a_strangers_double_click_with_a_cookie_is_one_text(article, in_threads):
    client = Client()
    posts(client, "The first.")()
    for _round in range(ROUNDS):
        CommentDraft.objects.all().delete()
        submission = str(uuid.uuid4())
        answers = in_threads(
            [posts(copy_of(client), "Wait for me.", submission=submission) for _click in range(4)]
        )
        assert {answer.status_code for answer in answers} == {302}
        assert CommentDraft.objects.get().body == "Wait for me."


def test_a_reply_to_what_is_removed_at_that_moment_stands_below_it_or_comes_back(article, in_threads):
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


def test_a_reply_that_comes_while_its_thread_is_being_removed_waits_and_comes_back(article):
    owner, replier = make_trusted(article), make_trusted(article)
    thread = make_comment(article, author=owner)
    reply = posts(browser_of(replier), "But why?", parent=thread.pk)
    with ThreadPoolExecutor(1) as pool:
        with public_write():
            services.remove_comment(user=owner, comment_id=thread.pk)
            replied = pool.submit(_on_its_own_connection, reply)
            _wait_until_it_waits(replied)
        answer = replied.result(timeout=10)
    assert answer.status_code == 422
    assert ">\nBut why?</textarea>" in answer.content.decode()
    assert not thread.replies.exists()


def test_a_strangers_reply_to_what_is_erased_at_that_moment_comes_back(article):
    owner = make_trusted(article)
    thread = make_comment(article, author=owner)
    reply = posts(Client(), "But why?", parent=thread.pk)
    with ThreadPoolExecutor(1) as pool:
        with public_write():
            services.erase_comments(owner)
            replied = pool.submit(_on_its_own_connection, reply)
            _wait_until_it_waits(replied)
        answer = replied.result(timeout=10)
    assert answer.status_code == 422
    assert ">\nBut why?</textarea>" in answer.content.decode()
    assert not CommentDraft.objects.exists()


def _on_its_own_connection(request: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return request()
    finally:
        connections.close_all()


def _wait_until_it_waits(replied: Future) -> None:
    """Until the request waits for a row that this transaction holds, or has ended without asking for it."""
    deadline = time.monotonic() + 10
    while not replied.done() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            if cursor.fetchone()[0]:
                return


def test_an_edit_at_the_moment_of_the_decision_is_never_shown_unread(article, in_threads):
    for _round in range(ROUNDS):
        author, moderator = make_user(), make_user()
        comment = make_comment(article, author=author, state=State.PENDING)
        editing = sends(browser_of(author), f"/comments/{comment.pk}/edit/", body="Not what was read.")
        decided, edited = in_threads(
            [
                decides(moderator, comment, ModerationAction.APPROVE, version_token=comment.version_token),
                editing,
            ]
        )
        assert edited.status_code == 302
        comment.refresh_from_db()
        assert (comment.state, comment.body) == (State.PENDING, "Not what was read.")
        assert not isinstance(decided, Decision) or decided.body == "An argument about patents."


def test_a_comment_sent_while_the_address_is_confirmed_does_not_stay_behind(article, in_threads):
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
def test_a_double_click_on_a_second_reading_is_one(article, in_threads, task, hold):
    for _round in range(ROUNDS):
        comment = make_comment(article, state=State.REJECTED)
        client = browser_of(comment.author)
        answers = in_threads(
            [sends(copy_of(client), f"/comments/{comment.pk}/{task}/", body="Sent.") for _click in range(4)]
        )
        assert {answer.status_code for answer in answers} == {302}
        comment.refresh_from_db()
        assert (comment.state, comment.reason, comment.revision) == (State.PENDING, hold, int(task == "mend"))


def test_an_appeal_at_the_moment_of_the_undo_is_not_used_up_for_nothing(article, in_threads):
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
