"""The mail ledger in the admin: the state of every mail, and never its text."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import cancel, send_again
from ictiger.mail.sending import lease_next_mail, send_due_mail

pytestmark = pytest.mark.django_db

LEDGER = "/admin/mail/mail/"


@pytest.fixture
def mail_manager() -> User:
    user = User.objects.create_user("manager@example.org", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="mail", codename__in=["view_mail", "change_mail"])
    )
    return user


@pytest.fixture
def admin_client(client_of, mail_manager) -> Client:
    return client_of(mail_manager)


def run_action(admin_client: Client, action: str, *mails: Mail):
    return admin_client.post(
        LEDGER, {"action": action, "_selected_action": [mail.pk for mail in mails]}, follow=True
    )


def test_ledger_shows_recipient_state_attempts_and_the_last_reply(admin_client, note, server):
    server.recipient_replies = ["550 5.1.1 no such mailbox"]
    mail = note(to="anna@example.org")
    send_due_mail(1)
    for page in (admin_client.get(LEDGER), admin_client.get(f"{LEDGER}{mail.pk}/change/")):
        assert page.status_code == 200
        for text in ("anna@example.org", "tests/note", "550 5.1.1 no such mailbox", "refused"):
            assert text in page.content.decode()


def test_ledger_never_shows_the_context(admin_client, note):
    mail = note(context={"key": "geheim-4711"})
    for url in (LEDGER, f"{LEDGER}{mail.pk}/change/"):
        assert b"geheim" not in admin_client.get(url).content


def test_ledger_can_be_searched_and_filtered(admin_client, note):
    note(to="anna@example.org")
    note(to="boris@example.org", language="zh-hans")
    assert [
        mail.recipient for mail in admin_client.get(LEDGER, {"q": "boris"}).context["cl"].result_list
    ] == ["boris@example.org"]
    assert [
        mail.recipient
        for mail in admin_client.get(LEDGER, {"language__exact": "en"}).context["cl"].result_list
    ] == ["anna@example.org"]


def test_ledger_allows_no_new_rows_and_no_edits(admin_client, note):
    mail = note()
    assert admin_client.get(f"{LEDGER}add/").status_code == 403
    assert (
        admin_client.post(f"{LEDGER}{mail.pk}/change/", {"recipient": "boris@example.org"}).status_code == 403
    )
    mail.refresh_from_db()
    assert mail.recipient == "anna@example.org"


def test_user_who_may_only_view_has_no_actions(admin_client, note, mail_manager):
    mail_manager.user_permissions.remove(Permission.objects.get(codename="change_mail"))
    mail = note()
    run_action(admin_client, "cancel", mail)
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED


def test_editor_may_not_see_the_ledger(client_of, editor):
    assert client_of(editor).get(LEDGER).status_code == 403


def test_sending_a_settled_mail_again_adds_a_row(admin_client, note, server):
    server.recipient_replies = ["550 no"]
    old = note(context={"id": 7}, language="zh-hans")
    send_due_mail(1)
    run_action(admin_client, "send_again", old)
    old.refresh_from_db()
    new = Mail.objects.exclude(pk=old.pk).get()
    assert (old.state, new.state) == (MailState.REFUSED, MailState.QUEUED)
    assert (new.recipient, new.purpose, new.context, new.language) == (
        old.recipient,
        old.purpose,
        old.context,
        old.language,
    )
    assert new.message_id != old.message_id
    send_due_mail(1)
    assert [message["Message-ID"] for message in server.messages] == [new.message_id]


def test_sending_a_waiting_mail_again_makes_it_due(admin_client, note):
    mail = note()
    Mail.objects.update(next_try_at=timezone.now() + timedelta(hours=1))
    run_action(admin_client, "send_again", mail)
    assert list(Mail.objects.due()) == [mail]


def test_cancelled_mail_is_not_sent(admin_client, note, server):
    mail = note()
    response = run_action(admin_client, "cancel", mail)
    assert "1 mail was cancelled." in response.content.decode()
    assert send_due_mail(1) == 0
    mail.refresh_from_db()
    assert mail.state == MailState.CANCELLED


def test_mail_being_sent_can_neither_be_cancelled_nor_sent_again(note):
    note()
    sending = lease_next_mail()
    assert cancel(sending) is False
    assert send_again(sending) is None
    sending.refresh_from_db()
    assert sending.state == MailState.SENDING


def test_mail_of_a_removed_purpose_cannot_be_sent_again():
    mail = Mail.objects.create(
        purpose="removed/purpose",
        recipient="a@b.org",
        language="en",
        expires_at=timezone.now(),
        state=MailState.EXPIRED,
    )
    assert send_again(mail) is None


def test_ledger_takes_as_many_queries_for_thirty_mails_as_for_one(
    admin_client, note, django_assert_num_queries
):
    note()
    admin_client.get(LEDGER)
    with django_assert_num_queries(10):
        admin_client.get(LEDGER)
    for _number in range(29):
        note()
    with django_assert_num_queries(10):
        admin_client.get(LEDGER)
