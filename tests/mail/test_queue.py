"""The queue: a mail is queued with its cause, composed when sent, leased to one worker, never lost."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from ictiger.mail import sending
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import enqueue
from ictiger.mail.sending import backoff, lease_next_mail, send_due_mail

pytestmark = pytest.mark.django_db


def test_enqueue_in_a_rolled_back_transaction_leaves_nothing(note, django_capture_on_commit_callbacks):
    @transaction.atomic
    def sign_up_that_fails() -> None:
        note()
        raise ZeroDivisionError

    with django_capture_on_commit_callbacks() as callbacks, pytest.raises(ZeroDivisionError):
        sign_up_that_fails()
    assert not Mail.objects.exists()
    assert callbacks == []


def test_enqueue_is_one_insert_and_enqueues_no_task(
    note, django_assert_num_queries, django_capture_on_commit_callbacks
):
    """The sweep polls the rows, so nothing has to wake it."""
    with django_capture_on_commit_callbacks() as callbacks, django_assert_num_queries(1) as queries:
        note()
    assert queries.captured_queries[0]["sql"].startswith('INSERT INTO "mail_mail"')
    assert callbacks == []
    assert not DBTaskResult.objects.exists()


def test_enqueue_stores_ids_and_no_text(note):
    mail = note(context={"id": 7})
    mail.refresh_from_db()
    assert mail.context == {"id": 7}
    assert mail.expires_at - mail.created_at == pytest.approx(timedelta(days=3), abs=timedelta(seconds=1))


def test_enqueue_of_an_unknown_purpose_raises_lookup_error():
    with pytest.raises(LookupError, match="nobody/knows"):
        enqueue("nobody/knows", to="anna@example.org", language="en")


@pytest.mark.parametrize(
    "to",
    [
        "a@b.org\r\nBcc: x@y.org",
        "a\n@b.org",
        "\x00@b.org",
        "\ud800@b.org",
        "a b@c.org",
        "a@b> SIZE=1",
        "a@b,c@d",
        "@",
        "",
        "x" * 400 + "@b.org",
    ],
)
def test_invalid_recipient_is_refused_and_never_sent(note, server, to):
    mail = note(to=to)
    mail.refresh_from_db()
    assert mail.state == MailState.REFUSED
    assert mail.reply.startswith("not an address")
    assert send_due_mail(10) == 0
    assert server.greetings == 0


def test_mail_no_longer_needed_is_cancelled(note, server):
    note.register(lambda _: None)
    mail = note()
    send_due_mail(10)
    mail.refresh_from_db()
    assert mail.state == MailState.CANCELLED
    assert server.envelopes == []


def test_composer_that_raises_delays_no_other_mail(note, server):
    def compose(mail: Mail) -> dict:
        return {"title": 1 / mail.context["divisor"]}

    note.register(compose)
    broken, good = note(context={"divisor": 0}), note(context={"divisor": 1})
    assert send_due_mail(10) == 2
    broken.refresh_from_db()
    good.refresh_from_db()
    assert good.state == MailState.SENT
    assert (broken.state, broken.reply) == (MailState.QUEUED, "the text could not be made: ZeroDivisionError")
    assert broken.next_try_at > timezone.now()


def test_line_break_in_a_subject_cannot_begin_a_header(note, server):
    note.register(lambda _: {"title": "Hello\r\nBcc: x@y.org"})
    note()
    send_due_mail(10)
    assert server.messages[0]["Subject"] == "Note: Hello Bcc: x@y.org"
    assert server.messages[0]["Bcc"] is None


def test_mail_is_not_sent_after_it_expired(note, server, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    mail = note(expires_at=start + timedelta(minutes=15))
    time_machine.move_to(start + timedelta(minutes=15), tick=False)
    assert send_due_mail(10) == 0
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.EXPIRED, 0)
    assert server.envelopes == []


def test_mail_whose_next_attempt_would_be_too_late_expires_with_the_last_reply(note, server):
    server.recipient_replies = ["451 busy"]
    mail = note(expires_at=timezone.now() + timedelta(seconds=10))
    send_due_mail(10)
    mail.refresh_from_db()
    assert (mail.state, mail.reply) == (MailState.EXPIRED, "451 busy")


def test_backoff_grows_to_a_limit_and_is_jittered():
    pauses = [backoff(n, 3_600).total_seconds() for n in (1, 2, 3, 30)]
    for seconds, expected in zip(pauses, [30, 60, 120, 3_600], strict=True):
        assert expected * 0.75 <= seconds <= expected * 1.25
    assert len({backoff(1, 3_600) for _attempt in range(10)}) > 1


def test_leased_mail_is_not_taken_until_its_lease_ends(note, server, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    note()
    assert lease_next_mail() is not None, "a worker takes it and is killed"
    assert send_due_mail(10) == 0
    time_machine.move_to(start + sending.LEASE, tick=False)
    assert send_due_mail(10) == 1
    mail = Mail.objects.get()
    assert (mail.state, mail.attempts, len(server.envelopes)) == (MailState.SENT, 2, 1)


def test_worker_killed_after_the_reply_250_causes_one_duplicate_with_the_same_id(
    note, server, time_machine, monkeypatch
):
    def die(*_) -> None:
        raise KeyboardInterrupt

    time_machine.move_to(timezone.now(), tick=False)
    mail = note()
    with monkeypatch.context() as patch:
        patch.setattr(Mail, "record_sent", die)
        with pytest.raises(KeyboardInterrupt):
            send_due_mail(10)
    time_machine.shift(sending.LEASE)
    assert send_due_mail(10) == 1
    assert send_due_mail(10) == 0
    assert [message["Message-ID"] for message in server.messages] == [mail.message_id] * 2


def test_failure_after_a_lost_lease_does_not_change_the_row(note, server):
    note()
    leased = lease_next_mail()
    Mail.objects.update(lease_until=timezone.now())
    send_due_mail(10)
    leased.record_failure(MailState.QUEUED, "451 later")
    assert Mail.objects.get().state == MailState.SENT


def test_delivery_under_way_is_recorded_even_when_it_was_cancelled(note):
    note()
    leased = lease_next_mail()
    Mail.objects.update(state=MailState.CANCELLED, lease_until=None)
    leased.record_sent("250 ok")
    assert Mail.objects.get().state == MailState.SENT


def test_idle_sweep_makes_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert send_due_mail(10) == 0


@pytest.mark.parametrize(("mails", "queries"), [(1, 10), (3, 20)])
def test_sweep_takes_five_queries_a_mail(note, server, django_assert_num_queries, mails, queries):
    """For each mail: its row, the lease, a savepoint and its release around both, the result.

    For the sweep: whether any is due, which have expired, and at the end the same savepoint without a row.
    """
    for _number in range(mails):
        note()
    with django_assert_num_queries(queries):
        send_due_mail(10)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_sweeps_at_once_deliver_each_mail_once(note, server, in_threads):
    for _number in range(20):
        note()
    tried = in_threads([lambda: send_due_mail(30)] * 2)
    assert sum(tried) == 20
    assert len({message["Message-ID"] for message in server.messages}) == len(server.messages) == 20


def test_mail_is_leased_to_one_worker_only(note):
    note()
    assert [lease_next_mail() is not None, lease_next_mail() is not None] == [True, False]
