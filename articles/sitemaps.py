"""The sitemap, with each page's version in the other language, and robots.txt."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from uuid import UUID

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.xmlutils import SimplerXMLGenerator

from ictiger.core.languages import Language
from ictiger.core.site_url import site_url
from ictiger.pagecache.decorators import public_page

from .links import article_url, other_language, urls_per_language
from .models import Article, Author, Page, Topic

# Primary keys of articles in one file. A sitemap may have 50,000 URLs, but is only sent when it is complete.
SECTION_SIZE = 1_000
XMLNS = {
    "xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "xmlns:xhtml": "http://www.w3.org/1999/xhtml",
}

# Pages of no use to search engines. Previews need no entry: their URLs cannot be guessed, and they send
# noindex.
DISALLOWED = ["accounts/", "admin/", "comments/", "me/", "search/", "articles/*/comments/new/"]

# The URLs by language, the entry's own first, and the date of the last change.
Entry = tuple[dict[str, str], datetime | None]


@public_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """One file for up to one section of articles, otherwise an index of files."""
    sections = _sections()
    if len(sections) > 1:
        return _index(sections)
    return _urlset([*_fixed_entries(), *(_article_entries(sections[0]) if sections else ())])


@public_page
def section(request: HttpRequest, number: int) -> HttpResponse:
    """A file of the index: articles with keys in a range.

    The first one begins with all pages that are no articles.
    """
    articles = list(_article_entries(number))
    is_first, is_last = (
        not Article.objects.public().filter(outside).exists() for outside in _outside(number)
    )
    if not articles or (is_first and is_last):
        raise Http404("no such part of the sitemap")
    return _urlset([*(_fixed_entries() if is_first else ()), *articles])


@public_page
def robots(request: HttpRequest) -> HttpResponse:
    prefixes = dict.fromkeys(article_url("home", language=language) for language in Language.values)
    lines = ["User-agent: *", *(f"Disallow: {prefix}{path}" for prefix in prefixes for path in DISALLOWED)]
    lines += ["", f"Sitemap: {site_url('/sitemap.xml')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _sections() -> list[int]:
    """The numbers of the sections that have articles.

    A section is a range of primary keys, so that an article stays in its section, and no articles are
    counted.
    """
    # The condition on the language makes the index usable that begins with it.
    articles = Article.objects.public().filter(language__in=Language.values)
    numbers = (
        articles.annotate(section=(F("pk") - 1) / SECTION_SIZE + 1)
        .order_by("section")
        .values_list("section", flat=True)
    )
    return list(numbers.distinct())


def _outside(number: int) -> tuple[Q, Q]:
    """Conditions for articles of the sections before and after this one."""
    return Q(pk__lte=(number - 1) * SECTION_SIZE), Q(pk__gt=number * SECTION_SIZE)


def _fixed_entries() -> Iterator[Entry]:
    """Home pages, topics, authors and pages."""
    yield from _entries_in_both_languages("home")
    for slug in Topic.objects.values_list("slug", flat=True):
        yield from _entries_in_both_languages("topic", slug)
    for slug in Author.objects.published().values_list("slug", flat=True):
        yield from _entries_in_both_languages("author", slug)
    other = Page.objects.filter(translation_key=OuterRef("translation_key")).exclude(pk=OuterRef("pk"))
    pages = Page.objects.annotate(other_slug=Subquery(other.values("slug")[:1]))
    for language, slug, other_slug in pages.values_list("language", "slug", "other_slug"):
        yield _urls_per_language("page", language, slug, other_slug), None


def _article_entries(number: int) -> Iterator[Entry]:
    before, after = _outside(number)
    articles = Article.objects.public().annotate(changed_at=Coalesce("updated_at", "publish_at"))
    # Not ~(before | after), which would use no index.
    in_section = articles.filter(pk__gt=(number - 1) * SECTION_SIZE, pk__lte=number * SECTION_SIZE)
    rows = in_section.order_by("pk").values_list("translation_key", "language", "slug", "changed_at")
    slugs = {(key, language): slug for key, language, slug, _changed_at in rows}
    slugs |= _translations_elsewhere(slugs, before | after)
    for key, language, slug, changed_at in rows:
        other_slug = slugs.get((key, other_language(language)))
        yield _urls_per_language("article", language, slug, other_slug), changed_at


def _translations_elsewhere(slugs: dict[tuple[UUID, str], str], elsewhere: Q) -> dict[tuple[UUID, str], str]:
    """Slugs of translations in other sections: mostly few, since both languages are written together."""
    untranslated = [key for key, language in slugs if (key, other_language(language)) not in slugs]
    others = Article.objects.public().filter(elsewhere, translation_key__in=untranslated).order_by()
    return {
        (key, language): slug
        for key, language, slug in others.values_list("translation_key", "language", "slug")
    }


def _entries_in_both_languages(name: str, *args: object) -> Iterator[Entry]:
    urls = urls_per_language(name, *args)
    for language in urls:
        yield {language: urls[language], **urls}, None


def _urls_per_language(name: str, language: str, slug: str, other_slug: str | None) -> dict[str, str]:
    urls = {language: article_url(name, slug, language=language)}
    if other_slug:
        other = other_language(language)
        urls[other.value] = article_url(name, other_slug, language=other)
    return urls


def _urlset(entries: Iterable[Entry]) -> HttpResponse:
    body, xml = _document("urlset")
    for urls, changed_at in entries:
        xml.startElement("url", {})
        xml.addQuickElement("loc", site_url(next(iter(urls.values()))))
        if changed_at is not None:
            xml.addQuickElement("lastmod", changed_at.isoformat(timespec="seconds"))
        for language, url in urls.items() if len(urls) > 1 else ():
            xml.addQuickElement(
                "xhtml:link",
                attrs={"rel": "alternate", "hreflang": language, "href": site_url(url)},
            )
        xml.endElement("url")
    xml.endElement("urlset")
    return HttpResponse(body.getvalue(), content_type="application/xml")


def _index(sections: Iterable[int]) -> HttpResponse:
    body, xml = _document("sitemapindex")
    for number in sections:
        xml.startElement("sitemap", {})
        xml.addQuickElement("loc", site_url(f"/sitemap-{number}.xml"))
        xml.endElement("sitemap")
    xml.endElement("sitemapindex")
    return HttpResponse(body.getvalue(), content_type="application/xml")


def _document(root: str) -> tuple[BytesIO, SimplerXMLGenerator]:
    body = BytesIO()
    xml = SimplerXMLGenerator(body, "utf-8")
    xml.startDocument()
    xml.startElement(root, XMLNS)
    return body, xml
