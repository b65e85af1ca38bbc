"""Pagination of lists of articles."""

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import cached_property

from .models import Article

PAGE_SIZE = 10
MAX_COUNTED = 200  # a longer list is not counted


class KeyPaginator(Paginator):
    """Pages of articles whose primary keys are given, in that order."""

    def page(self, number: int) -> Page:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return self._get_page(_articles(self.object_list[start : start + self.per_page]), number, self)


class ListPage(Page):
    """A page that knows whether another one follows, without a count."""

    def __init__(
        self, articles: list[Article], number: int, paginator: "ListPaginator", *, more: bool
    ) -> None:
        super().__init__(articles, number, paginator)
        self.more = more

    def has_next(self) -> bool:
        return self.more


class ListPaginator(Paginator):
    """Counts up to MAX_COUNTED articles. Of a longer list it says only whether another page follows.

    Finds a page by primary keys, which are in an index, and then reads the articles of that page.
    """

    @cached_property
    def count(self) -> int:
        """The number of articles; MAX_COUNTED + 1 if there are more."""
        return len(self._first_keys)

    @property
    def is_long(self) -> bool:
        return self.count > MAX_COUNTED

    def validate_number(self, number: int) -> int:
        return number if self.is_long and number >= 1 else super().validate_number(number)

    def page(self, number: int) -> ListPage:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        stop = start + self.per_page
        keys = (
            self._first_keys[start : stop + 1]
            if stop < self.count or not self.is_long
            else list(self._keys()[start : stop + 1])
        )
        if not keys and number > 1:
            raise EmptyPage(f"there is no page {number}")
        return ListPage(_articles(keys[: self.per_page]), number, self, more=len(keys) > self.per_page)

    @cached_property
    def _first_keys(self) -> list[int]:
        return list(self._keys()[: MAX_COUNTED + 1])

    def _keys(self) -> QuerySet:
        return self.object_list.prefetch_related(None).values_list("pk", flat=True)


def _articles(keys: list[int]) -> list[Article]:
    """The articles with these keys, in this order, without those no longer public."""
    articles = Article.objects.public().for_lists().in_bulk(keys) if keys else {}
    return [articles[key] for key in keys if key in articles]


def page_or_404(paginator: Paginator, number: int) -> Page:
    """The page with that number. Raises Http404."""
    try:
        return paginator.page(number)
    except EmptyPage as error:
        raise Http404("no such page") from error
