"""The addresses of views. Where a view stands follows from its name, its arguments and the language, for as long as a process lives; and a
page has some fifty links, each of which Django would look up and put together anew.
"""

from functools import lru_cache

from django.urls import URLResolver, get_resolver, get_urlconf, reverse
from django.utils import translation

CACHE_SIZE = 10_000  # addresses, of some 200 bytes each


def cached_reverse(view: str, *args: object, language: str = "") -> str:
    """As `reverse(view, args=args)`, in `language` (default: the active one). Raises NoReverseMatch."""
    return _reverse(get_resolver(get_urlconf()), language or translation.get_language(), view, args)


@lru_cache(CACHE_SIZE)
def _reverse(_patterns: URLResolver, language: str, view: str, args: tuple) -> str:
    with translation.override(language):
        return reverse(view, args=args)
