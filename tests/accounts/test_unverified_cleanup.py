"""Accounts without a verified address: a reminder after ten days, deletion after fourteen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import unverified_cleanup
from accounts.models import User
from accounts.verification import addresses
from comments.models import Comment
from comments.policy import State
from ictiger.jobs import SCHEDULE, clean_up_unverified_accounts
from ictiger.mail.models import Mail
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_author, make_comment, make_user

from .conftest import PASSWORD, purposes

pytestmark = pytest.mark.django_db


@pytest.fixture
def days_later(time_machine):
    """`days_later(n)` runs the scheduled job n days after the start of the test."""
    start = timezone.now()

    def run_job(days: float) -> None:
        time_machine.move_to(start + timedelta(days=days), tick=False)
        clean_up_unverified_accounts.func()

    return run_job


def test_clean_up_is_scheduled_at_least_daily():
    assert SCHEDULE[clean_up_unverified_accounts] <= timedelta(days=1)


def test_unverified_account_is_reminded_after_ten_days_once(unverified, days_later):
    days_later(9.9)
    assert purposes() == []
    days_later(10)
    days_later(11)

    assert purposes() == ["accounts/reminder"]


def test_reminder_has_the_link_the_deletion_date_and_the_not_me_link(
    unverified, days_later, mailbox, link_in, stranger
):
    days_later(10)

    (message,) = mailbox(unverified.email)
    day = timezone.localtime(unverified.date_joined) + timedelta(days=14)
    assert f"will be deleted on {day.day} {day:%B %Y}" in message.body
    assert "/accounts/not-me/" in message.body
    assert f"<h1>Confirm {unverified.email}</h1>" in stranger.get(link_in(message)).content.decode()


def test_reminder_is_cancelled_after_a_confirmation(unverified, days_later, mailbox):
    days_later(10)
    unverified.emailaddress_set.update(verified=True)

    assert mailbox(unverified.email) == []


def test_unverified_account_is_deleted_after_fourteen_days_with_its_content(unverified, days_later):
    make_comment(make_article(), author=unverified, state=State.UNVERIFIED)
    days_later(10)
    days_later(13.9)
    assert User.objects.filter(pk=unverified.pk).exists()

    days_later(14)

    assert not User.objects.filter(pk=unverified.pk).exists()
    assert not Comment.objects.exists()
    assert not Mail.objects.exists()


def test_no_account_is_deleted_without_notice_after_a_time_without_a_worker(unverified, days_later):
    days_later(30)
    assert User.objects.filter(pk=unverified.pk).exists()

    days_later(32.9)
    assert User.objects.filter(pk=unverified.pk).exists()
    days_later(33)
    assert not User.objects.filter(pk=unverified.pk).exists()


@pytest.mark.parametrize(
    "fields",
    [{"verified": True}, {"group": "Author", "verified": False}, {"is_superuser": True, "verified": False}],
)
def test_staff_and_verified_accounts_are_neither_reminded_nor_deleted(fields, days_later):
    user = make_user(**fields)

    days_later(10)
    days_later(40)

    assert User.objects.filter(pk=user.pk).exists()
    assert purposes() == []


def test_account_of_a_byline_is_not_deleted(unverified, days_later):
    author = make_author()
    with public_write(author):
        author.user = unverified
        author.save()

    days_later(10)
    days_later(40)

    assert User.objects.filter(pk=unverified.pk).exists()


def test_pending_change_of_a_verified_account_deletes_nothing(reader, days_later):
    addresses.change_address(reader, "new@example.org")

    days_later(10)
    days_later(40)

    assert User.objects.filter(pk=reader.pk).exists()


def test_confirmation_just_before_the_deletion_saves_the_account(unverified):
    unverified.emailaddress_set.update(verified=True)

    assert unverified_cleanup._purge_user(unverified) is False
    assert User.objects.filter(pk=unverified.pk).exists()


def test_mail_promises_a_link_no_longer_than_its_account_lives(sign_up, mailbox, time_machine):
    client = sign_up("anna@example.org")
    time_machine.move_to(timezone.now() + timedelta(days=10))
    client.post("/accounts/login/", {"login": "anna@example.org", "password": PASSWORD})
    client.post("/accounts/verification/", {"action": "resend"})

    first, second = mailbox("anna@example.org")  # both composed now, four days before the deletion
    assert "The link works for 4 days, on any device." in second.body
    assert "The link works for 4 days, on any device." in first.body


def test_mail_at_sign_up_promises_fourteen_days(sign_up, mailbox):
    sign_up("anna@example.org")

    assert "The link works for 14 days, on any device." in mailbox("anna@example.org")[0].body


def test_verification_page_shows_the_deletion_date(unverified, client_of):
    end = timezone.localtime(unverified.date_joined) + timedelta(days=14)

    text = client_of(unverified).get("/accounts/verification/").content.decode()

    assert f"works until {end.day} {end:%B %Y}" in text
