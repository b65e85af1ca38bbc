"""What a row promises: in the transaction of its cause, composed when sent, with one worker at a time, never lost."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from ictiger.mail import sweep
from ictiger.mail.models import Mail, MailState
from ictiger.mail.queue import enqueue
from ictiger.mail.sweep import backoff, send_due_mail

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


def test_enqueue_wakes_the_sweep_once_committed(note, server, settings, django_capture_on_commit_callbacks):
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    with django_capture_on_commit_callbacks(execute=True):
        note()
        assert server.envelopes == []
    assert len(server.envelopes) == 1


def test_failing_wake_up_does_not_fail_the_request(note, monkeypatch, django_capture_on_commit_callbacks):
    def broken(*args, **kwargs):
        raise RuntimeError("the queue of jobs is down")

    monkeypatch.setattr("django_tasks_db.DatabaseBackend.enqueue", broken)
    with django_capture_on_commit_callbacks(execute=True):
        note()
    assert Mail.objects.get().state == MailState.QUEUED


def test_enqueue_stores_ids_and_no_text(note):
    mail = note(context={"id": 7})
    mail.refresh_from_db()
    assert mail.context == {"id": 7}
    assert mail.expires_at - mail.created_at == pytest.approx(timedelta(days=3), abs=timedelta(seconds=1))


def test_enqueue_of_an_unknown_purpose_is_a_mistake_of_the_programmer():
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
def test_recipient_that_cannot_be_one_is_refused_and_never_sent(note, server, to):
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


def test_composer_that_raises_does_not_stop_the_others(note, server):
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


def test_mail_is_not_sent_after_its_time(note, server, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    mail = note(expires_at=start + timedelta(minutes=15))
    time_machine.move_to(start + timedelta(minutes=15), tick=False)
    assert send_due_mail(10) == 0
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.EXPIRED, 0)
    assert server.envelopes == []


def test_mail_whose_next_attempt_would_come_too_late_expires_with_the_last_words(note, server):
    server.recipient_answers = ["451 busy"]
    mail = note(expires_at=timezone.now() + timedelta(seconds=10))
    send_due_mail(10)
    mail.refresh_from_db()
    assert (mail.state, mail.reply) == (MailState.EXPIRED, "451 busy")


def test_pauses_grow_are_jittered_and_end():
    middles = [backoff(n, 3_600).total_seconds() for n in (1, 2, 3, 30)]
    for seconds, expected in zip(middles, [30, 60, 120, 3_600], strict=True):
        assert expected * 0.75 <= seconds <= expected * 1.25
    assert len({backoff(1, 3_600) for _attempt in range(10)}) > 1


def test_leased_mail_is_nobody_elses_until_its_worker_must_be_dead(note, server, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    note()
    assert sweep._lease_next() is not None, "a worker takes it and is killed"
    assert send_due_mail(10) == 0
    time_machine.move_to(start + sweep.LEASE, tick=False)
    assert send_due_mail(10) == 1
    mail = Mail.objects.get()
    assert (mail.state, mail.attempts, len(server.envelopes)) == (MailState.SENT, 2, 1)


def test_worker_killed_after_the_servers_250_costs_one_duplicate_with_the_same_id(
    note, server, time_machine, monkeypatch
):
    def killed(*_) -> None:
        raise KeyboardInterrupt

    time_machine.move_to(timezone.now(), tick=False)
    mail = note()
    with monkeypatch.context() as patch:
        patch.setattr(Mail, "record_sent", killed)
        with pytest.raises(KeyboardInterrupt):
            send_due_mail(10)
    time_machine.shift(sweep.LEASE)
    assert send_due_mail(10) == 1
    assert send_due_mail(10) == 0
    assert [message["Message-ID"] for message in server.messages] == [mail.message_id] * 2


def test_failure_after_a_lost_lease_does_not_undo_what_another_worker_did(note, server):
    note()
    slow = sweep._lease_next()
    Mail.objects.update(lease_until=timezone.now())
    send_due_mail(10)
    slow.record_failure(MailState.QUEUED, "451 later")
    assert Mail.objects.get().state == MailState.SENT


def test_delivery_under_way_is_recorded_even_when_the_desk_cancelled_it(note):
    note()
    taken = sweep._lease_next()
    Mail.objects.update(state=MailState.CANCELLED, lease_until=None)
    taken.record_sent("250 ok")
    assert Mail.objects.get().state == MailState.SENT


def test_idle_sweep_asks_one_question(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert send_due_mail(10) == 0


@pytest.mark.parametrize(("mails", "queries"), [(1, 10), (3, 20)])
def test_sweep_takes_five_queries_a_mail(note, server, django_assert_num_queries, mails, queries):
    """Per mail: its row, the lease, around both a savepoint and its end, the outcome. The sweep itself: whether any is due, which are
    too late, and at the end the same savepoint without a row."""
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


def test_same_moment_gives_a_mail_to_one_worker_only(note):
    note()
    assert [sweep._lease_next() is not None, sweep._lease_next() is not None] == [True, False]
