"""A small published article for discussions."""

from django.utils import timezone

from articles.models import Article
from articles.services import create_article, publish

ARTICLE_BODY = "\n\n".join(f"## Part {part}\n\nA paragraph about patents and standards." for part in range(5))


def make_article(number: int) -> Article:
    article = create_article(
        by=None, title=f"Article {number}", summary="A summary.", slug=f"article-{number}", body=ARTICLE_BODY
    )
    publish(article, at=timezone.now())
    return article
