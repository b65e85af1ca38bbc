"""What Django's file backend has written, read back: the mails of a trial, for `/mailbox/`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from django.utils import timezone

SEPARATOR = (
    b"\n" + b"-" * 79 + b"\n"
)  # the backend writes one file for each connection, and this after each mail


@dataclass(frozen=True)
class CapturedMail:
    """One delivered mail. A mail that is being written just now shows with what is there of it."""

    file: str
    number: int  # within its file, from 1
    delivered_at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    @property
    def to(self) -> str:
        return str(self.message.get("To", ""))

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.message.items()]

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body([kind])
        if part is None:
            return ""
        try:
            return part.get_content()
        except (LookupError, UnicodeError, ValueError):  # cut off within an encoded line, or not ours at all
            return ""


def captured_mails(folder: Path) -> list[CapturedMail]:
    """Every mail in `folder`, newest first."""
    return sorted(
        _read_mails(folder),
        key=lambda letter: (letter.delivered_at, letter.file, letter.number),
        reverse=True,
    )


def captured_mail(folder: Path, file: str, number: int) -> CapturedMail | None:
    """One of `letters`: a name that is not among them names nothing, whatever it is made of."""
    return next(
        (found for found in _read_mails(folder) if (found.file, found.number) == (file, number)), None
    )


def _read_mails(folder: Path) -> Iterator[CapturedMail]:
    for path in folder.glob("*.log"):
        try:
            content, changed = path.read_bytes(), path.stat().st_mtime
        except OSError:
            continue  # gone meanwhile
        for number, source in enumerate(content.split(SEPARATOR), start=1):
            if source.strip():
                moment = datetime.fromtimestamp(changed, tz=timezone.get_current_timezone())
                yield CapturedMail(path.stem, number, moment, message_from_bytes(source, policy=default))
