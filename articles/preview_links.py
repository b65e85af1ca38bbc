"""Links to drafts: signed, so that they cannot be guessed, and good for a week."""

from datetime import timedelta

from django.core import signing

from .links import absolute, address
from .models import Article, Draft

LIVES = timedelta(days=7)
SALT = "articles.preview"


def preview_url(article: Article) -> str:
    """A link to the article's draft as it is whenever the link is opened, until it expires."""
    return absolute(address("preview", signing.dumps(article.pk, salt=SALT), language=article.language))


def draft_behind(token: str) -> Draft | None:
    """The draft that a link leads to, or None when the link is not ours, is too old, or the article is gone."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=LIVES)
    except signing.BadSignature:
        return None
    return Draft.objects.select_related("article", "cover").filter(article=pk).first()
