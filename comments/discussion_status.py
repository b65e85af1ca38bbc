"""Whether a discussion takes comments now, by its article and by the switches of moderators."""

from typing import NamedTuple

from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from articles.models import Article
from ictiger.core.languages import Language
from ictiger.core.prepared import Param, PreparedQuery

from .models import Discussion, SiteCommentSettings
from .policy import Switch, strictest


class DiscussionStatus(NamedTuple):
    """The present status of a discussion."""

    threads: int  # ever started
    comments: int  # visible
    is_open: bool
    switch: Switch  # the stricter of the two switches; OPEN when the article itself takes no comments
    notice: str  # text of the moderators while the site-wide switch is not open


def _status_values(notice_column: str) -> QuerySet:
    discussion = Discussion.objects.filter(pk=Param("discussion"))
    site = SiteCommentSettings.objects.filter(pk=SiteCommentSettings.ONLY)
    articles = Article.objects.order_by().values_list(
        Coalesce(Subquery(discussion.values("threads")), 0),
        Coalesce(Subquery(discussion.values("comments")), 0),
        Coalesce(Subquery(discussion.values("switch")), Value(Switch.OPEN)),
        Coalesce(Subquery(site.values("switch")), Value(Switch.OPEN)),
        Subquery(site.values(notice_column)),
    )
    return articles.filter(pk=Param("article"))


_status_query = PreparedQuery(_status_values)


def discussion_status(article: Article) -> DiscussionStatus:
    """The status in one query. Raises Article.DoesNotExist when the article was deleted meanwhile."""
    notice_column = "notice_zh" if Language.active() == Language.ZH_HANS else "notice_en"
    row = _status_query.row(notice_column, discussion=article.translation_key, article=article.pk)
    if row is None:
        raise Article.DoesNotExist
    threads, comments, discussion_switch, site_switch, notice = row
    if not is_article_open(article):
        return DiscussionStatus(threads, comments, is_open=False, switch=Switch.OPEN, notice="")
    switch = strictest(discussion_switch, site_switch)
    return DiscussionStatus(
        threads,
        comments,
        is_open=switch != Switch.CLOSED,
        switch=switch,
        notice=(notice or "") if site_switch != Switch.OPEN else "",
    )


def is_article_open(article: Article) -> bool:
    """Whether the article takes comments, regardless of the switches."""
    is_over = article.comments_close_at is not None and article.comments_close_at <= timezone.now()
    return article.is_public and article.comments_open and not is_over
