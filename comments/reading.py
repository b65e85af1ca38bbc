"""What a page of the discussion shows: two queries for its comments however many there are, and markup by filling moulds.

A page of two hundred comments is rendered again after every change. Evaluating the comment's template for each would take most of that
time; so the template is rendered once for each kind of comment on the page, with marks where the values go, and the rows fill it.
"""

import re
from collections import defaultdict, namedtuple
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from articles.models import Article
from ictiger.languages import Language

from .models import FORMER_READER, Comment, Discussion
from .policy import THREADS_PER_PAGE, State, may_edit, page_of, told_in_its_place, told_to_author
from .services import is_open
from .waiting_time import usually_decided
from .words import language_of

COLUMNS = (
    "pk", "parent_id", "thread_no", "state", "reason", "note", "body_html", "language",
    "created_at", "created_en", "created_zh", "edited_at",
    "author_id", "author__display_name", "answers_id", "answers__state", "answers__author_id", "answers__author__display_name",
)  # fmt: skip
_Row = namedtuple("_Row", COLUMNS)
_MARK = re.compile("\0([a-z_]+)\0")
_SLOTS = ("id", "name", "datetime", "written", "language", "body", "to_id", "to_name", "note", "note_language")


@dataclass
class Thread:
    number: int
    comment: SafeString
    replies: list[SafeString] = field(default_factory=list)


@dataclass
class Threads:
    """The threads of one page, newest first; `older` is the number of the page with those before them."""

    threads: list[Thread]
    older: int | None = None


def rows(comments: Iterable[Comment]) -> list:
    """The columns that markup is made of."""
    return list(comments.values_list(*COLUMNS, named=True))


def row_of(comment: Comment) -> tuple:
    """The same columns of a comment in memory."""
    return _Row._make(_follow(comment, column) for column in COLUMNS)


def _follow(thing: object, column: str) -> object:
    for name in column.split("__"):
        thing = getattr(thing, name, None)
    return thing


def count_of(article: Article) -> tuple[int, int]:
    """How many threads the discussion has had, and how many comments are visible."""
    return Discussion.objects.filter(pk=article.translation_key).values_list("threads", "comments").first() or (0, 0)


def newest_threads(article: Article, markup: "CommentMarkup") -> Threads:
    """What the article's own page shows."""
    found = rows(Comment.objects.below(article).threads().order_by("-thread_no")[: THREADS_PER_PAGE + 1])
    older = page_of(found[THREADS_PER_PAGE].thread_no) if len(found) > THREADS_PER_PAGE else None
    return Threads(_with_replies(found[:THREADS_PER_PAGE], markup), older)


def threads_on_page(article: Article, number: int, markup: "CommentMarkup") -> Threads:
    """Threads by the number that each has for good, so that a page's threads never move to another page."""
    last = number * THREADS_PER_PAGE
    found = rows(
        Comment.objects.below(article).threads().filter(thread_no__range=(last - THREADS_PER_PAGE + 1, last)).order_by("-thread_no")
    )
    return Threads(_with_replies(found, markup), number - 1 or None)


def page_url(comment: Comment, article: Article) -> str:
    """Where a comment that is shown stands: on the article's page while its thread is among the newest, else on its thread's page."""
    thread_no = (comment.parent or comment).thread_no
    newer = Comment.objects.below(article).threads().filter(thread_no__gt=thread_no)[:THREADS_PER_PAGE].count()
    with translation.override(article.language):
        if newer < THREADS_PER_PAGE:
            page = article.get_absolute_url()
        else:
            page = reverse("comments:discussion", args=[article.slug, page_of(thread_no)])
    return f"{page}#comment-{comment.pk}"


def _with_replies(found: list, markup: "CommentMarkup") -> list[Thread]:
    below = defaultdict(list)
    for row in rows(Comment.objects.visible().filter(parent__in=[row.pk for row in found]).order_by("pk")):
        below[row.parent_id].append(markup.html(row))
    return [Thread(row.thread_no, markup.html(row), below[row.pk]) for row in found]


class CommentMarkup:
    """Makes the HTML of comments in the active language: as everybody sees them below `article`, or (without) as their author does."""

    def __init__(self, article: Article | None = None) -> None:
        self.own = article is None
        self.dates = "created_zh" if Language.active() == Language.ZH_HANS else "created_en"
        self.context = {"own": self.own, "comments_url": reverse("comments:mine").removesuffix("mine/")}
        self.context["usually_decided"] = usually_decided  # asked when a comment waits, not before
        self.context |= {slot: f"\0{slot}\0" for slot in _SLOTS}
        self.article_authors: set[int] = set()
        if article is not None:
            self.context["reply_url"] = reverse("comments:new", args=[article.slug]) if is_open(article) else ""
            self.article_authors = {byline.author.user_id for byline in article.bylines.all()} - {None}
        self.moulds: dict[tuple, str] = {}
        self.names: dict[int | None, str] = {}

    def html(self, row) -> SafeString:
        """One comment. Every value is escaped here or was when it was written (`body_html`)."""
        variant = self._variant(row)
        mould = self.moulds.get(variant)
        if mould is None:
            mould = self.moulds[variant] = _mould(self.context | variant._asdict())
        return mark_safe(mould % self._values(row, variant))  # noqa: S308  (each value is escaped, or made by markup.to_html)

    def _variant(self, row) -> "Variant":
        gone = not self.own and row.state != State.VISIBLE
        answers_reply = row.answers_id is not None and row.answers_id != row.parent_id
        return Variant(
            state=row.state,
            told=(told_in_its_place if gone else told_to_author)(row.state, row.reason) if gone or self.own else "",
            gone=gone,
            edited=row.edited_at is not None,
            by_article_author=row.author_id in self.article_authors,
            to=answers_reply and row.answers__state == State.VISIBLE,
            has_note=self.own and bool(row.note),
            editable=self.own and may_edit(row.state, row.reason, row.created_at, timezone.now()),
        )

    def _values(self, row, variant: "Variant") -> dict:
        return {
            "id": row.pk,
            "name": self._name(row.author_id, row.author__display_name),
            "datetime": row.created_at.isoformat(timespec="seconds"),
            "written": getattr(row, self.dates),
            "language": _tag(row.language),
            "body": row.body_html,
            "to_id": row.answers_id,
            "to_name": self._name(row.answers__author_id, row.answers__author__display_name) if variant.to else "",
            "note": escape(row.note),
            "note_language": _tag(language_of(row.note, otherwise=row.language)) if variant.has_note else "",
        }

    def _name(self, author_id: int | None, display_name: str | None) -> str:
        name = self.names.get(author_id)
        if name is None:
            shown = User(pk=author_id, display_name=display_name).public_name if author_id else FORMER_READER
            name = self.names[author_id] = escape(shown)
        return name


class Variant(NamedTuple):
    """What makes the markup of one comment differ from another's, its values aside."""

    state: str
    told: str
    gone: bool
    edited: bool
    by_article_author: bool
    to: bool
    has_note: bool
    editable: bool


def _tag(language: str) -> str:
    """The language as HTML names it."""
    return "zh-Hans" if language == Language.ZH_HANS else "en"


def _mould(context: dict) -> str:
    html = render_to_string("comments/_comment.html", context).strip()
    return _MARK.sub(r"%(\1)s", html.replace("%", "%%"))
