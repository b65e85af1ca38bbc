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
from articles.queries import bylines_of
from comments.discussion_status import DiscussionStatus
from comments.models import FORMER_READER
from comments.moderation_time import usual_wait_text
from comments.policy import RemovedBy, State, author_message, may_edit, placeholder_text
from comments.text.word_count import language_of
from ictiger.core.fragments import FragmentTemplate, compile_fragment, placeholder
from ictiger.core.languages import Language
from ictiger.core.url_cache import cached_reverse

TEMPLATE = "comments/_comment.html"
_COMMON_VALUES = frozenset(["id", "name", "datetime", "written", "body"])
_RARE_VALUES = (
    "edited_iso",
    "edited_on",
    "edited_at",
    "to_id",
    "to_name",
    "note",
    "note_language",
    "usually_decided",
)
_PLACEHOLDERS = {name: placeholder(name) for name in (*_COMMON_VALUES, *_RARE_VALUES)}


class CommentRenderer:
    """Makes the HTML of comments in the active language: as everybody sees them below `article`, or (without) as their author does."""

    def __init__(self, article: Article | None = None, now: DiscussionStatus | None = None) -> None:
        self.own = article is None
        self.language = Language.active()
        self.language_name = next(language.label for language in Language if language != self.language)
        self.dates = "created_zh" if self.language == Language.ZH_HANS else "created_en"
        self.context = {
            "own": self.own,
            "comments_url": cached_reverse("comments:my_comments").removesuffix("mine/"),
            **_PLACEHOLDERS,
        }
        self.reply_url = ""
        self.article_authors: set[int] = set()
        if article is not None:
            self.reply_url = cached_reverse("comments:new", article.slug)
            self.context["reply_url"] = placeholder("reply_url") if now and now.is_open else ""
            self.mark_authors_of(article)
        self.moulds: dict[
            tuple, tuple[FragmentTemplate, bool]
        ] = {}  # and whether it wants more values than all comments have
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
            self.moulds[kind] = made, not _COMMON_VALUES.issuperset(made.names)
        made, wants_more = self.moulds[kind]
        values = {
            "id": str(row.pk),
            "name": self._name(row.author_id, row.author__display_name),
            "datetime": _iso(row.created_at)
            if self.own
            else f"{row.created_text[:10]}T{row.created_text[11:19]}+00:00",
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
            row.replied_to_id is None or row.replied_to_id == row.parent_id,
            row.replied_to__state,
            apart,
        )

    def _variant(self, row, apart: bool) -> "FragmentKey":
        gone = not self.own and row.state != State.VISIBLE
        answers_reply = row.replied_to_id is not None and row.replied_to_id != row.parent_id
        return FragmentKey(
            state=row.state,
            told=self._told(row, gone),
            gone=gone,
            edited=row.edited_at is not None,
            language=_tag(row.language),
            foreign=self.language_name if row.language != self.language else "",
            by_article_author=row.author_id in self.article_authors,
            to=answers_reply and row.replied_to__state == State.VISIBLE,
            apart=apart and answers_reply,
            has_note=self.own and bool(row.note),
            editable=self.own and may_edit(row.state, row.reason, row.created_at, timezone.now()),
            mendable=self.own and row.state == State.REJECTED and row.revised_at is None,
            appealable=self.own and row.state == State.REJECTED and row.appealed_at is None,
            final=self.own
            and row.state == State.REMOVED
            and row.reason not in (RemovedBy.AUTHOR, RemovedBy.ERASURE),
        )

    def _told(self, row, gone: bool) -> str:
        if gone or (self.own and row.state == State.REMOVED):
            return placeholder_text(row.state, row.reason)
        return author_message(row.state, row.reason) if self.own else ""

    def _mould(self, variant: "FragmentKey") -> FragmentTemplate:
        keep = (
            _fragment_for.__wrapped__ if settings.DEBUG else _fragment_for
        )  # a template may change under its writer's hands
        return keep(self.language, tuple(self.context.items()), variant).bind({"reply_url": self.reply_url})

    def _values_in_few(self, row) -> dict[str, str]:
        return {
            **(_edit_times(row.edited_at) if row.edited_at is not None else {}),
            "to_id": str(row.replied_to_id),
            "to_name": self._name(row.replied_to__author_id, row.replied_to__author__display_name)
            if row.replied_to_id
            else "",
            **(_note_values(row) if self.own and row.note else {}),
            "usually_decided": escape(usual_wait_text()) if self.own and row.state == State.PENDING else "",
        }

    def _name(self, author_id: int | None, display_name: str | None) -> str:
        name = self.names.get(author_id)
        if name is None:
            shown = public_name(author_id, display_name) if author_id else FORMER_READER
            name = self.names[author_id] = escape(shown)
        return name


class FragmentKey(NamedTuple):
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
def _fragment_for(language: str, context: tuple, variant: FragmentKey) -> FragmentTemplate:
    """Nothing of the database is in a mould, so that it is good for as long as the process lives."""
    return compile_fragment(TEMPLATE, dict(context) | variant._asdict())
