"""The threads on a page of the discussion, read in two queries however many comments there are."""

from collections import defaultdict, namedtuple
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import CharField, Count, F, Q, QuerySet, Window
from django.db.models.functions import Cast, RowNumber
from django.utils import translation
from django.utils.safestring import SafeString

from articles.models import Article
from comments.models import Comment, CommentQuerySet
from comments.policy import THREADS_PER_PAGE, discussion_page_number
from ictiger.core.prepared import Param, PreparedQuery
from ictiger.core.url_cache import cached_reverse

from .rendering import CommentRenderer

COLUMNS = (
    "pk", "parent_id", "thread_no", "state", "reason", "note", "body_html", "language",
    "created_at", "created_en", "created_zh", "edited_at", "revised_at", "appealed_at",
    "author_id", "author__display_name",
    "replied_to_id", "replied_to__state", "replied_to__author_id", "replied_to__author__display_name",
)  # fmt: skip
# Not fetched for public pages, except the date in the page's language.
_AUTHOR_COLUMNS = {"note", "revised_at", "appealed_at", "created_at", "created_en", "created_zh"}
_Row = namedtuple("_Row", COLUMNS)

# A thread with more replies shows the first and the last ones and folds those between.
REPLIES_UNFOLDED = 5
FIRST_REPLIES = LAST_REPLIES = 2
# At most this many are folded into the page. With more, they are only on the pages of the thread.
REPLIES_FOLDED = 20
REPLIES_PER_PAGE = 200
_MAX_REPLIES_ON_PAGE = FIRST_REPLIES + REPLIES_FOLDED + LAST_REPLIES
# Replies of all threads of a page that are fetched without counting them first.
_REPLY_FETCH_LIMIT = 400

EMPTY = SafeString()


@dataclass
class Thread:
    """A thread as HTML. `first`, `folded` and `last` are replies as list items.

    Of a long thread `hidden` replies between `first` and `last` are in `folded`, or only on the thread's own
    pages.
    """

    number: int
    comment: SafeString
    first: SafeString
    folded: SafeString = EMPTY
    hidden: int = 0
    last: SafeString = EMPTY


class ThreadBatch(NamedTuple):
    """Successive threads without hidden replies, joined as HTML: a loop in the template takes longer."""

    html: SafeString
    hidden: int = 0


@dataclass
class Threads:
    """The threads of one page, newest first; `older` is the number of the page with those before them."""

    threads: list[Thread | ThreadBatch]
    older: int | None = None


def comment_rows(comments: CommentQuerySet) -> list:
    """All columns that rendering needs, for everybody or for the author."""
    return list(_with_created_text(comments).values_list(*COLUMNS, "created_text", named=True))


def values_for_author(comments: CommentQuerySet) -> QuerySet:
    """The columns that rendering for the author needs."""
    return comments.values_list(*COLUMNS, named=True)


def _public_values(comments: CommentQuerySet, date_column: str) -> QuerySet:
    """The columns that public pages need.

    Of two hundred comments each column costs time, datetimes most of all.
    """
    columns = (column for column in COLUMNS if column == date_column or column not in _AUTHOR_COLUMNS)
    return _with_created_text(comments).values_list(*columns, "created_text", named=True)


def _with_created_text(comments: CommentQuerySet) -> CommentQuerySet:
    """Add the creation time as the database writes it, in UTC, the time zone of the connections."""
    return comments.annotate(created_text=Cast("created_at", CharField()))


def row_from_comment(comment: Comment) -> tuple:
    """The columns of a comment in memory."""
    return _Row._make(_column_value(comment, column) for column in COLUMNS)


def _column_value(comment: Comment, column: str) -> object:
    value: object = comment
    for name in column.split("__"):
        value = getattr(value, name, None)
    return value


_THREADS = Comment.objects.threads().filter(discussion=Param("discussion")).order_by("-thread_no")
_newest_query = PreparedQuery(
    lambda date_column: _public_values(_THREADS[: THREADS_PER_PAGE + 1], date_column)
)
_page_query = PreparedQuery(
    lambda date_column: _public_values(
        _THREADS.filter(thread_no__range=(Param("first"), Param("last"))), date_column
    )
)


def newest_threads(article: Article, renderer: CommentRenderer) -> Threads:
    """The threads on the article's own page."""
    rows = _newest_query.rows(renderer.date_column, discussion=article.translation_key)
    older = None
    if len(rows) > THREADS_PER_PAGE:
        older = discussion_page_number(rows[THREADS_PER_PAGE].thread_no)
    return Threads(with_replies(rows[:THREADS_PER_PAGE], renderer), older)


def threads_on_page(article: Article, number: int, renderer: CommentRenderer) -> Threads:
    """The threads of page `number`, by their fixed numbers, so that no thread ever moves to another page."""
    last = number * THREADS_PER_PAGE
    rows = _page_query.rows(
        renderer.date_column,
        discussion=article.translation_key,
        first=last - THREADS_PER_PAGE + 1,
        last=last,
    )
    return Threads(with_replies(rows, renderer), number - 1 or None)


def single_thread(
    article: Article, thread_no: int, page: int, renderer: CommentRenderer
) -> tuple[Thread, int] | None:
    """A thread with page `page` of its replies, and the number of pages; None if there is no such page."""
    threads = Comment.objects.in_discussion_of(article).threads()
    row = next(iter(comment_rows(threads.filter(thread_no=thread_no))), None)
    if row is None:
        return None
    replies = Comment.objects.visible().filter(parent=row.pk).order_by("pk")
    page_count = max(1, -(-replies.count() // REPLIES_PER_PAGE))
    if not 1 <= page <= page_count:
        return None
    reply_rows = comment_rows(replies[(page - 1) * REPLIES_PER_PAGE : page * REPLIES_PER_PAGE])
    items = _items([renderer.html(reply, on_other_page=page_count > 1) for reply in reply_rows])
    return Thread(row.thread_no, renderer.html(row), items), page_count


def page_url(comment: Comment, article: Article) -> str:
    """The URL at which a comment, or its placeholder, is shown.

    That is the article's page while its thread is among the newest, and the numbered page of its thread
    afterwards. A reply in the middle of a very long thread is only on the pages of that thread.
    """
    thread_no = (comment.parent or comment).thread_no
    later_threads = Comment.objects.in_discussion_of(article).threads().filter(thread_no__gt=thread_no)
    later_count = later_threads[:THREADS_PER_PAGE].count()
    reply_page = _page_within_thread(comment)
    with translation.override(article.language):
        if reply_page:
            url = thread_url(article, thread_no, reply_page)
        elif later_count < THREADS_PER_PAGE:
            url = article.get_absolute_url()
        else:
            url = cached_reverse("comments:discussion", article.slug, discussion_page_number(thread_no))
    return f"{url}#comment-{comment.pk}"


def thread_url(article: Article, thread_no: int, page: int = 1) -> str:
    if page == 1:
        return cached_reverse("comments:thread", article.slug, thread_no)
    return cached_reverse("comments:thread_page", article.slug, thread_no, page)


def _page_within_thread(comment: Comment) -> int | None:
    """The page of its thread that shows a reply; None for comments that the pages of the discussion show."""
    if comment.parent_id is None:
        return None
    replies = Comment.objects.visible().filter(parent=comment.parent_id)
    total, before = replies.count(), replies.filter(pk__lt=comment.pk).count()
    is_left_out = total > _MAX_REPLIES_ON_PAGE and FIRST_REPLIES <= before < total - LAST_REPLIES
    return before // REPLIES_PER_PAGE + 1 if is_left_out else None


def with_replies(rows: list, renderer: CommentRenderer) -> list[Thread | ThreadBatch]:
    """Render the threads that start with `rows`.

    A bounded number of replies is fetched, however long the threads are.
    """
    replies = _replies_by_thread([row.pk for row in rows], renderer.date_column)
    threads = [_thread(row, *replies.get(row.pk, ([], 0)), renderer) for row in rows]
    return list(_batched(threads))


def _thread(row: Any, replies: list, total: int, renderer: CommentRenderer) -> Thread:
    is_split = total > _MAX_REPLIES_ON_PAGE
    html = [renderer.html(reply, on_other_page=is_split) for reply in replies]
    if total <= REPLIES_UNFOLDED:
        return Thread(row.thread_no, renderer.html(row), _items(html))
    first, folded, last = html[:FIRST_REPLIES], html[FIRST_REPLIES:-LAST_REPLIES], html[-LAST_REPLIES:]
    hidden = total - FIRST_REPLIES - LAST_REPLIES
    return Thread(row.thread_no, renderer.html(row), _items(first), _items(folded), hidden, _items(last))


def _items(replies: list[SafeString]) -> SafeString:
    return SafeString(f"<li>{'</li><li>'.join(replies)}</li>") if replies else EMPTY


def _batched(threads: list[Thread]) -> Iterator[Thread | ThreadBatch]:
    """Join successive threads without hidden replies."""
    items: list[str] = []
    for thread in threads:
        if not thread.hidden:
            items.append(_thread_item(thread))
            continue
        if items:
            yield _batch(items)
            items = []
        yield thread
    if items:
        yield _batch(items)


def _batch(items: list[str]) -> ThreadBatch:
    return ThreadBatch(SafeString("".join(items)))


def _thread_item(thread: Thread) -> str:
    replies = f'<ol class="replies">{thread.first}</ol>' if thread.first else ""
    return f'<li class="thread">{thread.comment}{replies}</li>'


_replies_query = PreparedQuery(
    lambda thread_count, date_column: _public_values(
        Comment.objects.visible()
        .filter(parent__in=Param("threads", thread_count))
        .order_by("parent_id", "pk")[: _REPLY_FETCH_LIMIT + 1],
        date_column,
    )
)


def _replies_by_thread(thread_ids: list[int], date_column: str) -> dict[int, tuple[list, int]]:
    """For each thread that has replies: those that the page shows, and how many there are."""
    if not thread_ids:
        return {}
    rows = _replies_query.rows(len(thread_ids), date_column, threads=thread_ids)
    if len(rows) > _REPLY_FETCH_LIMIT:
        return _outer_replies_by_thread(thread_ids)
    by_thread = _grouped_by_thread(rows)
    return {thread_id: (_without_middle(replies), len(replies)) for thread_id, replies in by_thread.items()}


def _outer_replies_by_thread(thread_ids: list[int]) -> dict[int, tuple[list, int]]:
    """The same, leaving out the middle in the database: slower for few replies, bounded for many."""
    numbered = (
        Comment.objects.visible()
        .filter(parent__in=thread_ids)
        .order_by("pk")
        .annotate(
            place=Window(RowNumber(), partition_by="parent_id", order_by="pk"),
            total=Window(Count("pk"), partition_by="parent_id"),
        )
    )
    shown = numbered.filter(
        Q(total__lte=_MAX_REPLIES_ON_PAGE)
        | Q(place__lte=FIRST_REPLIES)
        | Q(place__gt=F("total") - LAST_REPLIES)
    )
    rows = _with_created_text(shown).values_list(*COLUMNS, "created_text", "total", named=True)
    by_thread = _grouped_by_thread(rows)
    return {thread_id: (replies, replies[0].total) for thread_id, replies in by_thread.items()}


def _grouped_by_thread(rows: Iterable) -> dict[int, list]:
    by_thread = defaultdict(list)
    for row in rows:
        by_thread[row.parent_id].append(row)
    return by_thread


def _without_middle(replies: list) -> list:
    if len(replies) <= _MAX_REPLIES_ON_PAGE:
        return replies
    return replies[:FIRST_REPLIES] + replies[-LAST_REPLIES:]
