"""`{% discussion article %}` shows an article's newest threads, the same for every reader."""

from django import template

from articles.models import Article
from comments.discussion.context import discussion_context

register = template.Library()


@register.inclusion_tag("comments/_discussion.html")
def discussion(article: Article) -> dict:
    return discussion_context(article)
