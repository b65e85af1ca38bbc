"""The notices about a text as the desk and the preview show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from . import services
from .markdown import Notice
from .models import Draft, Page

MAX_SHOWN = 20


@dataclass(frozen=True)
class NoticeList:
    """The first MAX_SHOWN notices, what would be lost before all others; `more` counts the rest."""

    shown: list[Notice]
    more: int

    @property
    def count(self) -> int:
        return len(self.shown) + self.more


def notice_list(notices: Sequence[Notice]) -> NoticeList:
    """The notices in the order of their lines, with losses, which keep a text from being published, first."""
    ordered = sorted(notices, key=lambda notice: (notice.code != "lost", notice.line))
    return NoticeList(ordered[:MAX_SHOWN], max(0, len(ordered) - MAX_SHOWN))


def stored_notices(text: Draft | Page) -> NoticeList:
    """The notices of a text as it is stored; none for one that cannot be rendered (saving it said why)."""
    try:
        return notice_list(services.notices_of(text))
    except ValidationError:
        return notice_list([])
