"""The discussion in another order, or only the threads of one language.

These pages are rendered for each request and not stored; only pages in the canonical order are. Each takes a
fixed number of queries and finds its threads by an index.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.db import models
from django.db.models import Count, Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from articles.models import Article
from comments.forms import parse_id
from comments.models import Comment, CommentQuerySet, Discussion
from comments.policy import THREADS_PER_PAGE, discussion_page_number
from ictiger.core.languages import Language
from ictiger.core.url_cache import cached_reverse

from .threads import CommentRenderer, Thread, comment_rows, with_replies


class OrderBy(models.TextChoices):
    NEWEST = "newest", _("Newest")
    OLDEST = "oldest", _("Oldest")
    MOST_REPLIES = "most-replies", _("Most replies")


@dataclass(frozen=True)
class SortOrder:
    """Which threads are shown, and in which order. `language` "" means both languages."""

    language: str = ""
    order: str = OrderBy.NEWEST

    def url(self, article: Article, page: int = 1) -> str:
        """The URL of page `page` in this order; the canonical order is on the article's page."""
        if self == CANONICAL:
            return f"{article.get_absolute_url()}#discussion"
        params = {
            "language": self.language,
            "order": "" if self.order == OrderBy.NEWEST else self.order,
            "page": page if page > 1 else "",
        }
        query = urlencode({name: value for name, value in params.items() if value})
        return f"{cached_reverse('comments:sorted_discussion', article.slug)}?{query}"


CANONICAL = SortOrder()


@dataclass(frozen=True)
class SortLink:
    """A link to the discussion in another order or language.

    `language` is that of the label, if not the page's.
    """

    label: str
    url: str
    is_current: bool
    language: str = ""


@dataclass(frozen=True)
class SortedPage:
    number: int
    threads: list[Thread]
    has_more: bool


def requested_order(query: QueryDict) -> SortOrder:
    """The order that a query string asks for, with defaults for invalid values."""
    language, order = query.get("language", ""), query.get("order", "")
    return SortOrder(
        language if language in Language.values else "", order if order in OrderBy.values else OrderBy.NEWEST
    )


def sort_links(article: Article, current: SortOrder) -> dict[str, list[SortLink]]:
    """The links from one order to the others."""

    def link(label: str, sort_order: SortOrder, language: str = "") -> SortLink:
        return SortLink(label, sort_order.url(article), sort_order == current, language)

    return {
        "orders": [link(order.label, replace(current, order=order)) for order in OrderBy],
        "languages": [
            link(_("Both languages"), replace(current, language="")),
            *(
                link(language.label, replace(current, language=language), language.value)
                for language in Language
            ),
        ],
    }


def sorted_page(
    article: Article, sort_order: SortOrder, typed_page: str, renderer: CommentRenderer
) -> SortedPage:
    """The page of threads that a query string asks for; the first for an invalid number."""
    discussion = Discussion.objects.filter(pk=article.translation_key).first()
    last = discussion_page_number(discussion.threads) if discussion and discussion.threads else 1
    number = parse_id(typed_page) or 1
    if number > last:
        number = 1
    start = (number - 1) * THREADS_PER_PAGE
    rows = _thread_rows(article, sort_order, slice(start, start + THREADS_PER_PAGE + 1))
    return SortedPage(number, with_replies(rows[:THREADS_PER_PAGE], renderer), len(rows) > THREADS_PER_PAGE)


def _thread_rows(article: Article, sort_order: SortOrder, part: slice) -> list:
    """The rows of the threads at the positions `part` of the order."""
    threads = Comment.objects.in_discussion_of(article).threads()
    if sort_order.language:
        threads = threads.filter(language=sort_order.language)
    if sort_order.order == OrderBy.MOST_REPLIES:
        return _rows_by_replies(article, threads, sort_order.language, part)
    direction = "thread_no" if sort_order.order == OrderBy.OLDEST else "-thread_no"
    return comment_rows(threads.order_by(direction)[part])


def _rows_by_replies(article: Article, threads: CommentQuerySet, language: str, part: slice) -> list:
    """Threads by their number of visible replies, then the newest first. Those without replies come last."""
    replies = Comment.objects.in_discussion_of(article).visible().filter(parent__isnull=False)
    if language:
        replies = replies.filter(
            parent__discussion=article.translation_key,
            parent__thread_no__isnull=False,
            parent__language=language,
        )
    thread_ids = (
        replies.values("parent")
        .annotate(replies=Count("pk"))
        .order_by("-replies", "-parent")
        .values_list("parent", flat=True)
    )
    ids_on_page = list(thread_ids[part])
    rows_by_id = {row.pk: row for row in comment_rows(Comment.objects.filter(pk__in=ids_on_page))}
    rows = [rows_by_id[pk] for pk in ids_on_page]
    missing = part.stop - part.start - len(rows)
    if missing:
        start = max(0, part.start - thread_ids.count())
        without_replies = threads.exclude(Exists(Comment.objects.visible().filter(parent=OuterRef("pk"))))
        rows += comment_rows(without_replies.order_by("-thread_no")[start : start + missing])
    return rows
