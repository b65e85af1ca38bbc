"""Permissions on articles.

Publishers may do everything, authors may edit their articles until these are published.
"""

from django.db.models import Q, QuerySet

from accounts.models import User
from articles.models import Article, Byline, Status


def can_publish(user: User) -> bool:
    return user.has_perm("articles.publish_article")


def editable_articles(user: User) -> QuerySet[Article]:
    """All articles for publishers and read-only users; for authors, those they created or are named on."""
    if can_publish(user) or not user.has_perm("articles.change_article"):
        return Article.objects.all()
    named_on = Byline.objects.filter(author__user=user).values("article")
    return Article.objects.filter(Q(created_by=user) | Q(pk__in=named_on))


def can_edit_article(user: User, article: Article | None) -> bool:
    return (
        article is None
        or article.pk is None
        or can_publish(user)
        or editable_articles(user).filter(pk=article.pk).exists()
    )


def can_edit_listing(user: User, article: Article | None) -> bool:
    """Whether the user may change the listing. Of a published or scheduled article, only publishers may."""
    return article is None or article.status != Status.PUBLISHED or can_publish(user)
