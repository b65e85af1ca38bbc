"""One article to discuss, published as an editor would."""

from django.utils import timezone

from articles.models import Article
from articles.services import create_article, publish

BODY = "\n\n".join(f"## Part {part}\n\nA paragraph about patents and standards." for part in range(5))


def make_article(number: int) -> Article:
    article = create_article(
        by=None, title=f"Article {number}", summary="A summary.", slug=f"article-{number}", body=BODY
    )
    publish(article, at=timezone.now())
    return article
