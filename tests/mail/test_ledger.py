"""The mail ledger at the desk: what became of every mail, and never what stood in it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import cancel, send_again
from ictiger.mail.sweep import _lease_next, send_due_mail

pytestmark = pytest.mark.django_db

LEDGER = "/admin/mail/mail/"


@pytest.fixture
def keeper_of_the_ledger() -> User:
    user = User.objects.create_user("keeper@example.org", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="mail", codename__in=["view_mail", "change_mail"])
    )
    return user


@pytest.fixture
def desk(client_of, keeper_of_the_ledger) -> Client:
    return client_of(keeper_of_the_ledger)


def act(desk: Client, action: str, *mails: Mail):
    return desk.post(LEDGER, {"action": action, "_selected_action": [mail.pk for mail in mails]}, follow=True)


def test_ledger_shows_recipient_state_attempts_and_the_last_words(desk, note, server):
    server.recipient_answers = ["550 5.1.1 no such mailbox"]
    mail = note(to="anna@example.org")
    send_due_mail(1)
    for page in (desk.get(LEDGER), desk.get(f"{LEDGER}{mail.pk}/change/")):
        assert page.status_code == 200
        for shown in ("anna@example.org", "tests/note", "550 5.1.1 no such mailbox", "refused"):
            assert shown in page.content.decode()


def test_ledger_never_shows_what_a_link_could_be_made_of(desk, note):
    mail = note(context={"key": "geheim-4711"})
    for address in (LEDGER, f"{LEDGER}{mail.pk}/change/"):
        assert b"geheim" not in desk.get(address).content


def test_ledger_can_be_searched_and_filtered(desk, note):
    note(to="anna@example.org")
    note(to="boris@example.org", language="zh-hans")
    assert [mail.recipient for mail in desk.get(LEDGER, {"q": "boris"}).context["cl"].result_list] == [
        "boris@example.org"
    ]
    assert [
        mail.recipient for mail in desk.get(LEDGER, {"language__exact": "en"}).context["cl"].result_list
    ] == ["anna@example.org"]


def test_ledger_takes_no_new_rows_and_no_edits(desk, note):
    mail = note()
    assert desk.get(f"{LEDGER}add/").status_code == 403
    assert desk.post(f"{LEDGER}{mail.pk}/change/", {"recipient": "boris@example.org"}).status_code == 403
    mail.refresh_from_db()
    assert mail.recipient == "anna@example.org"


def test_who_may_only_look_is_offered_no_action(desk, note, keeper_of_the_ledger):
    keeper_of_the_ledger.user_permissions.remove(Permission.objects.get(codename="change_mail"))
    mail = note()
    act(desk, "cancel", mail)
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED


def test_editor_has_no_business_with_the_ledger(client_of, editor):
    assert client_of(editor).get(LEDGER).status_code == 403


def test_sending_a_settled_mail_again_asks_anew_and_keeps_the_old_row(desk, note, server):
    server.recipient_answers = ["550 no"]
    old = note(context={"id": 7}, language="zh-hans")
    send_due_mail(1)
    act(desk, "send_again", old)
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


def test_sending_a_waiting_mail_again_brings_it_forward(desk, note):
    mail = note()
    Mail.objects.update(next_try_at=timezone.now() + timedelta(hours=1))
    act(desk, "send_again", mail)
    assert list(Mail.objects.due()) == [mail]


def test_cancelled_mail_is_not_sent(desk, note, server):
    mail = note()
    response = act(desk, "cancel", mail)
    assert "1 mail was cancelled." in response.content.decode()
    assert send_due_mail(1) == 0
    mail.refresh_from_db()
    assert mail.state == MailState.CANCELLED


def test_what_is_with_the_mail_server_can_neither_be_cancelled_nor_sent_again(note):
    note()
    sending = _lease_next()
    assert cancel(sending) is False
    assert send_again(sending) is None
    sending.refresh_from_db()
    assert sending.state == MailState.SENDING


def test_mail_of_a_purpose_that_is_gone_cannot_be_sent_again():
    mail = Mail.objects.create(
        purpose="gone/away",
        recipient="a@b.org",
        language="en",
        expires_at=timezone.now(),
        state=MailState.EXPIRED,
    )
    assert send_again(mail) is None


def test_ledger_takes_as_many_queries_for_thirty_mails_as_for_one(desk, note, django_assert_num_queries):
    note()
    desk.get(LEDGER)
    with django_assert_num_queries(9):
        desk.get(LEDGER)
    for _number in range(29):
        note()
    with django_assert_num_queries(9):
        desk.get(LEDGER)
