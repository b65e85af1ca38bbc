"""Years and months, in the site's time zone, in which articles were published.

Each period is looked up in the index: reading the dates of all articles would take time that grows with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils import timezone

from .models import Article, ArticleQuerySet


@dataclass(frozen=True)
class Period:
    """A year, or one of its months."""

    year: int
    month: int | None = None

    @property
    def start(self) -> datetime:
        return timezone.make_aware(datetime(self.year, self.month or 1, 1))

    @property
    def end(self) -> datetime:
        """The last microsecond of the period."""
        following = (
            Period(self.year, self.month + 1) if self.month and self.month < 12 else Period(self.year + 1)
        )
        return following.start - datetime.resolution

    def public_articles(self, language: str) -> ArticleQuerySet:
        return Article.objects.public(language, until=self.end).filter(publish_at__gte=self.start)


def archive_years(articles: ArticleQuerySet) -> list[Period]:
    """All years from the oldest of the articles to the current one, including years without articles."""
    oldest = articles.order_by("publish_at", "pk").values_list("publish_at", flat=True).first()
    now = timezone.localtime()
    return [Period(year) for year in range(timezone.localtime(oldest).year, now.year + 1)] if oldest else []


def periods_with_articles(periods: Sequence[Period], articles: ArticleQuerySet) -> list[Period]:
    """Those of the periods in which one of the articles was published, in one query."""
    # For each period, the first publication from its start on, which may lie in a later period.
    first = articles.filter(publish_at__gte=RawSQL("period.start", [])).order_by("publish_at")
    first_sql, params = first.values("publish_at")[:1].query.sql_with_params()
    values = ", ".join(["(%s, %s, %s)"] * len(periods))
    adapt = connection.ops.adapt_datetimefield_value
    bounds = [
        value for n, period in enumerate(periods) for value in (n, adapt(period.start), adapt(period.end))
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH period (n, start, stop) AS (VALUES {values}) "  # noqa: S608
            f"SELECT n FROM period WHERE ({first_sql}) <= period.stop ORDER BY n",
            [*bounds, *params],
        )
        return [periods[n] for (n,) in cursor.fetchall()]
