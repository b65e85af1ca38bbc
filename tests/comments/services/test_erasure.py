"""Somebody who has written much leaves, or proves their mailbox at last: some of it at a time, none of it left."""

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

pytestmark = pytest.mark.django_db


@pytest.fixture
def few_at_once(monkeypatch):
    monkeypatch.setattr(erasure_service, "ERASURE_BATCH", 2)


def write_much(reader: User, *articles) -> list[Comment]:
    """In each discussion: a thread that somebody has answered, one that only they have, and one that waits. Returns what was answered."""
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
def test_all_goes_but_the_places_of_what_was_answered(article, reader, few_at_once, erase):
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
def test_who_is_erased_twice_at_once_is_erased_once(article, reader, monkeypatch, erased):
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


def test_what_is_done_stays_done_when_it_is_cut_short(article, reader, few_at_once, monkeypatch):
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
    assert Comment.objects.count() == 2  # the place, and the reply below it


def test_each_part_is_a_transaction_that_purges_for_itself(
    article, reader, few_at_once, django_capture_on_commit_callbacks
):
    for number in range(5):
        make_comment(article, author=reader, body=f"Number {number}.")
    with django_capture_on_commit_callbacks() as parts:
        services.erase_in_batches(reader)
    assert len(parts) == 3 + 1  # the last finds nothing


def queries_of(verb, user: User) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        verb(user)
    return len(asked)


@pytest.mark.parametrize(
    "verb", [services.erase_in_batches, services.erase_comments, services.discard_pending]
)
def test_many_comments_take_as_many_queries_as_few(article, verb):
    figures = []
    for number in (2, 20):
        user = make_user(verified=verb is not services.discard_pending)
        for each in range(number):
            services.post_comment(
                user=user, article=article, body=f"Number {each} {uuid.uuid4()}.", submission=uuid.uuid4()
            )
        figures.append(queries_of(verb, user))
        assert not user.comments.exists()
    assert figures[0] == figures[1]


def test_a_comment_that_is_released_takes_two_queries_more(article):
    figures = []
    for number in (2, 12):
        user = make_user(verified=False)
        for each in range(number):
            services.post_comment(
                user=user, article=article, body=f"Number {each} {uuid.uuid4()}.", submission=uuid.uuid4()
            )
        user.emailaddress_set.update(verified=True)
        figures.append(queries_of(services.release_comments, user))
        assert not user.comments.exclude(state=State.PENDING).exists()
    assert figures[1] - figures[0] == 2 * 10


def test_what_is_released_into_view_is_told_to_its_pages(
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
