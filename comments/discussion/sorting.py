"""The discussion in another order, or the threads of one language alone.

These views are made for each request and not stored; the pages whose order is the canonical one are. Each asks a number of queries that
does not grow, and finds its threads by an index.
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
    """Which threads in which order. `language` "" is both."""

    language: str = ""
    order: str = OrderBy.NEWEST

    def url(self, article: Article, page: int = 1) -> str:
        """Of the first page, or another; the canonical arrangement is at the article."""
        if self == CANONICAL:
            return f"{article.get_absolute_url()}#discussion"
        chosen = {
            "language": self.language,
            "order": "" if self.order == OrderBy.NEWEST else self.order,
            "page": page if page > 1 else "",
        }
        query = urlencode({name: value for name, value in chosen.items() if value})
        return f"{cached_reverse('comments:sorted_discussion', article.slug)}?{query}"


CANONICAL = SortOrder()


@dataclass(frozen=True)
class OrderChoice:
    label: str
    url: str
    chosen: bool
    language: str = ""  # of the label


@dataclass(frozen=True)
class SortedPage:
    number: int
    threads: list[Thread]
    has_more: bool


def requested_order(query: QueryDict) -> SortOrder:
    """What an address asks for; the default for whatever it cannot."""
    language, order = query.get("language", ""), query.get("order", "")
    return SortOrder(
        language if language in Language.values else "", order if order in OrderBy.values else OrderBy.NEWEST
    )


def order_choices(article: Article, now: SortOrder) -> dict[str, list[OrderChoice]]:
    """The links between the arrangements."""

    def choice(label: str, wanted: SortOrder, language: str = "") -> OrderChoice:
        return OrderChoice(label, wanted.url(article), wanted == now, language)

    return {
        "orders": [choice(order.label, replace(now, order=order)) for order in OrderBy],
        "languages": [
            choice(_("Both languages"), replace(now, language="")),
            *(
                choice(language.label, replace(now, language=language), language.value)
                for language in Language
            ),
        ],
    }


def sorted_page(article: Article, arrangement: SortOrder, typed: str, markup: CommentRenderer) -> SortedPage:
    """The page that an address asks for; the first for what can be none."""
    discussion = Discussion.objects.filter(pk=article.translation_key).first()
    last = discussion_page_number(discussion.threads) if discussion and discussion.threads else 1
    number = parse_id(typed) or 1
    if number > last:
        number = 1
    start = (number - 1) * THREADS_PER_PAGE
    found = _found(article, arrangement, slice(start, start + THREADS_PER_PAGE + 1))
    return SortedPage(number, with_replies(found[:THREADS_PER_PAGE], markup), len(found) > THREADS_PER_PAGE)


def _found(article: Article, arrangement: SortOrder, part: slice) -> list:
    threads = Comment.objects.in_discussion_of(article).threads()
    if arrangement.language:
        threads = threads.filter(language=arrangement.language)
    if arrangement.order == OrderBy.MOST_REPLIES:
        return _most_answered(article, threads, arrangement.language, part)
    return comment_rows(
        threads.order_by("thread_no" if arrangement.order == OrderBy.OLDEST else "-thread_no")[part]
    )


def _most_answered(article: Article, threads: CommentQuerySet, language: str, part: slice) -> list:
    """Threads by the number of their visible replies, then the newest; behind them those without any."""
    replies = Comment.objects.in_discussion_of(article).visible().filter(parent__isnull=False)
    if language:
        replies = replies.filter(
            parent__discussion=article.translation_key,
            parent__thread_no__isnull=False,
            parent__language=language,
        )
    counted = (
        replies.values("parent")
        .annotate(replies=Count("pk"))
        .order_by("-replies", "-parent")
        .values_list("parent", flat=True)
    )
    keys = list(counted[part])
    answered = {row.pk: row for row in comment_rows(Comment.objects.filter(pk__in=keys))}
    found = [answered[pk] for pk in keys]
    missing = part.stop - part.start - len(found)
    if missing:
        start = max(0, part.start - counted.count())
        unanswered = threads.exclude(Exists(Comment.objects.visible().filter(parent=OuterRef("pk"))))
        found += comment_rows(unanswered.order_by("-thread_no")[start : start + missing])
    return found
