"""What a page of the discussion shows: two queries for its comments however many there are, and markup by filling moulds.

A page of two hundred comments is rendered again after every change. Evaluating the comment's template for each would take most of that
time; so the template is rendered once for each kind of comment on the page, with marks where the values go, and the rows fill it.
"""

from collections import defaultdict, namedtuple
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Window, prefetch_related_objects
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from accounts.models import public_name
from articles.models import Article
from ictiger.compiled import CompiledForms, Given
from ictiger.languages import Language
from ictiger.moulds import mould, slot

from .models import FORMER_READER, Comment, CommentQuerySet
from .openness import Now
from .policy import THREADS_PER_PAGE, Remover, State, may_edit, page_of, told_in_its_place, told_to_author
from .waiting_time import usually_decided
from .words import language_of

COLUMNS = (
    "pk", "parent_id", "thread_no", "state", "reason", "note", "body_html", "language",
    "created_at", "created_en", "created_zh", "edited_at", "mended_at", "appealed_at",
    "author_id", "author__display_name", "answers_id", "answers__state", "answers__author_id", "answers__author__display_name",
)  # fmt: skip
_NOT_FOR_EVERYBODY = {"note", "mended_at", "appealed_at", "created_en", "created_zh"}  # but the date in the page's language
_Row = namedtuple("_Row", COLUMNS)
_SLOTS = {
    name: slot(name)
    for name in (
        "id",
        "name",
        "datetime",
        "written",
        "edited_iso",
        "edited_on",
        "edited_at",
        "language",
        "body",
        "to_id",
        "to_name",
        "note",
        "note_language",
        "usually_decided",
    )
}

# A thread with more replies shows the first and the last ones; those between are folded away.
REPLIES_UNFOLDED = 5
FIRST_REPLIES = LAST_REPLIES = 2
# So many at most are folded into the page itself. Of more, the page of the thread alone has them, in pages of its own.
REPLIES_FOLDED = 20
REPLIES_PER_PAGE = 200
_IN_PAGE = FIRST_REPLIES + REPLIES_FOLDED + LAST_REPLIES
_FEW = 400  # replies of all the threads on a page that are fetched without asking first how many there are

TEMPLATE = "comments/_comment.html"
NOTHING = SafeString()


@dataclass
class Thread:
    """A thread as a page shows it: of a long one `hidden` replies between `first` and `last` are `folded`, or stand elsewhere.

    Replies are items of a list, ready to be put in.
    """

    number: int
    comment: SafeString
    first: SafeString
    folded: SafeString = NOTHING
    hidden: int = 0
    last: SafeString = NOTHING

    @property
    def whole(self) -> SafeString:
        """The item of a thread of which nothing is folded away: most are so, and a template would take longer for each."""
        replies = f'<ol class="replies">{self.first}</ol>' if self.first else ""
        return NOTHING if self.hidden else mark_safe(f'<li class="thread">{self.comment}{replies}</li>')  # noqa: S308  (made of markup)


@dataclass
class Threads:
    """The threads of one page, newest first; `older` is the number of the page with those before them."""

    threads: list[Thread]
    older: int | None = None


def rows(comments: CommentQuerySet) -> list:
    """The columns that markup is made of."""
    return list(with_columns(comments))


def with_columns(comments: CommentQuerySet) -> QuerySet:
    return comments.values_list(*COLUMNS, named=True)


def _for_everybody(comments: CommentQuerySet, dates: str) -> QuerySet:
    """Those that markup for everybody is made of. Every column of two hundred comments takes its time."""
    return comments.values_list(*(column for column in COLUMNS if column == dates or column not in _NOT_FOR_EVERYBODY), named=True)


def row_of(comment: Comment) -> tuple:
    """The same columns of a comment in memory."""
    return _Row._make(_follow(comment, column) for column in COLUMNS)


def _follow(thing: object, column: str) -> object:
    for name in column.split("__"):
        thing = getattr(thing, name, None)
    return thing


_THREADS = Comment.objects.threads().filter(discussion=Given("discussion")).order_by("-thread_no")
_NEWEST = CompiledForms(lambda dates: _for_everybody(_THREADS[: THREADS_PER_PAGE + 1], dates))
_ON_PAGE = CompiledForms(lambda dates: _for_everybody(_THREADS.filter(thread_no__range=(Given("first"), Given("last"))), dates))


def newest_threads(article: Article, markup: "CommentMarkup") -> Threads:
    """What the article's own page shows."""
    found = _NEWEST.rows(markup.dates, discussion=article.translation_key)
    older = page_of(found[THREADS_PER_PAGE].thread_no) if len(found) > THREADS_PER_PAGE else None
    return Threads(with_replies(found[:THREADS_PER_PAGE], markup), older)


def threads_on_page(article: Article, number: int, markup: "CommentMarkup") -> Threads:
    """Threads by the number that each has for good, so that a page's threads never move to another page."""
    last = number * THREADS_PER_PAGE
    found = _ON_PAGE.rows(markup.dates, discussion=article.translation_key, first=last - THREADS_PER_PAGE + 1, last=last)
    return Threads(with_replies(found, markup), number - 1 or None)


def thread_alone(article: Article, thread_no: int, page: int, markup: "CommentMarkup") -> tuple[Thread, int] | None:
    """One thread with a page of its replies, and how many such pages there are. None where there is no such thread or page."""
    row = next(iter(rows(Comment.objects.below(article).threads().filter(thread_no=thread_no))), None)
    if row is None:
        return None
    replies = Comment.objects.visible().filter(parent=row.pk).order_by("pk")
    pages = max(1, -(-replies.count() // REPLIES_PER_PAGE))
    if not 1 <= page <= pages:
        return None
    shown = rows(replies[(page - 1) * REPLIES_PER_PAGE : page * REPLIES_PER_PAGE])
    return Thread(row.thread_no, markup.html(row), _items(markup.html(reply, apart=pages > 1) for reply in shown)), pages


def page_url(comment: Comment, article: Article) -> str:
    """Where a comment that is shown stands: on the article's page while its thread is among the newest, else on its thread's page.

    A reply in the middle of a very long thread stands on no page but the thread's own.
    """
    thread_no = (comment.parent or comment).thread_no
    newer = Comment.objects.below(article).threads().filter(thread_no__gt=thread_no)[:THREADS_PER_PAGE].count()
    alone = _page_of_thread_alone(comment)
    with translation.override(article.language):
        if alone:
            page = thread_url(article, thread_no, alone)
        elif newer < THREADS_PER_PAGE:
            page = article.get_absolute_url()
        else:
            page = reverse("comments:discussion", args=[article.slug, page_of(thread_no)])
    return f"{page}#comment-{comment.pk}"


def thread_url(article: Article, thread_no: int, page: int = 1) -> str:
    if page == 1:
        return reverse("comments:thread", args=[article.slug, thread_no])
    return reverse("comments:thread_page", args=[article.slug, thread_no, page])


def _page_of_thread_alone(comment: Comment) -> int | None:
    """The page, among those of its thread alone, of a reply that the pages of the discussion leave out."""
    if comment.parent_id is None:
        return None
    replies = Comment.objects.visible().filter(parent=comment.parent_id)
    total, before = replies.count(), replies.filter(pk__lt=comment.pk).count()
    is_left_out = total > _IN_PAGE and FIRST_REPLIES <= before < total - LAST_REPLIES
    return before // REPLIES_PER_PAGE + 1 if is_left_out else None


def with_replies(found: list, markup: "CommentMarkup") -> list[Thread]:
    """The threads that begin with the comments `found`. However long a thread is, a bounded number of its replies is fetched."""
    below = _replies([row.pk for row in found], markup.dates)
    return [_thread(row, *below.get(row.pk, ([], 0)), markup) for row in found]


_FIRST_REPLIES = CompiledForms(
    lambda keys, dates: _for_everybody(
        Comment.objects.visible().filter(parent__in=Given("threads", keys)).order_by("pk")[: _FEW + 1], dates
    )
)


def _replies(keys: list[int], dates: str) -> dict[int, tuple[list, int]]:
    """By thread: the replies that a page has of it, and how many there are."""
    few = _FIRST_REPLIES.rows(len(keys), dates, threads=keys) if keys else []
    if len(few) > _FEW:
        return _replies_in_part(Comment.objects.visible().filter(parent__in=keys).order_by("pk"))
    by_thread = _by_thread(few)
    return {key: (_without_middle(replies), len(replies)) for key, replies in by_thread.items()}


def _replies_in_part(below: CommentQuerySet) -> dict[int, tuple[list, int]]:
    """The same where there are many: the database counts them and leaves out the middle. Slow to put together, so not for every page."""
    placed = below.annotate(
        place=Window(RowNumber(), partition_by="parent_id", order_by="pk"), total=Window(Count("pk"), partition_by="parent_id")
    )
    wanted = placed.filter(Q(total__lte=_IN_PAGE) | Q(place__lte=FIRST_REPLIES) | Q(place__gt=F("total") - LAST_REPLIES))
    by_thread = _by_thread(wanted.values_list(*COLUMNS, "total", named=True))
    return {key: (replies, replies[0].total) for key, replies in by_thread.items()}


def _by_thread(replies: Iterable) -> dict[int, list]:
    below = defaultdict(list)
    for row in replies:
        below[row.parent_id].append(row)
    return below


def _without_middle(replies: list) -> list:
    return replies if len(replies) <= _IN_PAGE else replies[:FIRST_REPLIES] + replies[-LAST_REPLIES:]


def _thread(row, replies: list, total: int, markup: "CommentMarkup") -> Thread:
    shown = [markup.html(reply, apart=total > _IN_PAGE) for reply in replies]
    if total <= REPLIES_UNFOLDED:
        return Thread(row.thread_no, markup.html(row), _items(shown))
    first, folded, last = shown[:FIRST_REPLIES], shown[FIRST_REPLIES:-LAST_REPLIES], shown[-LAST_REPLIES:]
    hidden = total - FIRST_REPLIES - LAST_REPLIES
    return Thread(row.thread_no, markup.html(row), _items(first), _items(folded), hidden, _items(last))


def _items(replies: Iterable[SafeString]) -> SafeString:
    """Joined here: a loop in the template takes as long as all the rest of the page."""
    return mark_safe("".join(f"<li>{reply}</li>" for reply in replies))  # noqa: S308  (made by CommentMarkup)


class CommentMarkup:
    """Makes the HTML of comments in the active language: as everybody sees them below `article`, or (without) as their author does."""

    def __init__(self, article: Article | None = None, now: Now | None = None) -> None:
        self.own = article is None
        self.language = Language.active()
        self.language_name = next(language.label for language in Language if language != self.language)
        self.dates = "created_zh" if self.language == Language.ZH_HANS else "created_en"
        self.context = {"own": self.own, "comments_url": _comments_url(self.language), **_SLOTS}
        self.reply_url = ""
        self.article_authors: set[int] = set()
        if article is not None:
            self.reply_url = reverse("comments:new", args=[article.slug])
            self.context["reply_url"] = slot("reply_url") if now and now.is_open else ""
            self.mark_authors_of(article)
        self.moulds: dict[tuple, str] = {}
        self.names: dict[int | None, str] = {}

    def mark_authors_of(self, article: Article) -> None:
        prefetch_related_objects([article], "bylines__author")
        self.article_authors = {byline.author.user_id for byline in article.bylines.all()} - {None}

    def html(self, row, *, apart: bool = False) -> SafeString:
        """One comment. Every value is escaped here or was when it was written (`body_html`).

        `apart`: what it answers may stand on another page, so that only the permalink leads there.
        """
        variant = self._variant(row, apart or self.own)
        made = self.moulds.get(variant)
        if made is None:
            made = self.moulds[variant] = self._mould(variant)
        return mark_safe(made % self._values(row, variant))  # noqa: S308  (each value is escaped, or made by markup.to_html)

    def _mould(self, variant: "Variant") -> str:
        keep = _kept_mould.__wrapped__ if settings.DEBUG else _kept_mould  # a template may change under its writer's hands
        return keep(self.language, tuple(self.context.items()), variant)

    def _variant(self, row, apart: bool) -> "Variant":
        gone = not self.own and row.state != State.VISIBLE
        answers_reply = row.answers_id is not None and row.answers_id != row.parent_id
        return Variant(
            state=row.state,
            told=self._told(row, gone),
            gone=gone,
            edited=row.edited_at is not None,
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

    def _values(self, row, variant: "Variant") -> dict:
        return {
            "id": row.pk,
            "name": self._name(row.author_id, row.author__display_name),
            "datetime": row.created_at.isoformat(timespec="seconds"),
            "written": getattr(row, self.dates),
            "language": _tag(row.language),
            **(_edit_times(row.edited_at) if variant.edited else {}),
            "body": row.body_html,
            "to_id": row.answers_id,
            "to_name": self._name(row.answers__author_id, row.answers__author__display_name) if variant.to else "",
            "reply_url": self.reply_url,
            "note": escape(row.note) if variant.has_note else "",
            "note_language": _tag(language_of(row.note, otherwise=row.language)) if variant.has_note else "",
            "usually_decided": escape(usually_decided()) if self.own and variant.state == State.PENDING else "",
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
    foreign: str  # the name of the language, where it is not the page's
    by_article_author: bool
    to: bool
    apart: bool
    has_note: bool
    editable: bool
    mendable: bool
    appealable: bool
    final: bool  # a moderator's decision, against which nothing can be done


@cache
def _comments_url(_language: str) -> str:
    """Where the addresses of comments begin, in the active language."""
    return reverse("comments:mine").removesuffix("mine/")


def _tag(language: str) -> str:
    """The language as HTML names it."""
    return "zh-Hans" if language == Language.ZH_HANS else "en"


def _edit_times(moment: datetime) -> dict[str, str]:
    """Made while rendering: few comments are changed. They are so soon after they were written that the hour says it."""
    local = timezone.localtime(moment)
    return {
        "edited_iso": moment.isoformat(timespec="seconds"),
        "edited_on": formats.date_format(local, "DATETIME_FORMAT"),
        "edited_at": formats.date_format(local, "TIME_FORMAT"),
    }


@lru_cache(500)
def _kept_mould(language: str, context: tuple, variant: Variant) -> str:
    """Nothing of the database is in a mould, so that it is good for as long as the process lives."""
    return mould(TEMPLATE, dict(context) | variant._asdict())
