"""What search engines may read: the sitemap, with each page's version in the other language, and robots.txt."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.xmlutils import SimplerXMLGenerator

from ictiger.delivery.decorators import public_page
from ictiger.languages import Language

from .links import absolute, address, everywhere, other_than
from .models import Article, Author, Page, Topic

SECTION = 10_000  # articles in a file; a sitemap may have 50,000 addresses
XMLNS = {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9", "xmlns:xhtml": "http://www.w3.org/1999/xhtml"}

# For people and their browsers. Drafts need no line here: their links cannot be guessed, and say noindex.
NOT_FOR_ROBOTS = ["accounts/", "admin/", "comments/", "me/", "search/", "articles/*/comments/new/"]

Entry = tuple[dict[str, str], datetime | None]  # the addresses by language, the first of them the entry's own; when it changed


@public_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """One file while there are few articles; then an index of files."""
    sections = _number_of_sections()
    if sections > 1:
        return _index(sections)
    return _urlset([*_fixed_entries(), *_article_entries(1)])


@public_page
def section(request: HttpRequest, number: int) -> HttpResponse:
    """Of an index: the pages beside the articles, and the first articles; then the next."""
    sections = _number_of_sections()
    if not 1 <= number <= sections or sections == 1:
        raise Http404("no such part of the sitemap")
    return _urlset([*(_fixed_entries() if number == 1 else ()), *_article_entries(number)])


@public_page
def robots(request: HttpRequest) -> HttpResponse:
    prefixes = dict.fromkeys(address("home", language=language) for language in Language.values)
    lines = ["User-agent: *", *(f"Disallow: {prefix}{path}" for prefix in prefixes for path in NOT_FOR_ROBOTS)]
    lines += ["", f"Sitemap: {absolute('/sitemap.xml')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _number_of_sections() -> int:
    return max(1, -(-Article.objects.public().count() // SECTION))


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
    other = Article.objects.public().filter(translation_key=OuterRef("translation_key")).exclude(pk=OuterRef("pk"))
    articles = Article.objects.public().annotate(
        other_slug=Subquery(other.values("slug")[:1]), changed_at=Coalesce("updated_at", "publish_at")
    )
    rows = articles.order_by("pk").values_list("language", "slug", "other_slug", "changed_at")
    for language, slug, other_slug, changed_at in rows[(number - 1) * SECTION : number * SECTION]:
        yield _addresses("article", language, slug, other_slug), changed_at


def _in_both(name: str, *args: object) -> Iterator[Entry]:
    addresses = everywhere(name, *args)
    for language in addresses:
        yield {language: addresses[language], **addresses}, None


def _addresses(name: str, language: str, slug: str, other_slug: str | None) -> dict[str, str]:
    own = {language: address(name, slug, language=language)}
    other = other_than(language)
    return own | ({other.value: address(name, other_slug, language=other)} if other_slug else {})


def _urlset(entries: Iterable[Entry]) -> HttpResponse:
    body, xml = _document("urlset")
    for addresses, changed_at in entries:
        xml.startElement("url", {})
        xml.addQuickElement("loc", absolute(next(iter(addresses.values()))))
        if changed_at is not None:
            xml.addQuickElement("lastmod", changed_at.isoformat(timespec="seconds"))
        for language, url in addresses.items() if len(addresses) > 1 else ():
            xml.addQuickElement("xhtml:link", attrs={"rel": "alternate", "hreflang": language, "href": absolute(url)})
        xml.endElement("url")
    xml.endElement("urlset")
    return HttpResponse(body.getvalue(), content_type="application/xml")


def _index(sections: int) -> HttpResponse:
    body, xml = _document("sitemapindex")
    for number in range(1, sections + 1):
        xml.startElement("sitemap", {})
        xml.addQuickElement("loc", absolute(f"/sitemap-{number}.xml"))
        xml.endElement("sitemap")
    xml.endElement("sitemapindex")
    return HttpResponse(body.getvalue(), content_type="application/xml")


def _document(root: str) -> tuple[BytesIO, SimplerXMLGenerator]:
    body = BytesIO()
    xml = SimplerXMLGenerator(body, "utf-8")
    xml.startDocument()
    xml.startElement(root, XMLNS)
    return body, xml
