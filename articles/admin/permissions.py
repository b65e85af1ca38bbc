"""Who may do what to an article at the desk. Editors (who may publish) everything; authors what is theirs, until readers see it."""

from django.db.models import Q, QuerySet

from accounts.models import User
from articles.models import Article, Byline, Status


def can_publish(user: User) -> bool:
    return user.has_perm("articles.publish_article")


def editable_articles(user: User) -> QuerySet[Article]:
    """Editors, and those who may only look, see all articles; authors those that they began or that bear their name."""
    if can_publish(user) or not user.has_perm("articles.change_article"):
        return Article.objects.all()
    bearing_my_name = Byline.objects.filter(author__user=user).values("article")
    return Article.objects.filter(Q(created_by=user) | Q(pk__in=bearing_my_name))


def can_edit_article(user: User, article: Article | None) -> bool:
    return (
        article is None
        or article.pk is None
        or can_publish(user)
        or editable_articles(user).filter(pk=article.pk).exists()
    )


def can_edit_listing(user: User, article: Article | None) -> bool:
    """Whether this person may change what takes effect at once: once an article is published or scheduled, editors alone."""
    return article is None or article.status != Status.PUBLISHED or can_publish(user)
