"""Which article a slug belongs to, and the redirects from slugs that articles had before."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext as _

from ictiger.core.text import strip_unstorable

from .models import SLUG_BYTES, Article, SlugRedirect
from .slugs import slugify_title, truncate_slug


def free_slug(title: str, *, language: str) -> str:
    """A slug made from the title that no article of this language has or had."""
    base = slugify_title(title, limit=SLUG_BYTES - 8) or f"article-{uuid4().hex[:8]}"
    slug, number = base, 1
    while _slug_owner(slug, language) is not None:
        number += 1
        slug = f"{truncate_slug(base, SLUG_BYTES - 8)}-{number}"
    return slug


def normalize_slug(slug: str) -> str:
    """The slug in Unicode's NFC form: the same letters can be encoded in two ways."""
    return unicodedata.normalize("NFC", strip_unstorable(slug)).strip()


def update_redirects(article: Article, old_slug: str) -> None:
    """Redirect the old slug to the new one, and delete a redirect from the slug that is in use again."""
    article.old_slugs.filter(slug__in=[article.slug, old_slug]).delete()
    SlugRedirect(language=article.language, slug=old_slug, article=article).save()


def reject_taken_slug(article: Article, slug: str) -> None:
    """Raise ValidationError if another article has the slug or had it.

    Links on other sites to an old slug still mean the article that had it.

    The article's own slug needs no check. It is unique, and no other article's old slug equals it.
    """
    owner = _slug_owner(slug, article.language, exclude=article.pk)
    if owner is None:
        return
    if owner.slug == slug:
        message = _("The address “%(slug)s” is taken by “%(title)s”. Choose another.")
    else:
        message = _(
            "The address “%(slug)s” still leads readers to “%(title)s”, which had it before. Choose another."
        )
    raise ValidationError(
        {"slug": ValidationError(message, code="taken", params={"slug": slug, "title": owner.title})}
    )


def _slug_owner(slug: str, language: str, *, exclude: int | None = None) -> Article | None:
    """The article that has this slug, or had it before."""
    articles = Article.objects.filter(language=language).exclude(pk=exclude)
    return (
        articles.filter(slug=slug).first()
        or articles.filter(old_slugs__slug=slug, old_slugs__language=language).first()
    )


@contextmanager
def conflicts_as_validation_errors() -> Iterator[None]:
    """Turn an IntegrityError (two editors took one slug at the same moment) into a ValidationError."""
    try:
        yield
    except IntegrityError as error:
        message = _("Another change was saved at the same moment. Look at the article, and try again.")
        raise ValidationError(message, code="conflict") from error
