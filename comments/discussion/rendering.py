"""Renders comments to HTML by filling pre-rendered fragments.

A page of two hundred comments is rendered again after every change, and evaluating the template for each
comment would take most of that time. So the template is rendered once for each kind of comment, with
placeholders for the values, and each comment only fills in its values.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

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
COMMON_VALUES = frozenset(["id", "name", "datetime", "written", "body"])
RARE_VALUES = frozenset(
    ["edited_iso", "edited_on", "edited_at", "to_id", "to_name", "note", "note_language", "usually_decided"]
)
_PLACEHOLDERS = {name: placeholder(name) for name in sorted(COMMON_VALUES | RARE_VALUES)}


class FragmentKey(NamedTuple):
    """What selects a fragment: everything but the values in which the HTML of two comments can differ.

    The fields are the context of `comments/_comment.html`, beside the placeholders of the values.
    """

    state: str
    message: str  # why it is held, for its author; or the placeholder of a comment that is not shown
    is_placeholder: bool
    is_edited: bool
    language: str
    other_language: str  # the language's name, when it is not that of the page
    by_article_author: bool
    shows_replied_to: bool
    on_other_page: bool  # the comment it replies to may be on another page
    has_note: bool
    is_editable: bool
    is_revisable: bool
    is_appealable: bool
    is_final: bool  # removed by a moderator, which cannot be appealed


class CommentRenderer:
    """Renders comments in the active language: for everybody below `article`, without one for their author.

    Fragments are fast, but showing one more thing with a comment takes up to eight edits:

    1. `COLUMNS` (threads.py): the column it is read from.
    2. `_AUTHOR_COLUMNS` (threads.py): if only the author sees it, so that public pages do not fetch it.
    3. `_lookup_key`: if the column changes the fragment on public pages.
    4. `FragmentKey`: a field, if it changes the fragment.
    5. `_fragment_key`: the value of that field.
    6. `COMMON_VALUES` or `RARE_VALUES`: a name, if the value differs from comment to comment.
    7. `html` or `_rare_values`: that value, escaped.
    8. `comments/_comment.html` or a template that it includes: what is shown.

    tests/comments/discussion/test_rendering.py fails with the name of what is missing.
    """

    def __init__(self, article: Article | None = None, status: DiscussionStatus | None = None) -> None:
        self.for_author = article is None
        self.language = Language.active()
        self.other_language = next(language.label for language in Language if language != self.language)
        self.date_column = "created_zh" if self.language == Language.ZH_HANS else "created_en"
        self.context = {
            "for_author": self.for_author,
            "comments_url": cached_reverse("comments:my_comments").removesuffix("mine/"),
            **_PLACEHOLDERS,
        }
        self.reply_url = ""
        self.article_author_ids: set[int] = set()
        if article is not None:
            self.reply_url = cached_reverse("comments:new", article.slug)
            self.context["reply_url"] = placeholder("reply_url") if status and status.is_open else ""
            self.article_author_ids = {byline.author.user_id for byline in bylines_of(article)} - {None}
        # Each fragment by its key, and whether it has any of RARE_VALUES.
        self._fragments: dict[tuple, tuple[FragmentTemplate, bool]] = {}
        self._names: dict[int | None, str] = {}

    def html(self, row: Any, *, on_other_page: bool = False) -> SafeString:
        """Render one comment. Each value is escaped here, or was when it was stored (`body_html`).

        With `on_other_page` the comment it replies to is linked by its permalink, as it may be on another
        page.
        """
        key = self._fragment_key(row, True) if self.for_author else self._lookup_key(row, on_other_page)
        if key not in self._fragments:
            fragment = self._fragment(key if self.for_author else self._fragment_key(row, on_other_page))
            self._fragments[key] = fragment, not COMMON_VALUES.issuperset(fragment.names)
        fragment, has_rare_values = self._fragments[key]
        values = {
            "id": str(row.pk),
            "name": self._name(row.author_id, row.author__display_name),
            "datetime": _iso(row.created_at) if self.for_author else _iso_from_text(row.created_text),
            "written": getattr(row, self.date_column),
            "body": row.body_html,
        }
        return SafeString(fragment % (values | self._rare_values(row) if has_rare_values else values))

    def _lookup_key(self, row: Any, on_other_page: bool) -> tuple:
        """Decides the FragmentKey of a public comment, and is quicker to build."""
        return (
            row.state,
            row.reason,
            row.language,
            row.edited_at is None,
            row.author_id in self.article_author_ids,
            row.replied_to_id is None or row.replied_to_id == row.parent_id,
            row.replied_to__state,
            on_other_page,
        )

    def _fragment_key(self, row: Any, on_other_page: bool) -> FragmentKey:
        is_placeholder = not self.for_author and row.state != State.VISIBLE
        is_rejected = self.for_author and row.state == State.REJECTED
        replies_to_reply = row.replied_to_id is not None and row.replied_to_id != row.parent_id
        return FragmentKey(
            state=row.state,
            message=self._message(row, is_placeholder),
            is_placeholder=is_placeholder,
            is_edited=row.edited_at is not None,
            language=_language_tag(row.language),
            other_language=self.other_language if row.language != self.language else "",
            by_article_author=row.author_id in self.article_author_ids,
            shows_replied_to=replies_to_reply and row.replied_to__state == State.VISIBLE,
            on_other_page=on_other_page and replies_to_reply,
            has_note=self.for_author and bool(row.note),
            is_editable=self.for_author and may_edit(row.state, row.reason, row.created_at, timezone.now()),
            is_revisable=is_rejected and row.revised_at is None,
            is_appealable=is_rejected and row.appealed_at is None,
            is_final=self.for_author
            and row.state == State.REMOVED
            and row.reason not in (RemovedBy.AUTHOR, RemovedBy.ERASURE),
        )

    def _message(self, row: Any, is_placeholder: bool) -> str:
        if is_placeholder or (self.for_author and row.state == State.REMOVED):
            return placeholder_text(row.state, row.reason)
        return author_message(row.state, row.reason) if self.for_author else ""

    def _fragment(self, key: FragmentKey) -> FragmentTemplate:
        # Without the cache in development, where the template may be edited.
        compiled: Callable = _compile.__wrapped__ if settings.DEBUG else _compile
        return compiled(self.language, tuple(self.context.items()), key).bind({"reply_url": self.reply_url})

    def _rare_values(self, row: Any) -> dict[str, str]:
        replied_to_name = ""
        if row.replied_to_id:
            replied_to_name = self._name(row.replied_to__author_id, row.replied_to__author__display_name)
        is_held = self.for_author and row.state == State.PENDING
        return {
            **(_edit_times(row.edited_at) if row.edited_at is not None else {}),
            "to_id": str(row.replied_to_id),
            "to_name": replied_to_name,
            **(_note_values(row) if self.for_author and row.note else {}),
            "usually_decided": escape(usual_wait_text()) if is_held else "",
        }

    def _name(self, author_id: int | None, display_name: str | None) -> str:
        name = self._names.get(author_id)
        if name is None:
            name = public_name(author_id, display_name) if author_id else FORMER_READER
            name = self._names[author_id] = escape(str(name))  # FORMER_READER is lazy
        return name


@lru_cache(500)
def _compile(language: str, context: tuple, key: FragmentKey) -> FragmentTemplate:
    """The fragment for `key` in the active language.

    It has no data in it, so the cache never has to be cleared.
    """
    return compile_fragment(TEMPLATE, dict(context) | key._asdict())


def _language_tag(language: str) -> str:
    """The language as a tag for HTML (BCP 47)."""
    return "zh-Hans" if language == Language.ZH_HANS else "en"


def _edit_times(edited_at: datetime) -> dict[str, str]:
    """The time of day, as an edit comes within minutes of the comment, and the full date for its tooltip."""
    local = timezone.localtime(edited_at)
    return {
        "edited_iso": _iso(edited_at),
        "edited_on": formats.date_format(local, "DATETIME_FORMAT"),
        "edited_at": formats.date_format(local, "TIME_FORMAT"),
    }


def _note_values(row: Any) -> dict[str, str]:
    language = language_of(row.note, otherwise=row.language)
    return {"note": escape(row.note), "note_language": _language_tag(language)}


def _iso_from_text(created_text: str) -> str:
    """From text as the database writes it, in UTC: quicker than from a datetime."""
    return f"{created_text[:10]}T{created_text[11:19]}+00:00"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
