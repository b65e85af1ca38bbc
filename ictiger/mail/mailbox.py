"""Reads the mails that Django's file backend has written, for `/mailbox/` in development."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from django.utils import timezone

# The backend writes one file for each connection, and this line after each mail.
SEPARATOR = b"\n" + b"-" * 79 + b"\n"


@dataclass(frozen=True)
class CapturedMail:
    """One mail. Of a mail that is still being written, it shows what is there so far."""

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
        except (
            LookupError,
            UnicodeError,
            ValueError,
        ):  # cut off within an encoded line, or not written by us
            return ""


def captured_mails(folder: Path) -> list[CapturedMail]:
    """Every mail in `folder`, newest first."""
    return sorted(
        _read_mails(folder),
        key=lambda mail: (mail.delivered_at, mail.file, mail.number),
        reverse=True,
    )


def captured_mail(folder: Path, file: str, number: int) -> CapturedMail | None:
    """One mail by file and number, or None. Only files in `folder` are read, whatever the name contains."""
    return next((mail for mail in _read_mails(folder) if (mail.file, mail.number) == (file, number)), None)


def _read_mails(folder: Path) -> Iterator[CapturedMail]:
    for path in folder.glob("*.log"):
        try:
            content, modified = path.read_bytes(), path.stat().st_mtime
        except OSError:
            continue  # deleted meanwhile
        for number, source in enumerate(content.split(SEPARATOR), start=1):
            if source.strip():
                delivered_at = datetime.fromtimestamp(modified, tz=timezone.get_current_timezone())
                yield CapturedMail(
                    path.stem, number, delivered_at, message_from_bytes(source, policy=default)
                )
