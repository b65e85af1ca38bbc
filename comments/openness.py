"""Whether a discussion takes comments now, and what readers are told about that: by the article, and by the switches."""

from typing import NamedTuple

from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from articles.models import Article
from ictiger.compiled import CompiledForms, Given
from ictiger.languages import Language

from .models import Discussion, House
from .policy import Switch, strictest


class Now(NamedTuple):
    """A discussion as it is now. `sentence` is what the house tells readers while the switch for the whole site is not open."""

    threads: int  # that it has had
    comments: int  # visible
    is_open: bool
    switch: Switch  # only of interest while the article itself takes comments
    sentence: str


def _asked(sentence: str) -> QuerySet:
    here, house = Discussion.objects.filter(pk=Given("discussion")), House.objects.filter(pk=House.ONLY)
    row = Article.objects.order_by().values_list(
        Coalesce(Subquery(here.values("threads")), 0),
        Coalesce(Subquery(here.values("comments")), 0),
        Coalesce(Subquery(here.values("switch")), Value(Switch.OPEN)),
        Coalesce(Subquery(house.values("switch")), Value(Switch.OPEN)),
        Subquery(house.values(sentence)),
    )
    return row.filter(pk=Given("article"))


_NOW = CompiledForms(_asked)


def now(article: Article) -> Now:
    """In one query, which every page of the discussion makes."""
    sentence = "sentence_zh" if Language.active() == Language.ZH_HANS else "sentence_en"
    row = _NOW.row(sentence, discussion=article.translation_key, article=article.pk)
    if row is None:
        raise Article.DoesNotExist
    threads, comments, switch_here, switch_everywhere, sentence = row
    switch = strictest(switch_here, switch_everywhere) if article_is_open(article) else Switch.OPEN
    is_told = article_is_open(article) and switch_everywhere != Switch.OPEN
    return Now(threads, comments, article_is_open(article) and switch != Switch.CLOSED, switch, (sentence or "") if is_told else "")


def article_is_open(article: Article) -> bool:
    """Whether the article takes comments, whatever the switches say."""
    closed = article.comments_close_at is not None and article.comments_close_at <= timezone.now()
    return article.is_public and article.comments_open and not closed
