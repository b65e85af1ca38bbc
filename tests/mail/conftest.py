"""A purpose for test mails, and a mail server whose replies a test can set."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from django.utils import translation

from ictiger.mail import composers
from ictiger.mail.models import Mail
from ictiger.mail.queue import enqueue

TEMPLATES = Path(__file__).parent / "templates"


@pytest.fixture
def note(settings, monkeypatch) -> Callable[..., Mail]:
    """Queues a mail of the purpose tests/note; `note.register(compose)` replaces its composer."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], TEMPLATES]}]

    def compose(mail: Mail) -> dict | None:
        return {
            "title": f"专利 {mail.context.get('id', '')} {translation.get_language()}",
            "url": "http://testserver/open/?a=1&b=2",
        }

    def queue(**fields) -> Mail:
        return enqueue("tests/note", **{"to": "anna@example.org", "language": "en", **fields})

    def register(compose: Callable, lifetime: timedelta = timedelta(days=3)) -> None:
        monkeypatch.setitem(
            composers.registered_composers, "tests/note", composers.RegisteredComposer(compose, lifetime)
        )

    queue.register = register
    register(compose)
    return queue


class SMTPHandler:
    """Answers RCPT and DATA with `recipient_replies` and `text_replies`, in turn, then with 250."""

    def __init__(self) -> None:
        self.recipient_replies: list[str] = []
        self.text_replies: list[str] = []
        self.envelopes: list = []
        self.greetings = 0
        self.release = asyncio.Event()

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        self.greetings += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        reply = self.recipient_replies.pop(0) if self.recipient_replies else "250 OK"
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        reply = self.text_replies.pop(0) if self.text_replies else "250 2.0.0 queued as 4711"
        if reply == "hang":
            await self.release.wait()
        if reply == "drop":
            server.transport.abort()
            return reply
        if reply.startswith("250"):
            self.envelopes.append(envelope)
        return reply

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(envelope.original_content, policy=default) for envelope in self.envelopes]


@pytest.fixture
def smtp(settings, free_port) -> None:
    """Mail is sent by SMTP to a port where no server listens."""
    settings.EMAIL_BACKEND = "ictiger.mail.backend.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 5


@pytest.fixture
def server(smtp, free_port) -> Iterator[SMTPHandler]:
    """A real SMTP server, with SMTPUTF8."""
    handler = SMTPHandler()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port, enable_SMTPUTF8=True)
    controller.start()
    yield handler
    controller.loop.call_soon_threadsafe(handler.release.set)
    controller.stop()


@pytest.fixture
def dripping_server(smtp, free_port) -> Iterator[None]:
    """A server that sends greeting lines for ever, each well within the time-out for a reply."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", free_port)) as listener:

        def drip() -> None:
            connection, _address = listener.accept()
            with connection:
                try:
                    while not stop.wait(0.02):
                        connection.sendall(b"220-one moment\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        yield
        stop.set()
        thread.join()
