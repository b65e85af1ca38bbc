"""Addresses of pages across the two languages, as templates and machines need them."""

from urllib.parse import unquote

from ictiger.core.languages import Language
from ictiger.core.site_url import site_url
from ictiger.core.url_cache import cached_reverse

from .models import Article, Page


def article_url(name: str, *args: object, language: str = "") -> str:
    """The address of `articles:<name>` in a language (default: the active one)."""
    return cached_reverse(f"articles:{name}", *args, language=language or Language.active())


def decoded_path(url: str) -> str:
    """The plain path that an address leads to."""
    return unquote(url)


def urls_per_language(name: str, *args: object) -> dict[str, str]:
    """The address of a page that both languages have."""
    return {language: article_url(name, *args, language=language) for language in Language.values}


def translation_urls(thing: Article | Page, translation_of_it: Article | Page | None) -> dict[str, str]:
    """The addresses of a text and of its translation."""
    return {
        version.language: version.get_absolute_url()
        for version in (thing, translation_of_it)
        if version is not None
    }


def page_links(addresses: dict[str, str]) -> dict[str, object]:
    """What the head and the language switch of a page say of its versions. `addresses` holds one for the active language."""
    here = Language.active()
    alternates = [{"language": language, "url": site_url(url)} for language, url in addresses.items()]
    return {
        "canonical_url": site_url(addresses[here]),
        "alternates": alternates if len(alternates) > 1 else [],
        "other_language": language_switch_link(addresses.get(other_language_url(here))),
    }


def other_language_url(language: str) -> Language:
    return Language.EN if language == Language.ZH_HANS else Language.ZH_HANS


def language_switch_link(url: str | None) -> dict[str, str]:
    """The link to the other language: to the same page where it exists, else to the home page."""
    other = other_language_url(Language.active())
    return {"code": other.value, "name": other.label, "url": url or article_url("home", language=other)}
