"""Pages of a list."""

from django.core.paginator import EmptyPage, Page, Paginator
from django.http import Http404

from .models import Article

PAGE_SIZE = 10
DEEP = 200  # articles before a page; with fewer it is not worth a query of its own to find the keys


class KeyPaginator(Paginator):
    """Of a list whose keys are known already, in their order."""

    def page(self, number: int) -> Page:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return self._get_page(_articles(self.object_list[start : start + self.per_page]), number, self)


class ListPaginator(Paginator):
    """Goes to deep pages by the keys alone, which are in an index, and from the nearer end; only then reads the articles of the page."""

    def page(self, number: int) -> Page:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        stop = min(start + self.per_page, self.count)
        # Read here: a template that takes slices of a queryset asks for each anew.
        return self._get_page(list(self.object_list[start:stop]) if start < DEEP else self._deep(start, stop), number, self)

    def _deep(self, start: int, stop: int) -> list[Article]:
        return _articles(self._keys(start, stop) if start < self.count - stop else self._keys_from_the_end(start, stop))

    def _keys(self, start: int, stop: int) -> list[int]:
        return list(self.object_list.prefetch_related(None).values_list("pk", flat=True)[start:stop])

    def _keys_from_the_end(self, start: int, stop: int) -> list[int]:
        backwards = self.object_list.prefetch_related(None).reverse().values_list("pk", flat=True)
        return list(backwards[self.count - stop : self.count - start])[::-1]


def _articles(keys: list[int]) -> list[Article]:
    """Those that are public still, in this order."""
    articles = Article.objects.public().for_lists().in_bulk(keys)
    return [articles[key] for key in keys if key in articles]


def page_or_404(paginator: Paginator, number: int) -> Page:
    try:
        return paginator.page(number)
    except EmptyPage as error:
        raise Http404("no such page") from error
