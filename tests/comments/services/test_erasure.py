"""Erasing the comments of an account in batches, and the costs of erasing and of releasing many comments."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import erasure
from accounts.models import User
from comments import services
from comments.models import Comment, Discussion
from comments.policy import RemovedBy, State
from comments.services import erasure as erasure_service
from ictiger.mail.models import Mail
from tests.factories import make_article, make_comment, make_user

from .conftest import counters

pytestmark = pytest.mark.django_db


@pytest.fixture
def few_at_once(monkeypatch):
    monkeypatch.setattr(erasure_service, "ERASURE_BATCH", 2)


def write_much(reader: User, *articles) -> list[Comment]:
    """In each discussion: a thread with a reply by another, one with replies by `reader` only, a pending one.

    Returns the threads with a reply by another.
    """
    answered = []
    for article in articles:
        answered.append(make_comment(article, author=reader, body=f"Answered {uuid.uuid4()}"))
        make_comment(article, parent=answered[-1])
        alone = make_comment(article, author=reader, body=f"Alone {uuid.uuid4()}")
        for number in range(3):
            make_comment(article, author=reader, parent=alone, body=f"Own reply {number} {uuid.uuid4()}")
        make_comment(article, author=reader, state=State.PENDING, body=f"Waits {uuid.uuid4()}")
    return answered


@pytest.mark.parametrize("erase", [services.erase_comments, services.erase_in_batches, erasure.erase_account])
def test_erasure_deletes_all_but_tombstones_of_comments_with_replies(article, reader, few_at_once, erase):
    articles = [article, make_article(), make_article()]
    answered = write_much(reader, *articles)
    erase(reader)
    places = Comment.objects.filter(author=None)
    assert set(places) == set(answered)
    assert set(places.values_list("state", "reason", "body", "body_html")) == {
        (State.REMOVED, RemovedBy.ERASURE, "", "")
    }
    assert Comment.objects.count() == len(answered) * 2
    assert set(Discussion.objects.values_list("threads", "comments")) == {(2, 1)}


@pytest.mark.parametrize("erased", ["before", "after the words"])
def test_account_erased_by_two_requests_is_erased_once(article, reader, monkeypatch, erased):
    write_much(reader, article)
    meanwhile = iter([lambda: erasure.erase_account(User.objects.get(pk=reader.pk))])

    def beginnings():
        if erased == "after the words":
            yield services.erase_in_batches
        yield lambda _user: next(meanwhile, lambda: None)()
        yield services.erase_in_batches

    class Beginnings:
        def __iter__(self):
            return beginnings()

    monkeypatch.setattr(erasure, "before_erasure_steps", Beginnings())
    erasure.erase_account(reader)
    assert not User.objects.filter(email=reader.email).exists()
    assert Mail.objects.filter(purpose="accounts/security_notice").count() == 1


def test_interrupted_erasure_keeps_finished_batches(article, reader, few_at_once, monkeypatch):
    write_much(reader, article)
    real, calls = erasure_service._delete_or_tombstone, []

    def fail_at_last(keys: list[int]) -> None:
        calls.append(keys)
        if len(calls) == 3:
            raise OSError("cut short")
        real(keys)

    monkeypatch.setattr(erasure_service, "_delete_or_tombstone", fail_at_last)
    with pytest.raises(OSError, match="cut short"):
        erasure.erase_account(reader)
    assert reader.comments.count() == 6 - 4
    assert Discussion.objects.get().comments == Comment.objects.visible().count()
    monkeypatch.setattr(erasure_service, "_delete_or_tombstone", real)
    erasure.erase_account(reader)
    assert not User.objects.filter(email=reader.email).exists()
    assert Comment.objects.count() == 2  # the tombstone and the reply to it


def test_each_batch_is_one_transaction_and_one_purge(
    article, reader, few_at_once, django_capture_on_commit_callbacks
):
    for number in range(5):
        make_comment(article, author=reader, body=f"Number {number}.")
    with django_capture_on_commit_callbacks() as parts:
        services.erase_in_batches(reader)
    assert len(parts) == 3 + 1  # the last batch is empty


def count_queries(function, user: User) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        function(user)
    return len(asked)


@pytest.mark.parametrize(
    "function", [services.erase_in_batches, services.erase_comments, services.discard_pending]
)
def test_query_count_does_not_grow_with_the_comments(article, function):
    figures = []
    for number in (2, 20):
        user = make_user(verified=function is not services.discard_pending)
        for each in range(number):
            services.post_comment(
                user=user, article=article, body=f"Number {each} {uuid.uuid4()}.", submission=uuid.uuid4()
            )
        figures.append(count_queries(function, user))
        assert not user.comments.exists()
    assert figures[0] == figures[1]


def test_releasing_takes_two_queries_per_comment(article):
    figures = []
    for number in (2, 12):
        user = make_user(verified=False)
        for each in range(number):
            services.post_comment(
                user=user, article=article, body=f"Number {each} {uuid.uuid4()}.", submission=uuid.uuid4()
            )
        user.emailaddress_set.update(verified=True)
        figures.append(count_queries(services.release_comments, user))
        assert not user.comments.exclude(state=State.PENDING).exists()
    assert figures[1] - figures[0] == 2 * 10


def test_releasing_a_visible_comment_purges_its_pages(
    article, django_capture_on_commit_callbacks, monkeypatch
):
    user = make_user()
    make_comment(article, author=user)  # trusted
    user.emailaddress_set.update(verified=False)
    services.post_comment(user=user, article=article, body="Another.", submission=uuid.uuid4())
    user.emailaddress_set.update(verified=True)
    with django_capture_on_commit_callbacks() as purges:
        (comment,) = services.release_comments(user)
    assert comment.state == State.VISIBLE
    assert f"{article.get_absolute_url()}discussion/thread/2/**" in purges[0].__self__.row.paths


def test_erasure_deletes_a_comment_without_replies(article, reader):
    make_comment(article, author=reader)
    services.erase_comments(reader)
    assert not Comment.objects.exists()
    assert counters(article) == (1, 0)


def test_erasure_leaves_a_tombstone_of_a_comment_with_replies(article, reader):
    thread = make_comment(article, author=reader, body="Something personal.")
    make_comment(article, parent=thread)
    services.erase_comments(reader)
    thread.refresh_from_db()
    assert (thread.author, thread.body, thread.body_html) == (None, "", "")
    assert (thread.state, thread.reason) == (State.REMOVED, RemovedBy.ERASURE)
    assert set(thread.decisions.values_list("body", flat=True)) == {""}
    assert counters(article) == (1, 1)


def test_erasure_deletes_a_thread_with_replies_by_its_author_only(article, reader):
    thread = make_comment(article, author=reader)
    make_comment(article, author=reader, parent=thread)
    services.erase_comments(reader)
    assert not Comment.objects.exists()
