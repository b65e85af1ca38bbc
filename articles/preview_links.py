"""Signed links to drafts, valid for a week."""

from datetime import timedelta

from django.core import signing

from ictiger.core.site_url import site_url

from .links import article_url
from .models import Article, Draft

PREVIEW_LIFETIME = timedelta(days=7)
PREVIEW_SALT = "articles.preview"


def preview_url(article: Article) -> str:
    """A link to the article's draft as it is when the link is opened."""
    return site_url(
        article_url("preview", signing.dumps(article.pk, salt=PREVIEW_SALT), language=article.language)
    )


def draft_for_token(token: str) -> Draft | None:
    """The draft of a link; None if the signature is wrong, the link is too old or the article was deleted."""
    try:
        pk = signing.loads(token, salt=PREVIEW_SALT, max_age=PREVIEW_LIFETIME)
    except signing.BadSignature:
        return None
    return Draft.objects.select_related("article", "cover").filter(article=pk).first()
