"""Delivery to a real SMTP server: the message it gets, and the state of the row afterwards."""

import datetime as dt
import ssl
import time
import warnings
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail as outbox
from django.utils import timezone

from ictiger.mail import backend, sending
from ictiger.mail.message import LedgerMessage
from ictiger.mail.models import Mail, MailState
from ictiger.mail.sending import send_due_mail

from .conftest import SMTPHandler

pytestmark = pytest.mark.django_db


@pytest.fixture
def self_signed(tmp_path) -> ssl.SSLContext:
    """A TLS context for a server, with a self-signed certificate."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")]),
    )
    now = dt.datetime.now(dt.UTC)
    names = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
    )
    certificate = (
        names.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "both.pem").write_bytes(certificate.public_bytes(pem[0]) + key.private_bytes(*pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return context


def test_delivered_mail_has_its_headers_and_both_texts(note, server):
    mail = note(to="anna@example.org", context={"id": 7})
    assert send_due_mail(10) == 1
    (message,) = server.messages
    assert server.envelopes[0].rcpt_tos == ["anna@example.org"]
    assert server.envelopes[0].mail_from == "no-reply@ictiger.example"
    assert message["Subject"] == "Note: 专利 7 en"
    assert message["From"] == "ICTiger <no-reply@ictiger.example>"
    assert message["To"] == "anna@example.org"
    assert message["Message-ID"] == mail.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_body(["plain"]).get_content()
    assert "专利 7 en & more" in text
    assert "Open it:\nhttp://testserver/open/?a=1&b=2\n" in text.replace("\r\n", "\n")
    assert '<a href="http://testserver/open/?a=1&amp;b=2"' in message.get_body(["html"]).get_content()
    assert server.envelopes[0].original_content.isascii()


def test_mail_with_an_unsubscribe_url_has_its_headers(note, server):
    """The URL arrives unchanged on one line: mail programs do not decode encoded words there."""
    url = f"http://testserver/stop/{'key' * 60}:{'x' * 6}/"
    note.register(lambda _mail: {"title": "Note", "unsubscribe_url": url})
    for to in ("anna@example.org", "anna-ü@example.org"):
        note(to=to)
    assert send_due_mail(10) == 2
    for envelope, message in zip(server.envelopes, server.messages, strict=True):
        assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in envelope.original_content
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_mail_without_an_unsubscribe_url_has_no_such_headers(note, server):
    note()
    send_due_mail(10)
    assert server.messages[0]["List-Unsubscribe"] is server.messages[0]["List-Unsubscribe-Post"] is None


def test_sent_row_holds_the_reply_of_the_server(note, server):
    mail = note()
    send_due_mail(10)
    mail.refresh_from_db()
    assert (mail.state, mail.reply, mail.attempts) == (MailState.SENT, "250 2.0.0 queued as 4711", 1)
    assert mail.sent_at is not None
    assert mail.lease_until is None


def test_mail_is_written_in_the_language_of_its_recipient(note, server):
    note(language="zh-hans")
    send_due_mail(10)
    assert server.messages[0]["Subject"].endswith("zh-hans")
    assert '<html lang="zh-hans">' in server.messages[0].get_body(["html"]).get_content()


def test_mails_of_one_sweep_share_a_connection(note, server):
    for _number in range(3):
        note()
    assert send_due_mail(10) == 3
    assert (len(server.envelopes), server.greetings) == (3, 1)


def test_limit_bounds_a_sweep(note, server):
    for _number in range(3):
        note()
    assert send_due_mail(2) == 2
    assert Mail.objects.filter(state=MailState.QUEUED).count() == 1


def test_mail_that_cannot_be_written_delays_no_other(note, server, monkeypatch):
    write = LedgerMessage.message

    def fail_for_anna(message: LedgerMessage):
        if message.to == ["anna@example.org"]:
            raise UnicodeEncodeError("ascii", "ä", 0, 1, "ordinal not in range(128)")
        return write(message)

    monkeypatch.setattr(LedgerMessage, "message", fail_for_anna)
    broken, other = note(to="anna@example.org"), note(to="boris@example.org")
    assert send_due_mail(10) == 2
    broken.refresh_from_db()
    other.refresh_from_db()
    assert other.state == MailState.SENT
    assert (broken.state, broken.reply) == (
        MailState.QUEUED,
        "the message could not be written: UnicodeEncodeError",
    )
    assert broken.next_try_at > timezone.now() + timedelta(seconds=20)
    assert broken.undeliverable_since is not None


def test_mail_of_a_dead_worker_comes_after_the_others(note, server, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    leased = note(to="anna@example.org")
    leased.lease(start + sending.LEASE)
    time_machine.move_to(start + timedelta(seconds=60), tick=False)
    note(to="boris@example.org")
    time_machine.move_to(start + timedelta(minutes=5), tick=False)
    assert send_due_mail(10) == 2
    assert [message["To"] for message in server.messages] == ["boris@example.org", "anna@example.org"]


def test_mailbox_that_looks_like_an_encoded_word_is_refused(note, server):
    """Forms refuse such an address, but the ledger must survive it."""
    broken, other = note(to="=?utf-8?q?a?=@example.org"), note(to="boris@example.org")
    send_due_mail(10)
    broken.refresh_from_db()
    other.refresh_from_db()
    assert (broken.state, other.state) == (MailState.REFUSED, MailState.SENT)


def test_mail_that_is_due_longest_is_sent_first(note, server):
    for to, minutes in (("b@example.org", 1), ("a@example.org", 2)):
        Mail.objects.filter(pk=note(to=to).pk).update(next_try_at=timezone.now() - timedelta(minutes=minutes))
    send_due_mail(10)
    assert [message["To"] for message in server.messages] == ["a@example.org", "b@example.org"]


def test_greylisted_mail_is_tried_again_and_sent(note, server, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    server.recipient_replies = ["451 4.7.1 greylisted, come again"]
    mail = note()
    send_due_mail(10)
    mail.refresh_from_db()
    assert (mail.state, mail.reply) == (MailState.QUEUED, "451 4.7.1 greylisted, come again")
    assert send_due_mail(10) == 0, "not before its pause is over"
    time_machine.move_to(mail.next_try_at, tick=False)
    assert send_due_mail(10) == 1
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.SENT, 2)
    assert [message["Message-ID"] for message in server.messages] == [mail.message_id]


@pytest.mark.parametrize("command", ["recipient_replies", "text_replies"])
def test_5xx_is_final(note, server, command):
    setattr(server, command, ["550 5.1.1 no such mailbox"])
    mail = note()
    send_due_mail(10)
    mail.refresh_from_db()
    assert (mail.state, mail.reply, mail.attempts) == (MailState.REFUSED, "550 5.1.1 no such mailbox", 1)
    assert not Mail.objects.due().exists()


def test_refusal_of_one_mail_does_not_stop_the_next(note, server):
    server.recipient_replies = ["550 no", "451 later"]
    for _number in range(3):
        note()
    assert send_due_mail(10) == 3
    assert len(server.messages) == 1


def test_refused_connection_is_tried_again_and_ends_the_sweep(note, smtp):
    first, second = note(), note()
    assert send_due_mail(10) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.state == MailState.QUEUED
    assert "refused" in first.reply.lower()
    assert first.next_try_at > timezone.now()
    assert (second.state, second.attempts) == (MailState.QUEUED, 0)


def test_connection_dropped_after_the_text_is_tried_again(note, server):
    server.text_replies = ["drop"]
    mail = note()
    send_due_mail(10)
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED
    assert "closed" in mail.reply
    Mail.objects.update(next_try_at=timezone.now())
    send_due_mail(10)
    assert [message["Message-ID"] for message in server.messages] == [mail.message_id]


def test_server_that_hangs_is_cut_off_at_the_hard_limit(note, server, settings, monkeypatch):
    monkeypatch.setattr(backend, "HARD_LIMIT", 0.3)
    server.text_replies = ["hang"]
    mail = note()
    started = time.monotonic()
    send_due_mail(10)
    assert time.monotonic() - started < settings.EMAIL_TIMEOUT
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED
    assert "took longer" in mail.reply


def test_server_that_drips_is_cut_off_at_the_hard_limit(note, dripping_server, monkeypatch):
    monkeypatch.setattr(backend, "HARD_LIMIT", 0.3)
    mail = note()
    send_due_mail(10)
    mail.refresh_from_db()
    assert "took longer" in mail.reply


@pytest.mark.parametrize("setting", ["EMAIL_USE_TLS", "EMAIL_USE_SSL"])
def test_server_without_tls_gets_nothing_and_the_mail_waits(note, server, settings, setting):
    setattr(settings, setting, True)
    note()
    send_due_mail(10)
    mail = Mail.objects.get()
    assert (mail.state, server.envelopes) == (MailState.QUEUED, [])
    assert mail.undeliverable_since is not None


def test_server_with_a_self_signed_certificate_gets_nothing(note, smtp, settings, free_port, self_signed):
    settings.EMAIL_USE_SSL = True
    handler = SMTPHandler()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port, ssl_context=self_signed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the controller, which connects without a certificate
        controller.start()
    try:
        note()
        send_due_mail(10)
    finally:
        controller.stop()
    mail = Mail.objects.get()
    assert (mail.state, handler.envelopes) == (MailState.QUEUED, [])
    assert "CERTIFICATE_VERIFY_FAILED" in mail.reply


def test_lease_outlives_the_hard_limit():
    assert timedelta(seconds=backend.HARD_LIMIT + backend.GOODBYE_LIMIT) < sending.LEASE


@pytest.mark.parametrize(
    ("to", "envelope"),
    [
        ("用户@例子.公司", "用户@xn--fsqu00a.xn--55qx5d"),
        ("anna@例子.公司", "anna@xn--fsqu00a.xn--55qx5d"),
        ('"a,b c"@example.org', '"a,b c"@example.org'),
        ("x" * 64 + "@" + ".".join(["y" * 60] * 3) + ".org", None),
    ],
)
def test_unusual_addresses_arrive(note, server, to, envelope):
    note(to=to)
    send_due_mail(10)
    assert Mail.objects.get().reply == "250 2.0.0 queued as 4711"
    assert server.envelopes[0].rcpt_tos == [envelope or to]
    assert server.messages[0]["To"] == (envelope or to)


def test_international_mailbox_is_refused_without_smtputf8(note, server, monkeypatch):
    monkeypatch.setattr("smtplib.SMTP.has_extn", lambda *_: False)
    note(to="用户@example.org")
    send_due_mail(10)
    assert Mail.objects.get().state == MailState.REFUSED
    assert server.envelopes == []


def test_other_backends_keep_working(note, settings, tmp_path):
    note()
    send_due_mail(10)  # pytest-django's memory backend
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    note()
    send_due_mail(10)
    assert [message.to for message in outbox.outbox] == [["anna@example.org"]]
    assert len(list(tmp_path.iterdir())) == 1
    assert set(Mail.objects.values_list("state", flat=True)) == {MailState.SENT}


def test_plain_django_mail_goes_through_the_backend_too(server):
    outbox.send_mail("Hello", "Text", "Site <site@example.org>", ["Anna <anna@example.org>"])
    assert server.messages[0]["Subject"] == "Hello"
    assert server.envelopes[0].rcpt_tos == ["anna@example.org"]


def test_log_has_no_address_of_a_recipient(note, server, caplog):
    server.recipient_replies = ["550 5.1.1 <anna@example.org>: no such user"]
    mail = note(to="anna@example.org")
    send_due_mail(10)
    assert "refused: 550 5.1.1 <…>: no such user" in caplog.text
    assert "anna@example.org" not in caplog.text
    mail.refresh_from_db()
    assert "anna@example.org" in mail.reply
