"""Mailboxes of verified addresses that refuse our mail."""

import pytest

from accounts.models import User
from accounts.verification.refusals import record_refusal
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import enqueue

pytestmark = pytest.mark.django_db

GONE = "550 5.1.1 <anna@example.org>: Recipient address rejected: User unknown"
FULL = "552 5.2.2 mailbox full"


def refuse(user: User, reply: str, recipient: str = "") -> None:
    """A mail to `user` that the server has refused with `reply`."""
    context = {"event": "password_changed", "at": "2026-09-14T08:30:00+00:00"}
    mail = enqueue(
        "accounts/security_notice", to=recipient or user.email, language="en", user=user, context=context
    )
    Mail.objects.filter(pk=mail.pk).update(state=MailState.REFUSED, reply=reply)
    mail.refresh_from_db()
    record_refusal(mail)
    user.refresh_from_db()


def test_missing_mailbox_is_noted_at_once(reader):
    refuse(reader, GONE)
    assert reader.mail_refused_at is not None


def test_other_refusals_are_noted_after_three_in_a_row(reader):
    for is_noted in (False, False, True):
        refuse(reader, FULL)
        assert (reader.mail_refused_at is not None) is is_noted


def test_refusal_of_another_address_is_not_noted(reader):
    reader.emailaddress_set.create(email="new@example.org", verified=False)
    refuse(reader, GONE, recipient="new@example.org")
    assert reader.mail_refused_at is None


@pytest.mark.parametrize("path", ["/me/bar/", "/zh-hans/me/bar/"])
def test_reader_is_told_and_can_say_that_the_mailbox_works_again(reader, client_of, path):
    client = client_of(reader)
    assert "refused-mail" not in client.get(path).content.decode()
    refuse(reader, GONE)
    html = client.get(path).content.decode()
    assert 'data-banner="refused-mail"' in html
    assert reader.email in html

    page = client.post("/accounts/mail-works/", follow=True).content.decode()
    assert f"We write to {reader.email} again." in page
    assert "refused-mail" not in client.get(path).content.decode()


def test_saying_that_the_mailbox_works_needs_a_login_and_post(stranger, reader, client_of):
    refuse(reader, GONE)
    assert stranger.post("/accounts/mail-works/").status_code == 302
    assert client_of(reader).get("/accounts/mail-works/").status_code == 405
    reader.refresh_from_db()
    assert reader.mail_refused_at is not None
