"""The sitemap, with each page's version in the other language, and robots.txt.

They are made for each request, since a path with a dot is not stored. Their ETag is that of their content, so
crawlers that have them are sent nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import conditional_page

from ictiger.core.languages import Language
from ictiger.core.site_url import site_url
from ictiger.pagecache.decorators import public_page

from .links import article_url, other_language, urls_per_language
from .models import Article, ArticleQuerySet, Author, Page, Topic

# Primary keys of articles in one file. A sitemap may have 50,000 URLs, but is only sent when it is complete.
SECTION_SIZE = 1_000
XMLNS = {
    "xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "xmlns:xhtml": "http://www.w3.org/1999/xhtml",
}

# Pages of no use to search engines. Previews need no entry: their URLs cannot be guessed, and they send
# noindex.
DISALLOWED = ["accounts/", "admin/", "comments/", "me/", "search/", "articles/*/comments/new/"]

_ENTRY_FIELDS = ("pk", "translation_key", "language", "slug", "canonical_url")

# The URLs by language, the entry's own first, and the date of the last change.
Entry = tuple[dict[str, str], datetime | None]


@conditional_page
@public_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """One file for up to one section of articles, otherwise an index of files."""
    sections = _sections()
    if len(sections) > 1:
        return _index(sections)
    return _urlset([*_fixed_entries(), *(_article_entries(sections[0]) if sections else ())])


@conditional_page
@public_page
def section(request: HttpRequest, number: int) -> HttpResponse:
    """A file of the index: articles with keys in a range.

    The first one begins with all pages that are no articles.
    """
    articles = list(_article_entries(number))
    canonical = Article.objects.public().filter(~_syndicated())
    is_first, is_last = (not canonical.filter(outside).exists() for outside in _outside(number))
    if (is_first and is_last) or not (articles or number in _sections()):
        raise Http404("no such part of the sitemap")
    return _urlset([*(_fixed_entries() if is_first else ()), *articles])


@conditional_page
@public_page
def robots(request: HttpRequest) -> HttpResponse:
    prefixes = dict.fromkeys(article_url("home", language=language) for language in Language.values)
    lines = ["User-agent: *", *(f"Disallow: {prefix}{path}" for prefix in prefixes for path in DISALLOWED)]
    lines += ["", f"Sitemap: {site_url('/sitemap.xml')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _sections() -> list[int]:
    """The numbers of the sections that have articles whose canonical page is here.

    A section is a range of primary keys, so that an article stays in its section. Each half of the query
    reads an index alone: articles are wide rows.
    """
    # The condition on the language makes the index usable that begins with it.
    articles = _count_by_section(Article.objects.public().filter(language__in=Language.values), 1)
    copies = _count_by_section(Article.objects.public().filter(_syndicated()), -1)
    remaining: Counter[int] = Counter()
    for sign, section, count in articles.union(copies, all=True):
        remaining[section] += sign * count
    return sorted(section for section, count in remaining.items() if count > 0)


def _count_by_section(articles: ArticleQuerySet, sign: int) -> QuerySet:
    """Rows of `sign`, the section and the number of its articles."""
    in_sections = articles.order_by().annotate(section=(F("pk") - 1) / SECTION_SIZE + 1).values("section")
    return in_sections.annotate(count=Count("pk")).values_list(Value(sign), "section", "count")


def _syndicated() -> Q:
    """A condition for articles whose canonical page is on another site.

    It takes all that begin like our address for ours: `Article.canonical_elsewhere` decides about those.
    """
    host = urlsplit(settings.SITE_URL).hostname
    ours = Q(canonical_url__istartswith=f"http://{host}") | Q(canonical_url__istartswith=f"https://{host}")
    return ~Q(canonical_url="") & ~ours


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
    rows = in_section.order_by("pk").values_list(*_ENTRY_FIELDS, "changed_at")
    entries = {
        (key, language): (slug, changed_at)
        for pk, key, language, slug, canonical, changed_at in rows
        if not _is_copy(pk, language, slug, canonical)
    }
    slugs = {version: slug for version, (slug, _changed_at) in entries.items()}
    slugs |= _translations_elsewhere(slugs, before | after)
    for (key, language), (slug, changed_at) in entries.items():
        other_slug = slugs.get((key, other_language(language)))
        yield _urls_per_language("article", language, slug, other_slug), changed_at


def _translations_elsewhere(slugs: dict[tuple[UUID, str], str], elsewhere: Q) -> dict[tuple[UUID, str], str]:
    """Slugs of translations in other sections: mostly few, since both languages are written together."""
    untranslated = [key for key, language in slugs if (key, other_language(language)) not in slugs]
    others = Article.objects.public().filter(elsewhere, translation_key__in=untranslated).order_by()
    return {
        (key, language): slug
        for pk, key, language, slug, canonical in others.values_list(*_ENTRY_FIELDS)
        if not _is_copy(pk, language, slug, canonical)
    }


def _is_copy(pk: int, language: str, slug: str, canonical_url: str) -> bool:
    """Whether the canonical page of the article with these fields is another one."""
    if not canonical_url:
        return False
    return bool(Article(pk=pk, language=language, slug=slug, canonical_url=canonical_url).canonical_elsewhere)


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
