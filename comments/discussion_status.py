"""Whether a discussion takes comments now, and what readers are told about that: by the article, and by the switches."""

from typing import NamedTuple

from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from articles.models import Article
from ictiger.core.languages import Language
from ictiger.core.prepared import Param, PreparedQueryFamily

from .models import Discussion, SiteCommentSettings
from .policy import Switch, strictest


class DiscussionStatus(NamedTuple):
    """A discussion as it is now. `sentence` is what the house tells readers while the switch for the whole site is not open."""

    threads: int  # that it has had
    comments: int  # visible
    is_open: bool
    switch: Switch  # only of interest while the article itself takes comments
    sentence: str


def _status_query(sentence: str) -> QuerySet:
    here, house = (
        Discussion.objects.filter(pk=Param("discussion")),
        SiteCommentSettings.objects.filter(pk=SiteCommentSettings.ONLY),
    )
    row = Article.objects.order_by().values_list(
        Coalesce(Subquery(here.values("threads")), 0),
        Coalesce(Subquery(here.values("comments")), 0),
        Coalesce(Subquery(here.values("switch")), Value(Switch.OPEN)),
        Coalesce(Subquery(house.values("switch")), Value(Switch.OPEN)),
        Subquery(house.values(sentence)),
    )
    return row.filter(pk=Param("article"))


_STATUS_QUERY = PreparedQueryFamily(_status_query)


def discussion_status(article: Article) -> DiscussionStatus:
    """In one query, which every page of the discussion makes."""
    sentence = "notice_zh" if Language.active() == Language.ZH_HANS else "notice_en"
    row = _STATUS_QUERY.row(sentence, discussion=article.translation_key, article=article.pk)
    if row is None:
        raise Article.DoesNotExist
    threads, comments, switch_here, switch_everywhere, sentence = row
    switch = strictest(switch_here, switch_everywhere) if is_article_open(article) else Switch.OPEN
    is_told = is_article_open(article) and switch_everywhere != Switch.OPEN
    return DiscussionStatus(
        threads,
        comments,
        is_article_open(article) and switch != Switch.CLOSED,
        switch,
        (sentence or "") if is_told else "",
    )


def is_article_open(article: Article) -> bool:
    """Whether the article takes comments, whatever the switches say."""
    closed = article.comments_close_at is not None and article.comments_close_at <= timezone.now()
    return article.is_public and article.comments_open and not closed
