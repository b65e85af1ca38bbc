"""Links to drafts: signed, so that they cannot be guessed, and good for a week."""

from datetime import timedelta

from django.core import signing

from ictiger.core.site_url import site_url

from .links import article_url
from .models import Article, Draft

PREVIEW_LIFETIME = timedelta(days=7)
PREVIEW_SALT = "articles.preview"


def preview_url(article: Article) -> str:
    """A link to the article's draft as it is whenever the link is opened, until it expires."""
    return site_url(
        article_url("preview", signing.dumps(article.pk, salt=PREVIEW_SALT), language=article.language)
    )


def draft_for_token(token: str) -> Draft | None:
    """The draft that a link leads to, or None when the link is not ours, is too old, or the article is gone."""
    try:
        pk = signing.loads(token, salt=PREVIEW_SALT, max_age=PREVIEW_LIFETIME)
    except signing.BadSignature:
        return None
    return Draft.objects.select_related("article", "cover").filter(article=pk).first()
