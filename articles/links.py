"""URLs of public pages in both languages."""

from urllib.parse import unquote

from ictiger.core.languages import Language
from ictiger.core.site_url import site_url
from ictiger.core.url_cache import cached_reverse

from .models import Article, Page


def article_url(name: str, *args: object, language: str = "") -> str:
    """The URL path of the view `articles:<name>` in a language (default: the active one)."""
    return cached_reverse(f"articles:{name}", *args, language=language or Language.active())


def decoded_path(url: str) -> str:
    """The path of a URL without percent-encoding, as the page cache names it."""
    return unquote(url)


def urls_per_language(name: str, *args: object) -> dict[str, str]:
    """The URLs, by language, of a page that exists in both."""
    return {language: article_url(name, *args, language=language) for language in Language.values}


def translation_urls(original: Article | Page, translation: Article | Page | None) -> dict[str, str]:
    """The URLs, by language, of a text and of its translation, if any."""
    versions = (original, translation)
    return {version.language: version.get_absolute_url() for version in versions if version is not None}


def page_links(urls: dict[str, str]) -> dict[str, object]:
    """The template context for the head and the language switch of a page.

    `urls` holds the page's URLs by language, among them one for the active language.
    """
    language = Language.active()
    alternates = [{"language": code, "url": site_url(url)} for code, url in urls.items()]
    return {
        "canonical_url": site_url(urls[language]),
        "alternates": alternates if len(alternates) > 1 else [],
        "other_language": language_switch_link(urls.get(other_language(language))),
    }


def canonical_links(article: Article, translation: Article | None) -> dict[str, object]:
    """What replaces entries of `page_links` if the article or its translation was first published elsewhere.

    hreflang goes between canonical pages: a copy names no versions, and none names it.
    """
    elsewhere = article.canonical_elsewhere
    links: dict[str, object] = {"canonical_url": elsewhere} if elsewhere else {}
    if elsewhere or (translation is not None and translation.canonical_elsewhere):
        links["alternates"] = []
    return links


def other_language(language: str) -> Language:
    return Language.EN if language == Language.ZH_HANS else Language.ZH_HANS


def language_switch_link(url: str | None) -> dict[str, str]:
    """The link to the other language: to the same page where it exists, else to the home page."""
    other = other_language(Language.active())
    return {"code": other.value, "name": other.label, "url": url or article_url("home", language=other)}
