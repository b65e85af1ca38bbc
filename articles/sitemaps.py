"""What search engines may read: the sitemap, with each page's version in the other language, and robots.txt."""

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

from .links import article_url, other_language_url, urls_per_language
from .models import Article, Author, Page, Topic

SECTION = 1_000  # keys of articles to a file; a sitemap may have 50,000 addresses, but whoever asks for one waits for all of it
XMLNS = {
    "xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "xmlns:xhtml": "http://www.w3.org/1999/xhtml",
}

# For people and their browsers. Drafts need no line here: their links cannot be guessed, and say noindex.
DISALLOWED = ["accounts/", "admin/", "comments/", "me/", "search/", "articles/*/comments/new/"]

Entry = tuple[
    dict[str, str], datetime | None
]  # the addresses by language, the first of them the entry's own; when it changed


@public_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """One file while there are few articles; then an index of files."""
    sections = _sections()
    if len(sections) > 1:
        return _index(sections)
    return _urlset([*_fixed_entries(), *(_article_entries(sections[0]) if sections else ())])


@public_page
def section(request: HttpRequest, number: int) -> HttpResponse:
    """Of an index: the articles whose keys are between two numbers. Before the first ones, the pages beside the articles."""
    articles = list(_article_entries(number))
    is_first, is_last = (not Article.objects.public().filter(beyond).exists() for beyond in _beyond(number))
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
    """Those that have articles. Told by the keys, so that an article stays in its part, and no part is found by counting to it."""
    articles = Article.objects.public().filter(
        language__in=Language.values
    )  # by an index that begins with the language
    numbers = (
        articles.annotate(section=(F("pk") - 1) / SECTION + 1)
        .order_by("section")
        .values_list("section", flat=True)
    )
    return list(numbers.distinct())


def _beyond(number: int) -> tuple[Q, Q]:
    """Articles of the sections before and after this one."""
    return Q(pk__lte=(number - 1) * SECTION), Q(pk__gt=number * SECTION)


def _fixed_entries() -> Iterator[Entry]:
    """Home pages, topics, authors and pages."""
    yield from _in_both("home")
    for slug in Topic.objects.values_list("slug", flat=True):
        yield from _in_both("topic", slug)
    for slug in Author.objects.published().values_list("slug", flat=True):
        yield from _in_both("author", slug)
    other = Page.objects.filter(translation_key=OuterRef("translation_key")).exclude(pk=OuterRef("pk"))
    pages = Page.objects.annotate(other_slug=Subquery(other.values("slug")[:1]))
    for language, slug, other_slug in pages.values_list("language", "slug", "other_slug"):
        yield _addresses("page", language, slug, other_slug), None


def _article_entries(number: int) -> Iterator[Entry]:
    below, above = _beyond(number)
    named = Article.objects.public().annotate(changed_at=Coalesce("updated_at", "publish_at"))
    within = named.filter(
        pk__gt=(number - 1) * SECTION, pk__lte=number * SECTION
    )  # the negation of the others would use no index
    rows = within.order_by("pk").values_list("translation_key", "language", "slug", "changed_at")
    slugs = {(key, language): slug for key, language, slug, _changed_at in rows}
    slugs |= _versions_elsewhere(slugs, below | above)
    for key, language, slug, changed_at in rows:
        yield (
            _addresses("article", language, slug, slugs.get((key, other_language_url(language)))),
            changed_at,
        )


def _versions_elsewhere(slugs: dict[tuple[UUID, str], str], elsewhere: Q) -> dict[tuple[UUID, str], str]:
    """The other versions of those that have none beside them: mostly few, since both are written together."""
    alone = [key for key, language in slugs if (key, other_language_url(language)) not in slugs]
    others = Article.objects.public().filter(elsewhere, translation_key__in=alone).order_by()
    return {
        (key, language): slug
        for key, language, slug in others.values_list("translation_key", "language", "slug")
    }


def _in_both(name: str, *args: object) -> Iterator[Entry]:
    addresses = urls_per_language(name, *args)
    for language in addresses:
        yield {language: addresses[language], **addresses}, None


def _addresses(name: str, language: str, slug: str, other_slug: str | None) -> dict[str, str]:
    own = {language: article_url(name, slug, language=language)}
    other = other_language_url(language)
    return own | ({other.value: article_url(name, other_slug, language=other)} if other_slug else {})


def _urlset(entries: Iterable[Entry]) -> HttpResponse:
    body, xml = _document("urlset")
    for addresses, changed_at in entries:
        xml.startElement("url", {})
        xml.addQuickElement("loc", site_url(next(iter(addresses.values()))))
        if changed_at is not None:
            xml.addQuickElement("lastmod", changed_at.isoformat(timespec="seconds"))
        for language, url in addresses.items() if len(addresses) > 1 else ():
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
