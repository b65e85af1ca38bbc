"""Django's SMTP backend with a hard limit on one whole delivery, which keeps the mail server's words.

A time-out for each answer does not bound a delivery: a server that sends one byte every few seconds holds it for ever. Here a watchdog
cuts the line at the limit, wherever the delivery stands, and nothing is sent after it.
"""

import re
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr
from functools import partial

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends import smtp

from .message import NotAnAddress, parsed_address

HARD_LIMIT = 45.0  # seconds, from the first look-up of the server's name to its last word
GOODBYE_LIMIT = 5.0  # seconds


class MailRefused(Exception):
    """The mail server will never take this mail. The message is its reply."""


class MailDeferred(Exception):
    """The mail server does not take this mail now (greylisting, a full mailbox). The message is its reply."""


class Deadline:
    """The end of the delivery under way, and the line to cut then."""

    def __init__(self) -> None:
        self._ends = float("inf")
        self._line: socket.socket | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self._ends = time.monotonic() + seconds
        watchdog = threading.Timer(seconds, self._cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()
            self._ends = float("inf")

    def watch(self, line: socket.socket) -> None:
        """Cut `line` at the deadline. A duplicate of it is kept, because TLS takes the original over."""
        self.forget()
        self._line = line.dup()

    def forget(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def check(self) -> None:
        if time.monotonic() >= self._ends:
            raise TimeoutError(f"the mail server took longer than {HARD_LIMIT:.0f} s")

    def _cut(self) -> None:
        line = self._line
        if line is not None:
            with suppress(OSError):  # gone already
                line.shutdown(socket.SHUT_RDWR)


class BoundedSMTP(smtplib.SMTP):
    def __init__(self, *args, deadline: Deadline, **kwargs) -> None:
        self.deadline = deadline
        super().__init__(*args, **kwargs)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = socket.create_connection((host, port), timeout, self.source_address)
        self.deadline.watch(line)
        return line

    def send(self, s: bytes | str) -> None:
        self.deadline.check()
        super().send(s)

    def close(self) -> None:
        self.deadline.forget()
        super().close()


class BoundedSMTPOverTLS(BoundedSMTP, smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(
            BoundedSMTP._get_socket(self, host, port, timeout), server_hostname=self._host
        )


class EmailBackend(smtp.EmailBackend):
    """Delivers one message at a time within HARD_LIMIT; the server's last words are in `message.server_reply`.

    With `keep_open` the line serves message after message until `close()`.
    """

    def __init__(self, *args, keep_open: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.keep_open = keep_open
        self.deadline = Deadline()

    @property
    def connection_class(self):
        return partial(BoundedSMTPOverTLS if self.use_ssl else BoundedSMTP, deadline=self.deadline)

    def send_messages(self, email_messages) -> int:
        return sum(self._deliver(message) for message in email_messages)

    def close(self) -> None:
        """Say goodbye. What was handed over stays handed over, whatever the server answers to that."""
        with suppress(OSError), self.deadline.within(GOODBYE_LIMIT):
            super().close()

    def _deliver(self, message: EmailMultiAlternatives) -> bool:
        with self._lock, self.deadline.within(HARD_LIMIT):
            try:
                self.open()
                message.server_reply = transmit(self.connection, message)
            except BaseException as error:
                self._hang_up()
                if isinstance(error, OSError):
                    self.deadline.check()  # it was our watchdog that cut the line: say so
                raise
        if not self.keep_open:
            self.close()
        return True

    def _hang_up(self) -> None:
        """Leave without a goodbye: after a fault its answer might be what we would wait for."""
        for connection in (self.connection, self._partial_connection):
            if connection is not None:
                connection.close()
        self.connection = self._partial_connection = None
        self.deadline.forget()  # a line that never became a connection: TLS failed


def transmit(connection: smtplib.SMTP, message: EmailMultiAlternatives) -> str:
    """One mail transaction. Returns the server's words after the text.

    Raises MailRefused or MailPutOff for what the server says of this recipient or this text, and smtplib's errors (all of them OSError)
    for everything else. A refused sender or log-in is the house's own fault, which its operator can mend while the mail lives.
    """
    connection.ehlo_or_helo_if_needed()
    sender, recipients = _envelope(message)
    international = not all(map(str.isascii, recipients))
    if international and not connection.has_extn("smtputf8"):
        raise MailRefused("this mail server takes no international addresses (SMTPUTF8)")
    code, words = connection.mail(sender, ["SMTPUTF8", "BODY=8BITMIME"] if international else [])
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, words, sender)
    for recipient in recipients:
        code, words = connection.rcpt(recipient)
        if code not in (250, 251):
            raise _failure_of(code, words)
    try:
        code, words = connection.data(_as_bytes(message))
    except smtplib.SMTPDataError as error:
        code, words = error.smtp_code, error.smtp_error
    if code != 250:
        raise _failure_of(code, words)
    return reply_text(code, words)


def _envelope(message: EmailMultiAlternatives) -> tuple[str, list[str]]:
    sender = parseaddr(message.from_email)[1]
    return parsed_address(sender).addr_spec, [_recipient(to) for to in message.recipients()]


def _recipient(to: str) -> str:
    """The address in `to`, which is one by itself or stands behind a name.

    A bare address is not given to `parseaddr`: Python 3.11.2 finds none in `"a b"@example.org` and the like.
    """
    try:
        return parsed_address(to).addr_spec
    except NotAnAddress:
        return parsed_address(parseaddr(to)[1]).addr_spec


def _as_bytes(message: EmailMultiAlternatives) -> bytes:
    return re.sub(rb"\r?\n", b"\r\n", message.message().as_bytes())


def _failure_of(code: int, words: bytes) -> Exception:
    """What a reply other than "yes" to the recipient or the text means (RFC 5321, 4.2.1)."""
    if code == 421 or code < 400:  # the server is going down, or speaks no SMTP
        return smtplib.SMTPResponseException(code, words)
    return (MailRefused if code >= 500 else MailDeferred)(reply_text(code, words))


def reply_text(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"
