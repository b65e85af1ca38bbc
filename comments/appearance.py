"""The markup of comments, made by filling moulds.

A page of two hundred comments is rendered again after every change. Evaluating the comment's template for each would take most of that
time; so the template is rendered once for each kind of comment on the page, with marks where the values go, and the rows fill it.
"""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.utils import formats, timezone
from django.utils.html import escape
from django.utils.safestring import SafeString

from accounts.models import public_name
from articles.models import Article
from articles.reading import bylines_of
from ictiger.addresses import url_of
from ictiger.languages import Language
from ictiger.moulds import Mould, mould, slot

from .models import FORMER_READER
from .openness import Now
from .policy import Remover, State, may_edit, told_in_its_place, told_to_author
from .waiting_time import usually_decided
from .words import language_of

TEMPLATE = "comments/_comment.html"
_IN_ALL = frozenset(["id", "name", "datetime", "written", "body"])
_IN_FEW = ("edited_iso", "edited_on", "edited_at", "to_id", "to_name", "note", "note_language", "usually_decided")
_SLOTS = {name: slot(name) for name in (*_IN_ALL, *_IN_FEW)}


class CommentMarkup:
    """Makes the HTML of comments in the active language: as everybody sees them below `article`, or (without) as their author does."""

    def __init__(self, article: Article | None = None, now: Now | None = None) -> None:
        self.own = article is None
        self.language = Language.active()
        self.language_name = next(language.label for language in Language if language != self.language)
        self.dates = "created_zh" if self.language == Language.ZH_HANS else "created_en"
        self.context = {"own": self.own, "comments_url": url_of("comments:mine").removesuffix("mine/"), **_SLOTS}
        self.reply_url = ""
        self.article_authors: set[int] = set()
        if article is not None:
            self.reply_url = url_of("comments:new", article.slug)
            self.context["reply_url"] = slot("reply_url") if now and now.is_open else ""
            self.mark_authors_of(article)
        self.moulds: dict[tuple, tuple[Mould, bool]] = {}  # and whether it wants more values than all comments have
        self.names: dict[int | None, str] = {}

    def mark_authors_of(self, article: Article) -> None:
        self.article_authors = {byline.author.user_id for byline in bylines_of(article)} - {None}

    def html(self, row, *, apart: bool = False) -> SafeString:
        """One comment. Every value is escaped here or was when it was written (`body_html`).

        `apart`: what it answers may stand on another page, so that only the permalink leads there.
        """
        kind = self._variant(row, True) if self.own else self._kind(row, apart)
        if kind not in self.moulds:
            made = self._mould(kind if self.own else self._variant(row, apart))
            self.moulds[kind] = made, not _IN_ALL.issuperset(made.names)
        made, wants_more = self.moulds[kind]
        values = {
            "id": str(row.pk),
            "name": self._name(row.author_id, row.author__display_name),
            "datetime": _iso(row.created_at) if self.own else f"{row.created_text[:10]}T{row.created_text[11:19]}+00:00",
            "written": getattr(row, self.dates),
            "body": row.body_html,
        }
        return SafeString(made % (values | self._values_in_few(row) if wants_more else values))

    def _kind(self, row, apart: bool) -> tuple:
        """What tells, in less time, whether two comments that everybody sees are of one variant."""
        return (
            row.state,
            row.reason,
            row.language,
            row.edited_at is None,
            row.author_id in self.article_authors,
            row.answers_id is None or row.answers_id == row.parent_id,
            row.answers__state,
            apart,
        )

    def _variant(self, row, apart: bool) -> "Variant":
        gone = not self.own and row.state != State.VISIBLE
        answers_reply = row.answers_id is not None and row.answers_id != row.parent_id
        return Variant(
            state=row.state,
            told=self._told(row, gone),
            gone=gone,
            edited=row.edited_at is not None,
            language=_tag(row.language),
            foreign=self.language_name if row.language != self.language else "",
            by_article_author=row.author_id in self.article_authors,
            to=answers_reply and row.answers__state == State.VISIBLE,
            apart=apart and answers_reply,
            has_note=self.own and bool(row.note),
            editable=self.own and may_edit(row.state, row.reason, row.created_at, timezone.now()),
            mendable=self.own and row.state == State.REJECTED and row.mended_at is None,
            appealable=self.own and row.state == State.REJECTED and row.appealed_at is None,
            final=self.own and row.state == State.REMOVED and row.reason not in (Remover.AUTHOR, Remover.ERASURE),
        )

    def _told(self, row, gone: bool) -> str:
        if gone or (self.own and row.state == State.REMOVED):
            return told_in_its_place(row.state, row.reason)
        return told_to_author(row.state, row.reason) if self.own else ""

    def _mould(self, variant: "Variant") -> Mould:
        keep = _kept_mould.__wrapped__ if settings.DEBUG else _kept_mould  # a template may change under its writer's hands
        return keep(self.language, tuple(self.context.items()), variant).partly({"reply_url": self.reply_url})

    def _values_in_few(self, row) -> dict[str, str]:
        return {
            **(_edit_times(row.edited_at) if row.edited_at is not None else {}),
            "to_id": str(row.answers_id),
            "to_name": self._name(row.answers__author_id, row.answers__author__display_name) if row.answers_id else "",
            **(_note_values(row) if self.own and row.note else {}),
            "usually_decided": escape(usually_decided()) if self.own and row.state == State.PENDING else "",
        }

    def _name(self, author_id: int | None, display_name: str | None) -> str:
        name = self.names.get(author_id)
        if name is None:
            shown = public_name(author_id, display_name) if author_id else FORMER_READER
            name = self.names[author_id] = escape(shown)
        return name


class Variant(NamedTuple):
    """What makes the markup of one comment differ from another's, its values aside."""

    state: str
    told: str
    gone: bool
    edited: bool
    language: str
    foreign: str  # the name of the language, where it is not the page's
    by_article_author: bool
    to: bool
    apart: bool
    has_note: bool
    editable: bool
    mendable: bool
    appealable: bool
    final: bool  # a moderator's decision, against which nothing can be done


def _tag(language: str) -> str:
    """The language as HTML names it."""
    return "zh-Hans" if language == Language.ZH_HANS else "en"


def _edit_times(moment: datetime) -> dict[str, str]:
    """Made while rendering: few comments are changed. They are so soon after they were written that the hour says it."""
    local = timezone.localtime(moment)
    return {
        "edited_iso": _iso(moment),
        "edited_on": formats.date_format(local, "DATETIME_FORMAT"),
        "edited_at": formats.date_format(local, "TIME_FORMAT"),
    }


def _note_values(row) -> dict[str, str]:
    return {"note": escape(row.note), "note_language": _tag(language_of(row.note, otherwise=row.language))}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


@lru_cache(500)
def _kept_mould(language: str, context: tuple, variant: Variant) -> Mould:
    """Nothing of the database is in a mould, so that it is good for as long as the process lives."""
    return mould(TEMPLATE, dict(context) | variant._asdict())
