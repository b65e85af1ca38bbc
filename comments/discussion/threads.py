"""What a page of the discussion shows: two queries for its comments however many there are."""

from collections import defaultdict, namedtuple
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import CharField, Count, F, Q, QuerySet, Window
from django.db.models.functions import Cast, RowNumber
from django.utils import translation
from django.utils.safestring import SafeString

from articles.models import Article
from comments.models import Comment, CommentQuerySet
from comments.policy import THREADS_PER_PAGE, discussion_page_number
from ictiger.core.prepared import Param, PreparedQueryFamily
from ictiger.core.url_cache import cached_reverse

from .rendering import CommentRenderer

COLUMNS = (
    "pk", "parent_id", "thread_no", "state", "reason", "note", "body_html", "language",
    "created_at", "created_en", "created_zh", "edited_at", "revised_at", "appealed_at",
    "author_id", "author__display_name", "replied_to_id", "replied_to__state", "replied_to__author_id", "replied_to__author__display_name",
)  # fmt: skip
# But the date in the page's language.
_NOT_FOR_EVERYBODY = {"note", "revised_at", "appealed_at", "created_at", "created_en", "created_zh"}
_Row = namedtuple("_Row", COLUMNS)

# A thread with more replies shows the first and the last ones; those between are folded away.
REPLIES_UNFOLDED = 5
FIRST_REPLIES = LAST_REPLIES = 2
# So many at most are folded into the page itself. Of more, the page of the thread alone has them, in pages of its own.
REPLIES_FOLDED = 20
REPLIES_PER_PAGE = 200
_IN_PAGE = FIRST_REPLIES + REPLIES_FOLDED + LAST_REPLIES
_REPLY_FETCH_LIMIT = (
    400  # replies of all the threads on a page that are fetched without asking first how many there are
)

EMPTY = SafeString()


@dataclass
class Thread:
    """A thread as a page shows it: of a long one `hidden` replies between `first` and `last` are `folded`, or stand elsewhere.

    Replies are items of a list, ready to be put in.
    """

    number: int
    comment: SafeString
    first: SafeString
    folded: SafeString = EMPTY
    hidden: int = 0
    last: SafeString = EMPTY


class ThreadBatch(NamedTuple):
    """Threads one after the other of which nothing is folded away, as one piece: in a template each would take longer than its making."""

    whole: SafeString
    hidden: int = 0


@dataclass
class Threads:
    """The threads of one page, newest first; `older` is the number of the page with those before them."""

    threads: list[Thread | ThreadBatch]
    older: int | None = None


def comment_rows(comments: CommentQuerySet) -> list:
    """The columns that markup is made of."""
    return list(_with_created_text(comments).values_list(*COLUMNS, "created_text", named=True))


def values_for_author(comments: CommentQuerySet) -> QuerySet:
    """Those that markup for its author is made of."""
    return comments.values_list(*COLUMNS, named=True)


def _values_for_everybody(comments: CommentQuerySet, dates: str) -> QuerySet:
    """Those that markup for everybody is made of. Every column of two hundred comments takes its time, and times take the most."""
    columns = (column for column in COLUMNS if column == dates or column not in _NOT_FOR_EVERYBODY)
    return _with_created_text(comments).values_list(*columns, "created_text", named=True)


def _with_created_text(comments: CommentQuerySet) -> CommentQuerySet:
    """With the time as the database writes it: in UTC, which connections are in."""
    return comments.annotate(created_text=Cast("created_at", CharField()))


def row_from_comment(comment: Comment) -> tuple:
    """The same columns of a comment in memory."""
    return _Row._make(_attribute_path(comment, column) for column in COLUMNS)


def _attribute_path(thing: object, column: str) -> object:
    for name in column.split("__"):
        thing = getattr(thing, name, None)
    return thing


_THREADS = Comment.objects.threads().filter(discussion=Param("discussion")).order_by("-thread_no")
_NEWEST = PreparedQueryFamily(lambda dates: _values_for_everybody(_THREADS[: THREADS_PER_PAGE + 1], dates))
_ON_PAGE = PreparedQueryFamily(
    lambda dates: _values_for_everybody(
        _THREADS.filter(thread_no__range=(Param("first"), Param("last"))), dates
    )
)


def newest_threads(article: Article, markup: CommentRenderer) -> Threads:
    """What the article's own page shows."""
    found = _NEWEST.rows(markup.dates, discussion=article.translation_key)
    older = (
        discussion_page_number(found[THREADS_PER_PAGE].thread_no) if len(found) > THREADS_PER_PAGE else None
    )
    return Threads(with_replies(found[:THREADS_PER_PAGE], markup), older)


def threads_on_page(article: Article, number: int, markup: CommentRenderer) -> Threads:
    """Threads by the number that each has for good, so that a page's threads never move to another page."""
    last = number * THREADS_PER_PAGE
    found = _ON_PAGE.rows(
        markup.dates, discussion=article.translation_key, first=last - THREADS_PER_PAGE + 1, last=last
    )
    return Threads(with_replies(found, markup), number - 1 or None)


def thread_alone(
    article: Article, thread_no: int, page: int, markup: CommentRenderer
) -> tuple[Thread, int] | None:
    """One thread with a page of its replies, and how many such pages there are. None where there is no such thread or page."""
    row = next(
        iter(comment_rows(Comment.objects.in_discussion_of(article).threads().filter(thread_no=thread_no))),
        None,
    )
    if row is None:
        return None
    replies = Comment.objects.visible().filter(parent=row.pk).order_by("pk")
    pages = max(1, -(-replies.count() // REPLIES_PER_PAGE))
    if not 1 <= page <= pages:
        return None
    shown = comment_rows(replies[(page - 1) * REPLIES_PER_PAGE : page * REPLIES_PER_PAGE])
    return Thread(
        row.thread_no, markup.html(row), _items([markup.html(reply, apart=pages > 1) for reply in shown])
    ), pages


def page_url(comment: Comment, article: Article) -> str:
    """Where a comment that is shown stands: on the article's page while its thread is among the newest, else on its thread's page.

    A reply in the middle of a very long thread stands on no page but the thread's own.
    """
    thread_no = (comment.parent or comment).thread_no
    newer = (
        Comment.objects.in_discussion_of(article)
        .threads()
        .filter(thread_no__gt=thread_no)[:THREADS_PER_PAGE]
        .count()
    )
    alone = _page_of_thread_alone(comment)
    with translation.override(article.language):
        if alone:
            page = thread_url(article, thread_no, alone)
        elif newer < THREADS_PER_PAGE:
            page = article.get_absolute_url()
        else:
            page = cached_reverse("comments:discussion", article.slug, discussion_page_number(thread_no))
    return f"{page}#comment-{comment.pk}"


def thread_url(article: Article, thread_no: int, page: int = 1) -> str:
    if page == 1:
        return cached_reverse("comments:thread", article.slug, thread_no)
    return cached_reverse("comments:thread_page", article.slug, thread_no, page)


def _page_of_thread_alone(comment: Comment) -> int | None:
    """The page, among those of its thread alone, of a reply that the pages of the discussion leave out."""
    if comment.parent_id is None:
        return None
    replies = Comment.objects.visible().filter(parent=comment.parent_id)
    total, before = replies.count(), replies.filter(pk__lt=comment.pk).count()
    is_left_out = total > _IN_PAGE and FIRST_REPLIES <= before < total - LAST_REPLIES
    return before // REPLIES_PER_PAGE + 1 if is_left_out else None


def with_replies(found: list, markup: CommentRenderer) -> list[Thread | ThreadBatch]:
    """The threads that begin with the comments `found`. However long a thread is, a bounded number of its replies is fetched."""
    below = _replies([row.pk for row in found], markup.dates)
    threads = [_thread(row, *below.get(row.pk, ([], 0)), markup) for row in found]
    return list(_batched_threads(threads))


def _batched_threads(threads: list[Thread]) -> Iterator[Thread | ThreadBatch]:
    whole: list[str] = []
    for thread in threads:
        if not thread.hidden:
            whole.append(_unfolded_thread(thread))
            continue
        if whole:
            yield _batch(whole)
            whole = []
        yield thread
    if whole:
        yield _batch(whole)


_FIRST_REPLIES = PreparedQueryFamily(
    lambda keys, dates: _values_for_everybody(
        Comment.objects.visible()
        .filter(parent__in=Param("threads", keys))
        .order_by("parent_id", "pk")[: _REPLY_FETCH_LIMIT + 1],
        dates,
    )
)


def _replies(keys: list[int], dates: str) -> dict[int, tuple[list, int]]:
    """By thread: the replies that a page has of it, and how many there are."""
    few = _FIRST_REPLIES.rows(len(keys), dates, threads=keys) if keys else []
    if len(few) > _REPLY_FETCH_LIMIT:
        return _replies_in_part(Comment.objects.visible().filter(parent__in=keys).order_by("pk"))
    by_thread = _by_thread(few)
    return {key: (_without_middle(replies), len(replies)) for key, replies in by_thread.items()}


def _replies_in_part(below: CommentQuerySet) -> dict[int, tuple[list, int]]:
    """The same where there are many: the database counts them and leaves out the middle. Slow to put together, so not for every page."""
    placed = below.annotate(
        place=Window(RowNumber(), partition_by="parent_id", order_by="pk"),
        total=Window(Count("pk"), partition_by="parent_id"),
    )
    wanted = placed.filter(
        Q(total__lte=_IN_PAGE) | Q(place__lte=FIRST_REPLIES) | Q(place__gt=F("total") - LAST_REPLIES)
    )
    by_thread = _by_thread(
        _with_created_text(wanted).values_list(*COLUMNS, "created_text", "total", named=True)
    )
    return {key: (replies, replies[0].total) for key, replies in by_thread.items()}


def _by_thread(replies: Iterable) -> dict[int, list]:
    below = defaultdict(list)
    for row in replies:
        below[row.parent_id].append(row)
    return below


def _without_middle(replies: list) -> list:
    return replies if len(replies) <= _IN_PAGE else replies[:FIRST_REPLIES] + replies[-LAST_REPLIES:]


def _thread(row, replies: list, total: int, markup: CommentRenderer) -> Thread:
    apart = total > _IN_PAGE
    shown = [markup.html(reply, apart=apart) for reply in replies]
    if total <= REPLIES_UNFOLDED:
        return Thread(row.thread_no, markup.html(row), _items(shown))
    first, folded, last = shown[:FIRST_REPLIES], shown[FIRST_REPLIES:-LAST_REPLIES], shown[-LAST_REPLIES:]
    hidden = total - FIRST_REPLIES - LAST_REPLIES
    return Thread(row.thread_no, markup.html(row), _items(first), _items(folded), hidden, _items(last))


def _items(replies: list[SafeString]) -> SafeString:
    return SafeString(f"<li>{'</li><li>'.join(replies)}</li>") if replies else EMPTY


def _batch(items: list[str]) -> ThreadBatch:
    return ThreadBatch(SafeString("".join(items)))


def _unfolded_thread(thread: Thread) -> str:
    """The item of a thread of which nothing is folded away."""
    replies = f'<ol class="replies">{thread.first}</ol>' if thread.first else ""
    return f'<li class="thread">{thread.comment}{replies}</li>'
