"""Django's SMTP backend with a hard limit on one whole delivery; it also returns the mail server's reply.

A time-out for each reply does not bound a delivery: a server that sends one byte every few seconds would hold
it for ever. At the limit a watchdog shuts the socket down, wherever the delivery stands, and nothing is sent
after that.
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
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends import smtp

from .message import NotAnAddress, parsed_address, sender_address

HARD_LIMIT = 45.0  # seconds, from the look-up of the server's name to its last reply
GOODBYE_LIMIT = 5.0  # seconds


class MailRefused(Exception):
    """The mail server will never take this mail. The message is its reply."""


class MailDeferred(Exception):
    """The mail server does not take this mail now (greylisting, a full mailbox). The message is its reply."""


class Deadline:
    """The deadline of the delivery under way, and the socket to shut down then."""

    def __init__(self) -> None:
        self._ends = float("inf")
        self._socket: socket.socket | None = None

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

    def watch(self, connected: socket.socket) -> None:
        """Shut `connected` down at the deadline, through a duplicate, because TLS takes the original over."""
        self.forget()
        self._socket = connected.dup()

    def forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def check(self) -> None:
        if time.monotonic() >= self._ends:
            raise TimeoutError(f"the mail server took longer than {HARD_LIMIT:.0f} s")

    def _cut(self) -> None:
        watched = self._socket
        if watched is not None:
            with suppress(OSError):  # closed already
                watched.shutdown(socket.SHUT_RDWR)


class BoundedSMTP(smtplib.SMTP):
    def __init__(self, *args, deadline: Deadline, **kwargs) -> None:
        self.deadline = deadline
        super().__init__(*args, **kwargs)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected = socket.create_connection((host, port), timeout, self.source_address)
        self.deadline.watch(connected)
        return connected

    def send(self, s: Any) -> None:
        self.deadline.check()
        super().send(s)

    def close(self) -> None:
        self.deadline.forget()
        super().close()


class BoundedSMTPOverTLS(BoundedSMTP, smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        server_name = self._host  # type: ignore[attr-defined]  # set by smtplib.SMTP.connect
        connected = BoundedSMTP._get_socket(self, host, port, timeout)
        return self.context.wrap_socket(connected, server_hostname=server_name)


class EmailBackend(smtp.EmailBackend):
    """Delivers one message at a time within HARD_LIMIT and sets `message.server_reply` to the server's last
    reply.

    With `keep_open` the connection is used for one message after another until `close()`.
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
        """Send QUIT. Whatever the server replies, what it took stays taken."""
        with suppress(OSError), self.deadline.within(GOODBYE_LIMIT):
            super().close()

    def _deliver(self, message: EmailMultiAlternatives) -> bool:
        with self._lock, self.deadline.within(HARD_LIMIT):
            try:
                self.open()
                message.server_reply = transmit(self.connection, message)  # type: ignore
            except BaseException as error:
                self._hang_up()
                if isinstance(error, OSError):
                    # raises TimeoutError if it was our watchdog that shut the socket down
                    self.deadline.check()
                raise
        if not self.keep_open:
            self.close()
        return True

    def _hang_up(self) -> None:
        """Close without QUIT: after an error its reply might never come."""
        for connection in (self.connection, self._partial_connection):  # type: ignore[has-type]
            if connection is not None:
                connection.close()
        self.connection = self._partial_connection = None
        self.deadline.forget()  # a socket without a connection: TLS failed


def transmit(connection: smtplib.SMTP, message: EmailMultiAlternatives) -> str:
    """One mail transaction. Returns the server's reply to the text.

    Raises MailRefused or MailDeferred for the server's reply to this recipient or this text, and smtplib's
    errors (all of them OSError) for everything else. A refused sender or log-in is a wrong setting of ours,
    which the operator can correct before the mail expires.
    """
    connection.ehlo_or_helo_if_needed()
    sender, recipients = _envelope(message)
    international = not all(map(str.isascii, recipients))
    if international and not connection.has_extn("smtputf8"):
        raise MailRefused("this mail server takes no international addresses (SMTPUTF8)")
    code, reply = connection.mail(sender, ["SMTPUTF8", "BODY=8BITMIME"] if international else [])
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, reply, sender)
    for recipient in recipients:
        code, reply = connection.rcpt(recipient)
        if code not in (250, 251):
            raise _reply_error(code, reply)
    try:
        code, reply = connection.data(_message_bytes(message))
    except smtplib.SMTPDataError as error:
        code, reply = error.smtp_code, error.smtp_error  # type: ignore[assignment]  # bytes, in fact
    if code != 250:
        raise _reply_error(code, reply)
    return reply_text(code, reply)


def _envelope(message: EmailMultiAlternatives) -> tuple[str, list[str]]:
    return sender_address(message.from_email).addr_spec, [_recipient(to) for to in message.recipients()]


def _recipient(to: str) -> str:
    """The address in `to`, which may follow a display name.

    A bare address is not passed to `parseaddr`: Python 3.11.2 does not recognise `"a b"@example.org` and the
    like.
    """
    try:
        return parsed_address(to).addr_spec
    except NotAnAddress:
        return parsed_address(parseaddr(to)[1]).addr_spec


def _message_bytes(message: EmailMultiAlternatives) -> bytes:
    return re.sub(rb"\r?\n", b"\r\n", message.message().as_bytes())


def _reply_error(code: int, reply: bytes) -> Exception:
    """The error for a negative reply to the recipient or the text (RFC 5321, 4.2.1)."""
    if code == 421 or code < 400:  # the server is shutting down, or does not speak SMTP
        return smtplib.SMTPResponseException(code, reply)
    return (MailRefused if code >= 500 else MailDeferred)(reply_text(code, reply))


def reply_text(code: int, reply: bytes | str) -> str:
    """A server's reply as one string: `550 no such mailbox`."""
    return f"{code} {reply.decode('utf-8', 'replace') if isinstance(reply, bytes) else reply}"
