"""What other apps add to the pages and the admin of articles.

They register from their AppConfig.ready() or admin.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Expression

from .models import Article

# Apps whose views name the other-language version of their page themselves, because its slug differs.
apps_with_language_links: set[str] = {"articles"}

# Annotations and columns of the admin's list of articles, by the column's name.
list_annotations: dict[str, Callable[[], Expression]] = {}
list_columns: list[Callable[[Article], Any]] = []

_personal_fragment_urls: list[Callable[[Article], str]] = []


def article_list_column(
    *, description: str, annotation: Callable[[], Expression]
) -> Callable[[Callable[[Article], Any]], Callable[[Article], Any]]:
    """Register the decorated function as a sortable column of the admin's list of articles.

    `annotation` returns the expression that each article has under the function's name.
    """

    def register(column: Callable[[Article], Any]) -> Callable[[Article], Any]:
        name = column.__name__
        list_annotations[name] = annotation
        list_columns.append(admin.display(column, description=description, ordering=name))
        return column

    return register


def personal_fragment(url_of: Callable[[Article], str]) -> Callable[[Article], str]:
    """Register the decorated function as the URL of what an article's page loads for a logged-in reader.

    There is one request for a page: the last function registered is used.
    """
    _personal_fragment_urls.append(url_of)
    return url_of


def personal_fragment_url(article: Article) -> str:
    """The URL of the page's personal fragment; "" if no app has one for articles."""
    return _personal_fragment_urls[-1](article) if _personal_fragment_urls else ""
