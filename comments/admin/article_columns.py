"""The column "comments" in the admin's list of articles."""

from django.db.models import Expression, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy

from articles.hooks import article_list_column
from articles.models import Article
from comments.models import Discussion


def _visible_comments() -> Expression:
    """The number of visible comments. An article and its translation share one discussion."""
    counts = Discussion.objects.filter(key=OuterRef("translation_key")).values("comments")
    return Coalesce(Subquery(counts[:1]), 0)


@article_list_column(description=gettext_lazy("comments"), annotation=_visible_comments)
def comment_count(article: Article) -> int:
    return article.comment_count
