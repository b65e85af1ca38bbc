"""The feeds, the sitemap and robots.txt, parsed."""

from datetime import timedelta
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from articles import sitemaps
from articles.services import publish, save_draft, take_down
from tests.factories import make_article, make_author, make_image, make_page, make_publication, make_topic

pytestmark = pytest.mark.django_db

ATOM = {"a": "http://www.w3.org/2005/Atom"}
MAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def feed(client, path: str) -> ElementTree.Element:
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content)


def texts(element: ElementTree.Element, path: str) -> list[str]:
    return [child.text for child in element.findall(path, ATOM)]


def test_feed_has_the_full_text_and_all_authors(stranger):
    make_publication("en", name="ICTiger", tagline="Tigers & <ideas>")
    authors = [make_author("lin", name_en="Lin Yuqing"), make_author("feld", name_en="Marcus Feld")]
    article = make_article(
        "claims",
        title="A < B",
        summary="C < D",
        body="Some **text**.",
        authors=authors,
        topics=[make_topic("patents")],
    )

    root = feed(stranger, "/feed/")
    entry = root.find("a:entry", ATOM)

    assert texts(root, "a:title") == ["ICTiger"]
    assert texts(root, "a:subtitle") == ["Tigers & <ideas>"]
    assert texts(entry, "a:title") == ["A < B"]
    assert texts(entry, "a:summary") == ["C &lt; D"]
    assert texts(entry, "a:content") == ["<p>Some <strong>text</strong>.</p>"]
    assert texts(entry, "a:author/a:name") == ["Lin Yuqing", "Marcus Feld"]
    assert texts(entry, "a:published") == [article.publish_at.isoformat()]
    assert entry.find("a:link", ATOM).get("href") == "http://testserver/articles/claims/"
    assert root.find("a:link[@rel='self']", ATOM).get("href") == "http://testserver/feed/"


def test_feed_has_absolute_urls(stranger):
    make_image("images/a.png", width=10, height=10)
    make_article(
        "a",
        body=(
            '[x](/about/) ![p](/media/images/a.png) Note[^1]. `href="/b"` '
            "[out](https://example.org/)\n\n[^1]: N."
        ),
    )
    content = texts(feed(stranger, "/feed/"), "a:entry/a:content")[0]

    assert 'href="http://testserver/about/"' in content
    assert 'src="http://testserver/media/images/a.png"' in content
    assert 'href="http://testserver/articles/a/#s-fn:1"' in content
    assert 'href="/b"</code>' in content
    assert 'href="https://example.org/"' in content


def test_entry_id_survives_a_new_slug(stranger):
    article = make_article("a")
    before = texts(feed(stranger, "/feed/"), "a:entry/a:id")
    save_draft(article, slug="b", body="Changed.")
    publish(article)

    entry = feed(stranger, "/feed/").find("a:entry", ATOM)
    assert texts(entry, "a:id") == before
    assert before[0].startswith("urn:uuid:")
    assert texts(entry, "a:updated") == [article.updated_at.isoformat()]


def test_translations_have_different_entry_ids(stranger):
    english = make_article("a")
    make_article("甲", language="zh-hans", translation_key=english.translation_key)
    assert texts(feed(stranger, "/feed/"), "a:entry/a:id") != texts(
        feed(stranger, "/zh-hans/feed/"), "a:entry/a:id"
    )


def test_topic_and_author_feeds_contain_their_articles(stranger):
    topic, author = make_topic("patents"), make_author("lin", name_zh="林雨青")
    make_article("other")
    make_article("by-topic", topics=[topic])
    make_article("by-author", authors=[author])
    make_article("中文", language="zh-hans", topics=[topic], authors=[author])

    def links(path: str) -> list[str]:
        return sorted(
            link.get("href").removeprefix("http://testserver")
            for link in feed(stranger, path).findall("a:entry/a:link", ATOM)
        )

    assert links("/topics/patents/feed/") == ["/articles/by-topic/"]
    assert links("/authors/lin/feed/") == ["/articles/by-author/"]
    assert (
        links("/zh-hans/authors/lin/feed/")
        == links("/zh-hans/feed/")
        == ["/zh-hans/articles/" + quote("中文") + "/"]
    )
    assert (
        feed(stranger, "/zh-hans/authors/lin/feed/").get("{http://www.w3.org/XML/1998/namespace}lang")
        == "zh-hans"
    )


def test_feed_contains_the_newest_twenty(stranger):
    for n in range(22):
        make_article(f"a{n}", publish_at=timezone.now() - timedelta(days=n))
    links = [link.get("href") for link in feed(stranger, "/feed/").findall("a:entry/a:link", ATOM)]
    assert links == [f"http://testserver/articles/a{n}/" for n in range(20)]


def test_empty_feed_is_valid_and_constant(stranger, time_machine):
    first = stranger.get("/feed/").content
    time_machine.move_to(timezone.now() + timedelta(days=1))
    assert stranger.get("/feed/").content == first
    assert texts(ElementTree.fromstring(first), "a:updated") == ["1970-01-01T00:00:00+00:00"]


def test_feed_drops_characters_that_xml_forbids(stranger):
    make_article("a", topics=[make_topic("t", name_en="Bell \x07")], title="Esc \x1b")
    assert texts(feed(stranger, "/topics/t/feed/"), "a:entry/a:title") == ["Esc "]


def locations(client, path: str = "/sitemap.xml") -> dict[str, dict[str, str]]:
    """Each URL of the sitemap, with its translations by language."""
    response = client.get(path)
    assert response["Content-Type"] == "application/xml"
    elements = ElementTree.fromstring(response.content).findall("s:url", MAP)
    return {
        url.find("s:loc", MAP).text: {
            link.get("hreflang"): link.get("href") for link in url.findall("x:link", MAP)
        }
        for url in elements
    }


def test_sitemap_lists_every_page_with_its_translations(stranger):
    author = make_author("lin")
    english = make_article("claims", authors=[author], topics=[make_topic("patents")])
    make_article("权利要求", language="zh-hans", translation_key=english.translation_key)
    make_article("alone")
    page = make_page("about")
    make_page("关于", language="zh-hans", translation_key=page.translation_key)

    site = "http://testserver"
    chinese = f"{site}/zh-hans/articles/{quote('权利要求')}/"
    urls = locations(stranger)

    both = {"en": f"{site}/articles/claims/", "zh-hans": chinese}
    assert urls[f"{site}/articles/claims/"] == urls[chinese] == both
    assert urls[f"{site}/articles/alone/"] == {}
    assert urls[f"{site}/about/"] == {"en": f"{site}/about/", "zh-hans": f"{site}/zh-hans/{quote('关于')}/"}
    assert urls[f"{site}/"] == {"en": f"{site}/", "zh-hans": f"{site}/zh-hans/"}
    for path in ("topics/patents/", "authors/lin/"):
        assert f"{site}/{path}" in urls
        assert f"{site}/zh-hans/{path}" in urls
    assert len(urls) == 11


def test_every_sitemap_url_is_canonical(stranger):
    english = make_article("claims", authors=[make_author("lin")], topics=[make_topic("patents")])
    make_article(
        "权利要求", language="zh-hans", translation_key=english.translation_key, authors=[make_author("周")]
    )
    make_page("about")
    for location in locations(stranger):
        page = stranger.get(location.removeprefix("http://testserver"))
        assert page.status_code == 200
        assert f'<link rel="canonical" href="{location}">' in page.content.decode()


def test_large_sitemap_is_an_index_of_sections(stranger, monkeypatch):
    articles = [make_article(f"a{n}") for n in range(6)]
    monkeypatch.setattr(sitemaps, "SECTION_SIZE", 2)
    numbers = list(dict.fromkeys((article.pk - 1) // 2 + 1 for article in articles))

    index = ElementTree.fromstring(stranger.get("/sitemap.xml").content)
    parts = [loc.text.removeprefix("http://testserver") for loc in index.findall("s:sitemap/s:loc", MAP)]
    assert parts == [f"/sitemap-{number}.xml" for number in numbers]
    named = [location for part in parts for location in locations(stranger, part)]
    assert [location for location in named if "/articles/" in location] == [
        f"http://testserver/articles/a{n}/" for n in range(6)
    ]
    assert (named.count("http://testserver/"), "http://testserver/" in locations(stranger, parts[0])) == (
        1,
        True,
    )
    for number in (0, numbers[0] - 1, numbers[-1] + 1, 10**30):
        assert stranger.get(f"/sitemap-{number}.xml").status_code == 404


def test_sitemap_section_does_not_change_when_other_articles_go(stranger, monkeypatch):
    articles = [make_article(f"a{n}") for n in range(6)]
    monkeypatch.setattr(sitemaps, "SECTION_SIZE", 2)
    last = f"/sitemap-{(articles[-1].pk - 1) // 2 + 1}.xml"
    before = stranger.get(last).content
    take_down(articles[0])
    assert stranger.get(last).content == before


def test_translations_are_linked_across_sitemap_sections(stranger, monkeypatch):
    english = make_article("a", language="en")
    make_article("b")
    chinese = make_article("c", language="zh-hans", translation_key=english.translation_key)
    monkeypatch.setattr(sitemaps, "SECTION_SIZE", 1)
    both = {"en": "http://testserver/articles/a/", "zh-hans": "http://testserver/zh-hans/articles/c/"}
    assert locations(stranger, f"/sitemap-{english.pk}.xml")[both["en"]] == both
    assert locations(stranger, f"/sitemap-{chinese.pk}.xml")[both["zh-hans"]] == both


def test_robots_names_the_sitemap_and_disallows_forms(stranger):
    lines = stranger.get("/robots.txt").content.decode().splitlines()
    assert "Sitemap: http://testserver/sitemap.xml" in lines
    assert "Disallow: /zh-hans/accounts/" in lines
    assert "Disallow: /" not in lines


@pytest.mark.parametrize("path", ["/sitemap.xml", "/sitemap-1.xml", "/robots.txt"])
def test_crawler_is_not_sent_what_it_has(stranger, path, monkeypatch):
    monkeypatch.setattr(sitemaps, "SECTION_SIZE", 1 if "-" in path else 1_000)
    articles = [make_article("a"), make_article("b")]
    path = path.replace("-1", f"-{articles[0].pk}")
    first = stranger.get(path)

    again = stranger.get(path, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert stranger.get(path, headers={"if-none-match": '"other"'}).content == first.content
    if path != "/robots.txt":
        take_down(articles[1])
        make_page("about")
        assert stranger.get("/sitemap.xml", headers={"if-none-match": first["ETag"]}).status_code == 200
