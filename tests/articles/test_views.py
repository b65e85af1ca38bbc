"""The pages of articles and other texts, the frame of every page, and invalid URLs."""

import re
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from articles.services import publish, save_draft, save_page, take_down
from tests.factories import (
    make_article,
    make_author,
    make_comment,
    make_image,
    make_page,
    make_publication,
    make_topic,
)

pytestmark = pytest.mark.django_db


def test_article_page_is_marked_up_for_programs(stranger):
    authors = [make_author("lin", name_en="Lin Yuqing"), make_author("feld", name_en="Marcus Feld")]
    article = make_article("claims", title="Claims & <forms>", authors=authors, cover=make_image())
    page = stranger.get("/articles/claims/").content.decode()

    assert page.count('<article class="article" lang="en">') == 1
    assert "<h1>Claims &amp; &lt;forms&gt;</h1>" in page
    assert page.index('<a rel="author" href="/authors/lin/">Lin Yuqing</a>') < page.index(
        '<a rel="author" href="/authors/feld/">Marcus Feld</a>'
    )
    assert f'<time datetime="{timezone.localtime(article.publish_at).isoformat()}">' in page
    assert '<link rel="canonical" href="http://testserver/articles/claims/">' in page
    assert '<h2 id="s-first">First</h2>' in page


def test_article_element_contains_only_the_article(stranger):
    topic, author = make_topic("patents"), make_author("lin")
    article = make_article("claims", topics=[topic], authors=[author])
    make_article("related", topics=[topic], authors=[make_author("feld")])
    make_comment(article)
    html = stranger.get("/articles/claims/").content.decode()
    assert "/articles/related/" in html
    (start,) = [match.start() for match in re.finditer(r"<article\b[^>]*\slang=", html)]
    element = html[start : html.index("</article>", start)]
    assert len(re.findall(r"<h1\b", html)) == len(re.findall(r"<h1\b", element)) == 1
    assert re.findall(r'rel="author" href="([^"]*)"', element) == ["/authors/lin/"]
    assert f'<time datetime="{timezone.localtime(article.publish_at).isoformat()}' in element
    discussion = html[html.index('<section id="discussion"') :]
    assert re.findall(r'<article\b[^>]*\sid="(comment-\d+)"', discussion) == [
        f"comment-{article.comments.get().pk}"
    ]


def test_canonical_url_of_the_article_is_used(stranger):
    make_article("claims", canonical_url="https://elsewhere.example/claims")
    assert (
        '<link rel="canonical" href="https://elsewhere.example/claims">'
        in stranger.get("/articles/claims/").content.decode()
    )


def test_translations_link_to_each_other(stranger):
    english = make_article("claims")
    make_article("权利要求", language="zh-hans", translation_key=english.translation_key)
    chinese_url = "/zh-hans/articles/" + quote("权利要求") + "/"

    for path in ("/articles/claims/", chinese_url):
        page = stranger.get(path).content.decode()
        assert '<link rel="alternate" hreflang="en" href="http://testserver/articles/claims/">' in page
        assert f'<link rel="alternate" hreflang="zh-hans" href="http://testserver{chinese_url}">' in page
    assert stranger.get("/articles/claims/").context["other_language"]["url"] == chinese_url


def test_article_without_translation_has_no_alternate(stranger):
    make_article("claims")
    response = stranger.get("/articles/claims/")
    assert 'rel="alternate" hreflang' not in response.content.decode()
    assert response.context["other_language"]["url"] == "/zh-hans/"


def test_article_is_404_under_the_other_language(stranger):
    make_article("claims")
    make_article("权利要求", language="zh-hans")
    assert stranger.get("/zh-hans/articles/claims/").status_code == 404
    assert stranger.get("/articles/权利要求/").status_code == 404


def test_related_articles_are_the_nearest_older_ones_of_its_topics(stranger):
    topic = make_topic()
    for n in range(1, 7):
        make_article(f"a{n}", publish_at=timezone.now() - timedelta(days=n), topics=[topic])
    make_article("other-topic", topics=[make_topic()])
    make_article("中文", language="zh-hans", topics=[topic])

    def related(slug: str) -> list[str]:
        return [other.slug for other in stranger.get(f"/articles/{slug}/").context["related"]]

    assert related("a1") == ["a2", "a3", "a4"]
    assert related("a4") == ["a3", "a5", "a6"]
    assert related("a6") == ["a3", "a4", "a5"]
    assert related("other-topic") == []


def test_chinese_pages_write_dates_in_chinese(stranger):
    when = datetime(2026, 9, 14, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    make_article("权利要求", language="zh-hans", publish_at=when)
    make_article("claims", publish_at=when)

    assert "2026年9月14日 08:30" in stranger.get("/zh-hans/articles/权利要求/").content.decode()
    assert "2026年9月14日" in stranger.get("/zh-hans/archive/2026/").content.decode()
    assert "2026年9月" in stranger.get("/zh-hans/archive/2026/09/").content.decode()
    assert "2026年" not in stranger.get("/articles/claims/").content.decode()


def test_old_slug_redirects_to_the_current_url(stranger):
    article = make_article("a")
    for slug in ("b", "新-c"):
        save_draft(article, slug=slug)
        publish(article)

    for old in ("a", "b"):
        response = stranger.get(f"/articles/{old}/")
        assert (response.status_code, response["Location"]) == (301, "/articles/" + quote("新-c") + "/")
        assert response["Cache-Control"] == "no-cache"
    assert stranger.get("/zh-hans/articles/a/").status_code == 404


def test_reused_slug_does_not_redirect(stranger):
    article = make_article("a")
    for slug in ("b", "a"):
        save_draft(article, slug=slug)
        publish(article)

    assert stranger.get("/articles/a/").status_code == 200
    assert stranger.get("/articles/b/")["Location"] == "/articles/a/"


def test_expired_article_is_410_without_its_title(stranger):
    article = make_article("gone", title="Secret title")
    save_draft(article, slug="gone-2")
    publish(article)
    take_down(article)

    response = stranger.get("/articles/gone-2/")
    assert response.status_code == 410
    assert "taken down" in response.content.decode()
    assert "Secret title" not in response.content.decode()
    assert stranger.get("/articles/gone/")["Location"] == "/articles/gone-2/"


def test_page_is_rendered_and_links_to_its_translation(stranger):
    page = make_page("about", title="About us", body="We **write**.")
    save_page(page)
    make_page("关于", title="关于", language="zh-hans", translation_key=page.translation_key)

    response = stranger.get("/about/")
    assert "<p>We <strong>write</strong>.</p>" in response.content.decode()
    assert response.context["other_language"]["url"] == "/zh-hans/" + quote("关于") + "/"
    assert stranger.get("/zh-hans/about/").status_code == 404


def test_page_frame_is_in_the_language_of_the_page(stranger):
    make_publication("en", tagline="Crouching Tiger")
    make_publication("zh-hans", tagline="卧虎")
    make_topic("patents", name_en="Patents", name_zh="专利")
    make_page("about", title="About")

    english, chinese = (stranger.get(path).content.decode() for path in ("/", "/zh-hans/"))

    assert all(words in english for words in ("Crouching Tiger", "Patents", "About"))
    assert all(words in chinese for words in ("卧虎", "专利"))
    assert "About" not in chinese


@pytest.mark.parametrize(
    "path",
    ["/articles/claims", "/zh-hans/articles/%E6%9D%83", "/topics/patents", "/page/2", "/zh-hans", "/feed"],
)
def test_missing_final_slash_redirects(path, stranger):
    response = stranger.get(path + "?a=b")
    assert (response.status_code, response["Location"]) == (301, path + "/?a=b")


def test_post_without_final_slash_redirects_with_308(stranger):
    make_article("claims")
    response = stranger.post("/articles/claims/comments", {"body": "words"})
    assert (response.status_code, response["Location"]) == (308, "/articles/claims/comments/")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/fr/",
            "/fr/articles/claims/",
            "/en/",
            "/en/articles/claims/",
            "/zh/",
            "/zh-hant/",
            "/zh-hans/zh-hans/",
            "/ZH-HANS/",
        ),
        *(
            "/articles/",
            "/articles/none/",
            "/articles/claim/",
            "/articles/claims/x/",
            "/articles/claims.html/",
            "/articles/../claims/",
        ),
        *(
            "/articles/%00/",
            "/articles/a%00b/",
            "/articles/%ED%A0%80/",
            "/articles/%FF/",
            "/articles/%2e%2e/",
            "/articles/a%2Fb/",
        ),
        *(
            "/articles/a%0Ab/",
            "/articles/%E2%80%AE/",
            "/articles/" + "%E5%AD%97" * 80 + "/",
            "/articles/" + "x" * 10_000 + "/",
        ),
        *(
            "/topics/none/",
            "/topics/none/feed/",
            "/authors/none/",
            "/none/",
            "/%00/",
            "/%ED%A0%80/",
            "/sitemap-0.xml",
            "/sitemap-1.xml",
        ),
        *(
            "/archive/",
            "/archive/2026/1/",
            "/archive/2026/00/",
            "/preview/x/",
            "/preview/%00/",
            "/page/",
            "/topics/none/page/2/",
        ),
    ],
)
def test_invalid_url_is_404_with_a_page(path, stranger):
    make_article("claims")
    response = stranger.get(path)
    assert response.status_code == 404
    assert "<h1>" in response.content.decode()


def test_slug_of_240_bytes_has_a_page(stranger):
    make_article("字" * 80, language="zh-hans")
    assert stranger.get("/zh-hans/articles/" + quote("字" * 80) + "/").status_code == 200


def test_unknown_chinese_page_is_404_in_chinese(stranger):
    response = stranger.get("/zh-hans/没有/")
    assert response.status_code == 404
    assert '<html lang="zh-hans">' in response.content.decode()


@pytest.mark.parametrize("host", ["evil.example", "a b", "testserver.evil.example", "[::1", ""])
def test_other_hosts_get_400(host, stranger):
    assert stranger.get("/", headers={"host": host}).status_code == 400


def test_pages_do_not_contain_the_host_header(stranger, settings):
    settings.ALLOWED_HOSTS = ["*"]
    make_article("claims")
    for path in (
        "/",
        "/articles/claims/",
        "/feed/",
        "/sitemap.xml",
        "/robots.txt",
        "/search/?q=claims",
        "/none/",
    ):
        assert b"other.example" not in stranger.get(path, headers={"host": "other.example"}).content


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_public_pages_refuse_other_methods(method, stranger):
    assert getattr(stranger, method)("/").status_code == 405


def test_head_returns_no_content(stranger):
    make_article("claims")
    response = stranger.head("/articles/claims/")
    assert (response.status_code, response.content) == (200, b"")


def test_server_error_page_does_not_show_the_cause(stranger, monkeypatch):
    monkeypatch.delattr("articles.models.ArticleQuerySet.public")
    stranger.raise_request_exception = False
    response = stranger.get("/")
    assert response.status_code == 500
    assert "<h1>" in response.content.decode()
    assert "AttributeError" not in response.content.decode()


def test_search_links_to_the_same_search_in_the_other_language(stranger, db):
    response = stranger.get("/search/", {"q": "专利 & co"})
    assert response.context["other_language"]["url"] == "/zh-hans/search/?q=%E4%B8%93%E5%88%A9+%26+co"
    assert stranger.get("/search/").context["other_language"]["url"] == "/zh-hans/search/"


def test_names_and_titles_of_the_other_language_are_marked(client):
    author = make_author(name_en="Ann Lee", name_zh="")
    text = {"title": "读 The Long Tail of Things", "summary": "关于 a method of doing business 的争论"}
    article = make_article(language="zh-hans", authors=[author], **text)

    html = client.get(article.get_absolute_url()).content.decode()

    assert '<h1>读 <span lang="en">The Long Tail of Things</span></h1>' in html
    assert '关于 <span lang="en">a method of doing business</span> 的争论</p>' in html
    assert html.count('rel="author" href="/zh-hans/authors/') == 1
    assert '<span lang="en">Ann Lee</span></a>' in html


def test_the_title_of_an_english_article_stays_escaped_beside_marked_words(client):
    article = make_article(title="What 其特征在于 <means> & more")
    for url in (article.get_absolute_url(), "/"):
        html = client.get(url).content.decode()
        assert 'What <span lang="zh-Hans">其特征在于</span> &lt;means&gt; &amp; more' in html
