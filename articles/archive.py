"""Years and months, in the time of the house, in which something was published.

Each is looked up in the index by itself: to take them from the dates of all articles would take the longer the more there are.
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
    """A year, or a month of it."""

    year: int
    month: int | None = None

    @property
    def start(self) -> datetime:
        return timezone.make_aware(datetime(self.year, self.month or 1, 1))

    @property
    def end(self) -> datetime:
        """The last moment of it."""
        next_one = (
            Period(self.year, self.month + 1) if self.month and self.month < 12 else Period(self.year + 1)
        )
        return next_one.start - datetime.resolution

    def public_articles(self, language: str) -> ArticleQuerySet:
        return Article.objects.public(language, until=self.end).filter(publish_at__gte=self.start)


def archive_years(articles: ArticleQuerySet) -> list[Period]:
    """Those from the first of the articles until now, whether they have any or not."""
    oldest = articles.order_by("publish_at", "pk").values_list("publish_at", flat=True).first()
    now = timezone.localtime()
    return [Period(year) for year in range(timezone.localtime(oldest).year, now.year + 1)] if oldest else []


def periods_with_articles(periods: Sequence[Period], articles: ArticleQuerySet) -> list[Period]:
    """Of the periods those in which one of the articles was published."""
    after = articles.filter(publish_at__gte=RawSQL("period.start", [])).order_by(
        "publish_at"
    )  # the next one, in whatever period
    next_one, params = after.values("publish_at")[:1].query.sql_with_params()
    values = ", ".join(["(%s, %s, %s)"] * len(periods))
    adapt = connection.ops.adapt_datetimefield_value
    bounds = [
        value for n, period in enumerate(periods) for value in (n, adapt(period.start), adapt(period.end))
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH period (n, start, stop) AS (VALUES {values}) SELECT n FROM period WHERE ({next_one}) <= period.stop ORDER BY n",  # noqa: S608
            [*bounds, *params],
        )
        return [periods[n] for (n,) in cursor.fetchall()]
