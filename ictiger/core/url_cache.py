"""URLs of views, cached in the process.

A page has some fifty links, and `reverse()` resolves each of them again. A URL depends only on the view's
name, its arguments and the language, and none of these changes while a process lives.
"""

from functools import lru_cache

from django.urls import URLResolver, get_resolver, get_urlconf, reverse
from django.utils import translation

CACHE_SIZE = 10_000  # URLs, of some 200 bytes each


def cached_reverse(view: str, *args: object, language: str = "") -> str:
    """As `reverse(view, args=args)`, in `language` (default: the active one). Raises NoReverseMatch."""
    return _reverse(get_resolver(get_urlconf()), language or translation.get_language(), view, args)


@lru_cache(CACHE_SIZE)
def _reverse(_resolver: URLResolver, language: str, view: str, args: tuple) -> str:
    """`_resolver` is part of the cache key: tests change ROOT_URLCONF."""
    with translation.override(language):
        return reverse(view, args=args)
