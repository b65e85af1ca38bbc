"""Articles first published on another site: what the page and the sitemap tell search engines."""

import json
import re
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from articles import sitemaps
from articles.models import Article
from articles.services import publish, save_draft
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article

from .test_feeds import MAP, locations

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _site_with_a_domain(settings):
    """The field takes no address without one."""
    settings.SITE_URL = "https://publication.example"


ELSEWHERE = "https://example.org/first/"
HERE = "https://publication.example/articles/a/"


def head_of(client, path: str) -> dict[str, object]:
    """What the page of an article tells search engines."""
    page = client.get(path).content.decode()
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    return {
        "canonical": re.findall(r'<link rel="canonical" href="([^"]*)"', page),
        "og:url": re.findall(r'property="og:url" content="([^"]*)"', page),
        "hreflang": dict(re.findall(r'<link rel="alternate" hreflang="([^"]*)" href="([^"]*)"', page)),
        "JSON-LD": [data["mainEntityOfPage"], data["url"]],
    }


def pair(**fields: str) -> tuple[Article, Article]:
    """An English article with the fields, and its Chinese translation."""
    english = make_article("a", **fields)
    return english, make_article("甲", language="zh-hans", translation_key=english.translation_key)


def test_copy_names_its_first_publication_everywhere(stranger):
    make_article("a", canonical_url=ELSEWHERE)
    assert head_of(stranger, "/articles/a/") == {
        "canonical": [ELSEWHERE],
        "og:url": [ELSEWHERE],
        "hreflang": {},
        "JSON-LD": [ELSEWHERE, ELSEWHERE],
    }
    assert HERE not in locations(stranger)


def test_hreflang_goes_between_canonical_pages_only(stranger):
    pair(canonical_url=ELSEWHERE)
    chinese = f"https://publication.example/zh-hans/articles/{quote('甲')}/"

    for path in ("/articles/a/", "/zh-hans/articles/甲/"):
        assert head_of(stranger, path)["hreflang"] == {}
        assert 'class="article-translation"' in stranger.get(path).content.decode()
    assert head_of(stranger, "/zh-hans/articles/甲/")["canonical"] == [chinese]
    urls = locations(stranger)
    assert (HERE in urls, urls[chinese]) == (False, {})


def test_hreflang_of_canonical_pages_stays(stranger):
    pair()
    chinese = f"https://publication.example/zh-hans/articles/{quote('甲')}/"
    assert head_of(stranger, "/articles/a/")["hreflang"] == {"en": HERE, "zh-hans": chinese}


@pytest.mark.parametrize(
    "spelling",
    [
        HERE,
        HERE.rstrip("/"),
        HERE.replace("https:", "http:"),
        "HTTPS://PUBLICATION.EXAMPLE:443/articles/a/",
        f"{HERE}?utm_source=x#top",
        "https://publication.example/articles/%61/",
    ],
)
def test_own_address_counts_as_none(spelling, stranger):
    make_article("a", canonical_url=spelling)
    head = head_of(stranger, "/articles/a/")
    assert (head["canonical"], head["og:url"], head["JSON-LD"]) == ([HERE], [HERE], [HERE, HERE])
    assert HERE in locations(stranger)


@pytest.mark.parametrize("spelling", [quote("café-甲"), quote("cafe\u0301-甲"), "café-甲"])
def test_own_address_is_recognised_in_any_encoding(spelling):
    article = make_article("café-甲", canonical_url=f"https://publication.example/articles/{spelling}/")
    assert article.canonical_elsewhere == ""


def test_own_address_of_before_a_new_slug_counts_as_none(stranger):
    article = make_article("old", canonical_url="https://publication.example/articles/old/")
    save_draft(article, slug="a")
    publish(article)
    assert head_of(stranger, "/articles/a/")["canonical"] == [HERE]
    assert HERE in locations(stranger)


@pytest.mark.parametrize(
    "url",
    [
        "https://publication.example/articles/other/",
        "https://publication.example/zh-hans/articles/a/",
        "https://publication.example:8000/articles/a/",
        "https://publication.example.example.org/articles/a/",
        "http://example.org/articles/a/",
    ],
)
def test_other_pages_are_canonical_pages_elsewhere(url, stranger):
    make_article("a", canonical_url=url)
    assert head_of(stranger, "/articles/a/")["canonical"] == [url]
    assert HERE not in locations(stranger)


@pytest.mark.parametrize("url", ["http://[::1", "http://a:b/", "https://publication.example:99999/", "x"])
def test_malformed_address_breaks_nothing(url, stranger):
    """The field's validator refuses them; rows may be older than it."""
    article = make_article("a")
    with public_write(article):
        Article.objects.filter(pk=article.pk).update(canonical_url=url)
    assert head_of(stranger, "/articles/a/")["canonical"] == [url]
    assert HERE not in locations(stranger)


def test_section_of_copies_alone_is_not_in_the_index(stranger, monkeypatch):
    articles = [make_article(f"a{n}", canonical_url=ELSEWHERE if n in (0, 1, 3) else "") for n in range(7)]
    monkeypatch.setattr(sitemaps, "SECTION_SIZE", 1)
    index = ElementTree.fromstring(stranger.get("/sitemap.xml").content)
    parts = [
        loc.text.removeprefix("https://publication.example") for loc in index.findall("s:sitemap/s:loc", MAP)
    ]

    assert parts == [f"/sitemap-{articles[n].pk}.xml" for n in (2, 4, 5, 6)]
    assert stranger.get(f"/sitemap-{articles[0].pk}.xml").status_code == 404
    assert stranger.get(f"/sitemap-{articles[3].pk}.xml").status_code == 404
    assert "https://publication.example/" in locations(stranger, parts[0])  # the pages that are no articles


def test_site_of_copies_alone_has_a_sitemap(stranger):
    make_article("a", canonical_url=ELSEWHERE)
    assert list(locations(stranger)) == [
        "https://publication.example/",
        "https://publication.example/zh-hans/",
    ]
