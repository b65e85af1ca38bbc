"""Addresses of pages across the two languages, as templates and machines need them."""

from urllib.parse import unquote

from django.conf import settings

from ictiger.addresses import url_of
from ictiger.languages import Language

from .models import Article, Page


def absolute(url: str) -> str:
    """The address under SITE_URL, never under whatever Host a request came with."""
    return settings.SITE_URL + url


def address(name: str, *args: object, language: str = "") -> str:
    """The address of `articles:<name>` in a language (default: the active one)."""
    return url_of(f"articles:{name}", *args, language=language or Language.active())


def path(url: str) -> str:
    """The plain path that an address leads to."""
    return unquote(url)


def everywhere(name: str, *args: object) -> dict[str, str]:
    """The address of a page that both languages have."""
    return {language: address(name, *args, language=language) for language in Language.values}


def versions(thing: Article | Page, translation_of_it: Article | Page | None) -> dict[str, str]:
    """The addresses of a text and of its translation."""
    return {version.language: version.get_absolute_url() for version in (thing, translation_of_it) if version is not None}


def page_links(addresses: dict[str, str]) -> dict[str, object]:
    """What the head and the language switch of a page say of its versions. `addresses` holds one for the active language."""
    here = Language.active()
    alternates = [{"language": language, "url": absolute(url)} for language, url in addresses.items()]
    return {
        "canonical_url": absolute(addresses[here]),
        "alternates": alternates if len(alternates) > 1 else [],
        "other_language": switch_to(addresses.get(other_than(here))),
    }


def other_than(language: str) -> Language:
    return Language.EN if language == Language.ZH_HANS else Language.ZH_HANS


def switch_to(url: str | None) -> dict[str, str]:
    """The link to the other language: to the same page where it exists, else to the home page."""
    other = other_than(Language.active())
    return {"code": other.value, "name": other.label, "url": url or address("home", language=other)}
