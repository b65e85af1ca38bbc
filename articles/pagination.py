"""Pages of a list."""

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import cached_property

from .models import Article

PAGE_SIZE = 10
MAX_COUNTED = 200  # articles of a list that are counted


class KeyPaginator(Paginator):
    """Of a list whose keys are known already, in their order."""

    def page(self, number: int) -> Page:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return self._get_page(_articles(self.object_list[start : start + self.per_page]), number, self)


class ListPage(Page):
    def __init__(
        self, articles: list[Article], number: int, paginator: "ListPaginator", *, more: bool
    ) -> None:
        super().__init__(articles, number, paginator)
        self.more = more

    def has_next(self) -> bool:
        return self.more


class ListPaginator(Paginator):
    """Looks COUNTED articles far and no further: of a longer list nobody is told how many pages it has, only whether another one follows.

    Finds pages by the keys alone, which are in an index; only then reads the articles of the page.
    """

    @cached_property
    def count(self) -> int:
        """The articles; COUNTED + 1 where there are more."""
        return len(self._first)

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
            self._first[start : stop + 1]
            if stop < self.count or not self.is_long
            else list(self._keys()[start : stop + 1])
        )
        if not keys and number > 1:
            raise EmptyPage(f"there is no page {number}")
        return ListPage(_articles(keys[: self.per_page]), number, self, more=len(keys) > self.per_page)

    @cached_property
    def _first(self) -> list[int]:
        return list(self._keys()[: MAX_COUNTED + 1])

    def _keys(self) -> QuerySet:
        return self.object_list.prefetch_related(None).values_list("pk", flat=True)


def _articles(keys: list[int]) -> list[Article]:
    """Those that are public still, in this order."""
    articles = Article.objects.public().for_lists().in_bulk(keys) if keys else {}
    return [articles[key] for key in keys if key in articles]


def page_or_404(paginator: Paginator, number: int) -> Page:
    try:
        return paginator.page(number)
    except EmptyPage as error:
        raise Http404("no such page") from error
