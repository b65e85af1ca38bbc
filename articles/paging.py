"""Pages of a list."""

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import cached_property

from .models import Article

PAGE_SIZE = 10
DEEP = 200  # articles before a page; with fewer it is not worth a query of its own to find the keys
COUNTED = 500  # articles of a list that are counted


class KeyPaginator(Paginator):
    """Of a list whose keys are known already, in their order."""

    def page(self, number: int) -> Page:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return self._get_page(_articles(self.object_list[start : start + self.per_page]), number, self)


class ListPage(Page):
    def __init__(self, articles: list[Article], number: int, paginator: "ListPaginator", *, more: bool) -> None:
        super().__init__(articles, number, paginator)
        self.more = more

    def has_next(self) -> bool:
        return self.more


class ListPaginator(Paginator):
    """Counts to COUNTED and no further: of a longer list nobody is told how many pages it has, only whether another one follows.

    Goes to deep pages by the keys alone, which are in an index; only then reads the articles of the page.
    """

    @cached_property
    def count(self) -> int:
        """The articles; COUNTED + 1 where there are more."""
        return self._keys()[: COUNTED + 1].count()

    @property
    def is_long(self) -> bool:
        return self.count > COUNTED

    def validate_number(self, number: int) -> int:
        return number if self.is_long and number >= 1 else super().validate_number(number)

    def page(self, number: int) -> ListPage:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        stop = start + self.per_page
        if start < DEEP:
            # Read here: a template that takes slices of a queryset asks for each anew.
            return ListPage(list(self.object_list[start : min(stop, self.count)]), number, self, more=self.count > stop)
        keys = list(self._keys()[start : stop + 1])
        if not keys:
            raise EmptyPage(f"there is no page {number}")
        return ListPage(_articles(keys[: self.per_page]), number, self, more=len(keys) > self.per_page)

    def _keys(self) -> QuerySet:
        return self.object_list.prefetch_related(None).values_list("pk", flat=True)


def _articles(keys: list[int]) -> list[Article]:
    """Those that are public still, in this order."""
    articles = Article.objects.public().for_lists().in_bulk(keys)
    return [articles[key] for key in keys if key in articles]


def page_or_404(paginator: Paginator, number: int) -> Page:
    try:
        return paginator.page(number)
    except EmptyPage as error:
        raise Http404("no such page") from error
