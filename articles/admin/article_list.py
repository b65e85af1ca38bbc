"""The admin's list of articles: its columns and filters."""

import re
from datetime import date, datetime

from django.contrib import admin
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import hooks
from articles.archive import Period
from articles.models import Article, Byline, Draft, Status, Topic
from articles.rerender import is_outdated, outdated_texts


def for_admin_list(articles: QuerySet[Article]) -> QuerySet[Article]:
    """Load what the list shows, in a number of queries that does not grow, without the long texts."""
    return (
        articles.select_related("draft")
        .prefetch_related(
            Prefetch("topics", Topic.objects.order_by("articletopic")),
            Prefetch("bylines", Byline.objects.select_related("author")),
        )
        .defer("body", "body_html", "contents", "search_text", "draft__body")
        .annotate(
            draft_differs=Exists(_differing_drafts()),
            **{name: annotation() for name, annotation in hooks.list_annotations.items()},
        )
    )


def _differing_drafts() -> QuerySet[Draft]:
    """Drafts of published articles that differ from their article (the outer query's row)."""
    differs = ~Q(same_cover=Coalesce(OuterRef("cover"), 0))
    for name in Draft.TEXT_FIELDS:
        if name != "cover":
            differs |= ~Q(**{name: OuterRef(name)})
    return Draft.objects.annotate(same_cover=Coalesce(F("cover"), 0)).filter(
        differs, article=OuterRef("pk"), article__status=Status.PUBLISHED
    )


def status_text(article: Article) -> str:
    """The article's status for editors, such as "scheduled for 3 December 2026, 08:30"."""
    if article.status != Status.PUBLISHED:
        return article.get_status_display()
    if article.has_expired:
        return _("taken down, %(when)s") % {"when": local_datetime_text(article.expires_at)}
    if article.is_scheduled:
        return _("scheduled for %(when)s") % {"when": local_datetime_text(article.publish_at)}
    if article.expires_at is not None:
        return _("published, until %(when)s") % {"when": local_datetime_text(article.expires_at)}
    return _("published")


def local_datetime_text(moment: datetime) -> str:
    """The moment in the site's time zone; the seconds only if there are any."""
    local = timezone.localtime(moment)
    return date_format(local, "SHORT_DATETIME_FORMAT") + (f":{local:%S}" if local.second else "")


class ArticleColumnsMixin(admin.ModelAdmin):
    """The columns of the list."""

    list_display = [
        "draft_title",
        "state",
        "language",
        "topic_names",
        "author_names",
        "appeared",
        "word_count",
    ]

    def get_list_display(self, request: HttpRequest) -> list:
        return [*super().get_list_display(request), *hooks.list_columns]

    @admin.display(description=gettext_lazy("title"), ordering="draft__title")
    def draft_title(self, article: Article) -> SafeString:
        return format_html('<span lang="{}">{}</span>', article.language, article.draft.title)

    @admin.display(description=gettext_lazy("state"), ordering="status")
    def state(self, article: Article) -> SafeString:
        """The status in words, linked to the page of a public article."""
        text = status_text(article)
        if article.is_public:
            label = _("Open the page of “%(title)s”") % {"title": article.title}
            text = format_html('<a href="{}" title="{}">{}</a>', article.get_absolute_url(), label, text)
        notes = [_("has unpublished changes")] * article.draft_differs
        notes += [_("rendered by an earlier release")] * is_outdated(article)
        return format_html(
            "{} {}",
            text,
            format_html_join(" ", '<span class="desk-note">{}</span>', ([note] for note in notes)),
        )

    @admin.display(description=gettext_lazy("published at"), ordering="publish_at")
    def appeared(self, article: Article) -> str:
        return local_datetime_text(article.publish_at) if article.publish_at else "–"

    @admin.display(description=gettext_lazy("topics"))
    def topic_names(self, article: Article) -> str:
        return _(", ").join(topic.name for topic in article.topics.all())

    @admin.display(description=gettext_lazy("authors"))
    def author_names(self, article: Article) -> str:
        return _(", ").join(byline.author.name for byline in article.bylines.all())

    @admin.display(description=gettext_lazy("words"), ordering="words")
    def word_count(self, article: Article) -> int:
        return article.words


class PublishedFilter(admin.SimpleListFilter):
    """Filters by year, and within the chosen year by month.

    Offers all years from the first date to the last: finding those with articles would read every date.
    """

    title = gettext_lazy("published at")
    parameter_name = "published"
    FORMAT = re.compile(r"([1-9]\d{3})(?:-(0[1-9]|1[0-2]))?")

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        dated = (
            Article.objects.exclude(publish_at=None)
            .order_by("publish_at")
            .values_list("publish_at", flat=True)
        )
        years = [timezone.localtime(moment).year for moment in (dated.first(), dated.last()) if moment]
        chosen = self._chosen()
        choices = []
        for year in range(max(years), min(years) - 1, -1) if years else ():
            choices.append((str(year), str(year)))
            if chosen and chosen.year == year:
                choices += [
                    (f"{year}-{month:02}", date_format(date(year, month, 1), "YEAR_MONTH_FORMAT"))
                    for month in range(12, 0, -1)
                ]
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        chosen = self._chosen()
        return queryset.filter(publish_at__range=(chosen.start, chosen.end)) if chosen else queryset

    def _chosen(self) -> Period | None:
        match = self.FORMAT.fullmatch(self.value() or "")
        if match is None or match[1] == "9999":
            return None
        return Period(int(match[1]), int(match[2]) if match[2] else None)


class StatusFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("draft", _("draft")),
            ("in_review", _("in review")),
            ("scheduled", _("scheduled")),
            ("public", _("published")),
            ("expired", _("taken down")),
            ("changed", _("has unpublished changes")),
            ("old", _("rendered by an earlier release")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        now = timezone.now()
        published = queryset.filter(status=Status.PUBLISHED)
        match self.value():
            case "draft" | "in_review" as status:
                return queryset.filter(status=status)
            case "scheduled":
                return published.filter(publish_at__gt=now)
            case "public":
                return queryset.filter(pk__in=Article.objects.public())
            case "expired":
                return published.filter(expires_at__lte=now)
            case "changed":
                return queryset.filter(draft_differs=True)
            case "old":
                return queryset.filter(pk__in=outdated_texts(Article))
        return queryset
