"""The models of articles, pages and the publication.

All of them except Draft, FormerFile and ImageUse show on public pages and are written inside
`ictiger.pagecache.public_write.public_write()`.
"""

from .article import (
    LONG_TEXTS,
    Article,
    ArticleQuerySet,
    ArticleText,
    ArticleTopic,
    Byline,
    Status,
    ids_with_future_dates,
)
from .author import Author
from .draft import Draft
from .former_slug import FormerSlug
from .image import Image
from .image_use import FormerFile, ImageUse
from .page import Page
from .publication import Publication, SocialLink
from .slug_redirect import SlugRedirect
from .slugs import RESERVED_SLUGS, SLUG_BYTES, validate_slug, validate_slug_bytes
from .topic import Topic

__all__ = [
    "LONG_TEXTS",
    "RESERVED_SLUGS",
    "SLUG_BYTES",
    "Article",
    "ArticleQuerySet",
    "ArticleText",
    "ArticleTopic",
    "Author",
    "Byline",
    "Draft",
    "FormerFile",
    "FormerSlug",
    "Image",
    "ImageUse",
    "Page",
    "Publication",
    "SlugRedirect",
    "SocialLink",
    "Status",
    "Topic",
    "ids_with_future_dates",
    "validate_slug",
    "validate_slug_bytes",
]
