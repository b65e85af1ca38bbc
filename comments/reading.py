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
from ictiger.addresses import url_of
from ictiger.compiled import CompiledForms, Given

from .appearance import CommentMarkup
from .models import Comment, CommentQuerySet
from .policy import THREADS_PER_PAGE, page_of

COLUMNS = (
    "pk", "parent_id", "thread_no", "state", "reason", "note", "body_html", "language",
    "created_at", "created_en", "created_zh", "edited_at", "mended_at", "appealed_at",
    "author_id", "author__display_name", "answers_id", "answers__state", "answers__author_id", "answers__author__display_name",
)  # fmt: skip
# But the date in the page's language.
_NOT_FOR_EVERYBODY = {"note", "mended_at", "appealed_at", "created_at", "created_en", "created_zh"}
_Row = namedtuple("_Row", COLUMNS)

# A thread with more replies shows the first and the last ones; those between are folded away.
REPLIES_UNFOLDED = 5
FIRST_REPLIES = LAST_REPLIES = 2
# So many at most are folded into the page itself. Of more, the page of the thread alone has them, in pages of its own.
REPLIES_FOLDED = 20
REPLIES_PER_PAGE = 200
_IN_PAGE = FIRST_REPLIES + REPLIES_FOLDED + LAST_REPLIES
_FEW = 400  # replies of all the threads on a page that are fetched without asking first how many there are

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


class Run(NamedTuple):
    """Threads one after the other of which nothing is folded away, as one piece: in a template each would take longer than its making."""

    whole: SafeString
    hidden: int = 0


@dataclass
class Threads:
    """The threads of one page, newest first; `older` is the number of the page with those before them."""

    threads: list[Thread | Run]
    older: int | None = None


def rows(comments: CommentQuerySet) -> list:
    """The columns that markup is made of."""
    return list(_timed(comments).values_list(*COLUMNS, "created_text", named=True))


def with_columns(comments: CommentQuerySet) -> QuerySet:
    """Those that markup for its author is made of."""
    return comments.values_list(*COLUMNS, named=True)


def _for_everybody(comments: CommentQuerySet, dates: str) -> QuerySet:
    """Those that markup for everybody is made of. Every column of two hundred comments takes its time, and times take the most."""
    columns = (column for column in COLUMNS if column == dates or column not in _NOT_FOR_EVERYBODY)
    return _timed(comments).values_list(*columns, "created_text", named=True)


def _timed(comments: CommentQuerySet) -> CommentQuerySet:
    """With the time as the database writes it: in UTC, which connections are in."""
    return comments.annotate(created_text=Cast("created_at", CharField()))


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


def newest_threads(article: Article, markup: CommentMarkup) -> Threads:
    """What the article's own page shows."""
    found = _NEWEST.rows(markup.dates, discussion=article.translation_key)
    older = page_of(found[THREADS_PER_PAGE].thread_no) if len(found) > THREADS_PER_PAGE else None
    return Threads(with_replies(found[:THREADS_PER_PAGE], markup), older)


def threads_on_page(article: Article, number: int, markup: CommentMarkup) -> Threads:
    """Threads by the number that each has for good, so that a page's threads never move to another page."""
    last = number * THREADS_PER_PAGE
    found = _ON_PAGE.rows(markup.dates, discussion=article.translation_key, first=last - THREADS_PER_PAGE + 1, last=last)
    return Threads(with_replies(found, markup), number - 1 or None)


def thread_alone(article: Article, thread_no: int, page: int, markup: CommentMarkup) -> tuple[Thread, int] | None:
    """One thread with a page of its replies, and how many such pages there are. None where there is no such thread or page."""
    row = next(iter(rows(Comment.objects.below(article).threads().filter(thread_no=thread_no))), None)
    if row is None:
        return None
    replies = Comment.objects.visible().filter(parent=row.pk).order_by("pk")
    pages = max(1, -(-replies.count() // REPLIES_PER_PAGE))
    if not 1 <= page <= pages:
        return None
    shown = rows(replies[(page - 1) * REPLIES_PER_PAGE : page * REPLIES_PER_PAGE])
    return Thread(row.thread_no, markup.html(row), _items([markup.html(reply, apart=pages > 1) for reply in shown])), pages


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
            page = url_of("comments:discussion", article.slug, page_of(thread_no))
    return f"{page}#comment-{comment.pk}"


def thread_url(article: Article, thread_no: int, page: int = 1) -> str:
    if page == 1:
        return url_of("comments:thread", article.slug, thread_no)
    return url_of("comments:thread_page", article.slug, thread_no, page)


def _page_of_thread_alone(comment: Comment) -> int | None:
    """The page, among those of its thread alone, of a reply that the pages of the discussion leave out."""
    if comment.parent_id is None:
        return None
    replies = Comment.objects.visible().filter(parent=comment.parent_id)
    total, before = replies.count(), replies.filter(pk__lt=comment.pk).count()
    is_left_out = total > _IN_PAGE and FIRST_REPLIES <= before < total - LAST_REPLIES
    return before // REPLIES_PER_PAGE + 1 if is_left_out else None


def with_replies(found: list, markup: CommentMarkup) -> list[Thread | Run]:
    """The threads that begin with the comments `found`. However long a thread is, a bounded number of its replies is fetched."""
    below = _replies([row.pk for row in found], markup.dates)
    threads = [_thread(row, *below.get(row.pk, ([], 0)), markup) for row in found]
    return list(_in_runs(threads))


def _in_runs(threads: list[Thread]) -> Iterator[Thread | Run]:
    whole: list[str] = []
    for thread in threads:
        if not thread.hidden:
            whole.append(_whole(thread))
            continue
        if whole:
            yield _run(whole)
            whole = []
        yield thread
    if whole:
        yield _run(whole)


_FIRST_REPLIES = CompiledForms(
    lambda keys, dates: _for_everybody(
        Comment.objects.visible().filter(parent__in=Given("threads", keys)).order_by("parent_id", "pk")[: _FEW + 1], dates
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
    by_thread = _by_thread(_timed(wanted).values_list(*COLUMNS, "created_text", "total", named=True))
    return {key: (replies, replies[0].total) for key, replies in by_thread.items()}


def _by_thread(replies: Iterable) -> dict[int, list]:
    below = defaultdict(list)
    for row in replies:
        below[row.parent_id].append(row)
    return below


def _without_middle(replies: list) -> list:
    return replies if len(replies) <= _IN_PAGE else replies[:FIRST_REPLIES] + replies[-LAST_REPLIES:]


def _thread(row, replies: list, total: int, markup: CommentMarkup) -> Thread:
    apart = total > _IN_PAGE
    shown = [markup.html(reply, apart=apart) for reply in replies]
    if total <= REPLIES_UNFOLDED:
        return Thread(row.thread_no, markup.html(row), _items(shown))
    first, folded, last = shown[:FIRST_REPLIES], shown[FIRST_REPLIES:-LAST_REPLIES], shown[-LAST_REPLIES:]
    hidden = total - FIRST_REPLIES - LAST_REPLIES
    return Thread(row.thread_no, markup.html(row), _items(first), _items(folded), hidden, _items(last))


def _items(replies: list[SafeString]) -> SafeString:
    return SafeString(f"<li>{'</li><li>'.join(replies)}</li>") if replies else NOTHING


def _run(items: list[str]) -> Run:
    return Run(SafeString("".join(items)))


def _whole(thread: Thread) -> str:
    """The item of a thread of which nothing is folded away."""
    replies = f'<ol class="replies">{thread.first}</ol>' if thread.first else ""
    return f'<li class="thread">{thread.comment}{replies}</li>'
