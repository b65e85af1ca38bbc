"""The date under which a published article stands on its page, in lists, archive, feeds and JSON-LD."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from ictiger.pagecache.public_write import public_write

from .models import Article

# Archives have a page for each year since the oldest article.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def reject_early_date(at: datetime) -> None:
    """Raise ValidationError for a date before EARLIEST, which is a slip of the keyboard."""
    if at < EARLIEST:
        raise ValidationError(
            _("This date is too early: the archive begins with the year %(year)s."),
            code="early",
            params={"year": EARLIEST.year},
        )


def reject_future_date(at: datetime) -> None:
    """Raise ValidationError for a date that would hide an article which readers see."""
    if at > timezone.now():
        raise ValidationError(
            _("Readers see this article now, so its date cannot lie in the future. Unpublish it first."),
            code="future",
        )


def set_publication_date(article: Article, at: datetime) -> None:
    """Correct the date of an article that readers have seen. Its text, draft and feed id stay as they are.

    Raises ValidationError for a future date, which would hide the article, and for one that nobody has seen.
    """
    with public_write(article):
        article.refresh_from_db()
        if not article.has_been_published:
            raise ValidationError(
                _("Only an article that readers have seen has a date to correct."), code="unpublished"
            )
        reject_future_date(at)
        reject_early_date(at)
        if article.expires_at is not None and article.expires_at <= at:
            raise ValidationError(
                _("The article would be taken down before it is published."), code="expires"
            )
        article.publish_at = at
        if article.updated_at is not None and article.updated_at <= at:
            article.updated_at = None  # a change before the publication is none
        article.save()
