"""What is asked and written most: plans that PostgreSQL keeps, rows inserted in short, statements written by hand."""

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from comments.models import Comment
from ictiger.delivery.guard import WriteOutsideChange
from ictiger.mail.models import Mail
from ictiger.prepared import Prepared, ask, given, insert
from tests.factories import make_article, make_user

pytestmark = pytest.mark.django_db

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no plans for us")


def planned() -> Prepared:
    """One whose value stands in two places, beside a value of the query's own."""
    own = User.objects.filter(handle=given("handle"), is_active=True).with_standing()
    return Prepared(lambda: own.exclude(handle=given("other")).exclude(handle=given("other"), is_staff=True), planned=True)


def test_a_planned_query_answers_for_what_is_given_each_time():
    one, other = make_user(), make_user()
    users = planned()
    for user, another in [(one, other), (other, one)] * 4:  # PostgreSQL plans anew for the first five
        found = users.first(handle=user.handle, other=another.handle)
        assert (found, found.date_joined, found.has_proven_mailbox) == (user, user.date_joined, True)
        assert users.first(handle=user.handle, other=user.handle) is None


@on_postgresql
def test_a_planned_query_is_parsed_once_in_a_connection():
    user, users = make_user(), planned()
    before = ask("SELECT count(*) FROM pg_prepared_statements")
    for _time in range(3):
        assert users.first(handle=user.handle, other=make_user().handle) == user
    others = ask("SELECT count(*) FROM pg_prepared_statements")[0][0] - before[0][0]
    assert others == 1


@on_postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_new_connection_plans_anew():
    user, users = make_user(), planned()
    assert users.first(handle=user.handle, other=make_user().handle) == user
    connection.close()
    assert users.first(handle=user.handle, other=make_user().handle) == user


@on_postgresql
def test_behind_a_pool_nothing_is_kept(monkeypatch):
    user, other = make_user(), make_user()
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    before = ask("SELECT count(*) FROM pg_prepared_statements")
    assert planned().first(handle=user.handle, other=other.handle) == user
    assert ask("SELECT count(*) FROM pg_prepared_statements") == before


def test_an_inserted_row_is_the_one_that_was_made():
    mail = Mail(purpose="a/b", recipient="a@b.example", language="en", context={"n": [1, "二"]}, not_after=timezone.now())
    insert(mail)
    kept = Mail.objects.get()
    assert (kept, kept.context, kept.not_after, kept.message_id) == (mail, mail.context, mail.not_after, mail.message_id)
    mail.attempts = 2
    mail.save()
    assert Mail.objects.get().attempts == 2


def test_public_rows_are_inserted_inside_a_change_alone():
    with pytest.raises(WriteOutsideChange):
        Comment(article=make_article(), body="An argument.").insert()


def test_statements_written_by_hand_take_what_python_knows():
    user = make_user()
    assert ask("SELECT email FROM accounts_user WHERE handle = %s", user.handle) == [(user.email,)]
