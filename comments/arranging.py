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
from ictiger.addresses import url_of
from ictiger.languages import Language

from .forms import id_from
from .models import Comment, CommentQuerySet, Discussion
from .policy import THREADS_PER_PAGE, page_of
from .reading import CommentMarkup, Thread, rows, with_replies


class Order(models.TextChoices):
    NEWEST = "newest", _("Newest")
    OLDEST = "oldest", _("Oldest")
    MOST_REPLIES = "most-replies", _("Most replies")


@dataclass(frozen=True)
class Arrangement:
    """Which threads in which order. `language` "" is both."""

    language: str = ""
    order: str = Order.NEWEST

    def url(self, article: Article, page: int = 1) -> str:
        """Of the first page, or another; the canonical arrangement is at the article."""
        if self == CANONICAL:
            return f"{article.get_absolute_url()}#discussion"
        chosen = {"language": self.language, "order": "" if self.order == Order.NEWEST else self.order, "page": page if page > 1 else ""}
        query = urlencode({name: value for name, value in chosen.items() if value})
        return f"{url_of('comments:arranged', article.slug)}?{query}"


CANONICAL = Arrangement()


@dataclass(frozen=True)
class Choice:
    label: str
    url: str
    chosen: bool
    language: str = ""  # of the label


@dataclass(frozen=True)
class Page:
    number: int
    threads: list[Thread]
    has_more: bool


def asked_for(query: QueryDict) -> Arrangement:
    """What an address asks for; the default for whatever it cannot."""
    language, order = query.get("language", ""), query.get("order", "")
    return Arrangement(language if language in Language.values else "", order if order in Order.values else Order.NEWEST)


def choices(article: Article, now: Arrangement) -> dict[str, list[Choice]]:
    """The links between the arrangements."""

    def choice(label: str, wanted: Arrangement, language: str = "") -> Choice:
        return Choice(label, wanted.url(article), wanted == now, language)

    return {
        "orders": [choice(order.label, replace(now, order=order)) for order in Order],
        "languages": [
            choice(_("Both languages"), replace(now, language="")),
            *(choice(language.label, replace(now, language=language), language.value) for language in Language),
        ],
    }


def page_of_arrangement(article: Article, arrangement: Arrangement, typed: str, markup: CommentMarkup) -> Page:
    """The page that an address asks for; the first for what can be none."""
    discussion = Discussion.objects.filter(pk=article.translation_key).first()
    last = page_of(discussion.threads) if discussion and discussion.threads else 1
    number = id_from(typed) or 1
    if number > last:
        number = 1
    start = (number - 1) * THREADS_PER_PAGE
    found = _found(article, arrangement, slice(start, start + THREADS_PER_PAGE + 1))
    return Page(number, with_replies(found[:THREADS_PER_PAGE], markup), len(found) > THREADS_PER_PAGE)


def _found(article: Article, arrangement: Arrangement, part: slice) -> list:
    threads = Comment.objects.below(article).threads()
    if arrangement.language:
        threads = threads.filter(language=arrangement.language)
    if arrangement.order == Order.MOST_REPLIES:
        return _most_answered(article, threads, arrangement.language, part)
    return rows(threads.order_by("thread_no" if arrangement.order == Order.OLDEST else "-thread_no")[part])


def _most_answered(article: Article, threads: CommentQuerySet, language: str, part: slice) -> list:
    """Threads by the number of their visible replies, then the newest; behind them those without any."""
    replies = Comment.objects.below(article).visible().filter(parent__isnull=False)
    if language:
        replies = replies.filter(parent__discussion=article.translation_key, parent__thread_no__isnull=False, parent__language=language)
    counted = replies.values("parent").annotate(replies=Count("pk")).order_by("-replies", "-parent").values_list("parent", flat=True)
    keys = list(counted[part])
    answered = {row.pk: row for row in rows(Comment.objects.filter(pk__in=keys))}
    found = [answered[pk] for pk in keys]
    missing = part.stop - part.start - len(found)
    if missing:
        start = max(0, part.start - counted.count())
        unanswered = threads.exclude(Exists(Comment.objects.visible().filter(parent=OuterRef("pk"))))
        found += rows(unanswered.order_by("-thread_no")[start : start + missing])
    return found
