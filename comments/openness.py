"""Whether a discussion takes comments now, and what readers are told about that: by the article, and by the switches."""

from functools import cache
from typing import NamedTuple

from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from articles.models import Article
from ictiger.compiled import Compiled
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


def now(article: Article) -> Now:
    """In one query, which every page of the discussion makes."""
    found = _known(Language.active()).row(article=article.pk, key=article.translation_key)
    if found is None:
        raise Article.DoesNotExist
    threads, comments, switch_here, switch_everywhere, sentence = found
    switch = strictest(switch_here, switch_everywhere) if article_is_open(article) else Switch.OPEN
    is_told = article_is_open(article) and switch_everywhere != Switch.OPEN
    return Now(threads, comments, article_is_open(article) and switch != Switch.CLOSED, switch, (sentence or "") if is_told else "")


@cache
def _known(language: str) -> Compiled:
    def build(article, key):
        here, house = Discussion.objects.filter(pk=key), House.objects.filter(pk=House.ONLY)
        columns = (
            Coalesce(Subquery(here.values("threads")), 0),
            Coalesce(Subquery(here.values("comments")), 0),
            Coalesce(Subquery(here.values("switch")), Value(Switch.OPEN)),
            Coalesce(Subquery(house.values("switch")), Value(Switch.OPEN)),
            Subquery(house.values("sentence_zh" if language == Language.ZH_HANS else "sentence_en")),
        )
        return Article.objects.order_by().filter(pk=article).values_list(*columns)

    return Compiled(build)


def article_is_open(article: Article) -> bool:
    """Whether the article takes comments, whatever the switches say."""
    closed = article.comments_close_at is not None and article.comments_close_at <= timezone.now()
    return article.is_public and article.comments_open and not closed
