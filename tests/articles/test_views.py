"""The pages that readers read, and the addresses that lead to them."""

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


def slugs(response) -> list[str]:
    return [article.slug for article in response.context["page_obj"]]


def several(number: int, **fields) -> None:
    """Articles a1, a2, …; a1 is the newest."""
    for n in range(1, number + 1):
        make_article(f"a{n}", publish_at=timezone.now() - timedelta(days=n), **fields)


# --- home ----------------------------------------------------------------------------------------------------------------------------


def test_home_of_a_new_publication_is_a_page(stranger):
    response = stranger.get("/")
    assert response.status_code == 200
    assert response.context["lead"] is None
    assert response.context["publication"].name == "ICTiger"


def test_home_leads_with_the_newest_featured_article_and_lists_it_nowhere_else(stranger):
    several(23)
    for slug, days in {"newer": 7.5, "older": 15.5}.items():
        make_article(slug, publish_at=timezone.now() - timedelta(days=days), featured=True)

    first, second, third = (stranger.get(path) for path in ("/", "/page/2/", "/page/3/"))

    assert [page.context["lead"] and page.context["lead"].slug for page in (first, second, third)] == [
        "newer",
        None,
        None,
    ]
    listed = [f"a{n}" for n in range(1, 16)] + ["older"] + [f"a{n}" for n in range(16, 24)]
    assert slugs(first) == listed[:10]
    assert slugs(second) == listed[10:20]
    assert slugs(third) == listed[20:]


def test_home_leads_with_the_newest_article_when_none_is_featured(stranger):
    several(3)
    response = stranger.get("/")
    assert response.context["lead"].slug == "a1"
    assert slugs(response) == ["a2", "a3"]


def test_each_language_has_its_own_home(stranger):
    make_article("english")
    make_article("中文", language="zh-hans")

    assert stranger.get("/").context["lead"].slug == "english"
    chinese = stranger.get("/zh-hans/")
    assert chinese.context["lead"].slug == "中文"
    assert chinese["Content-Language"] == "zh-hans"
    assert '<html lang="zh-hans">' in chinese.content.decode()


# --- pages of lists ------------------------------------------------------------------------------------------------------------------


LISTS = ["/", "/topics/patents/", "/authors/lin/", "/archive/2026/", "/archive/2026/03/"]


@pytest.fixture
def long_lists(db):
    """Each list of LISTS has 12 articles besides the one that leads."""
    topic, author = make_topic("patents"), make_author("lin")
    for n in range(12):
        make_article(
            f"a{n}",
            topics=[topic],
            authors=[author],
            publish_at=datetime(2026, 3, 1 + n, 12, tzinfo=ZoneInfo("Asia/Shanghai")),
        )
    make_article("lead", featured=True, publish_at=datetime(2025, 3, 1, tzinfo=ZoneInfo("Asia/Shanghai")))


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_paged_by_path(path, stranger, long_lists):
    assert slugs(stranger.get(path)) == [f"a{n}" for n in range(11, 1, -1)]
    second = stranger.get(f"{path}page/2/")
    assert slugs(second) == ["a1", "a0"]
    assert f'href="{path}"' in second.content.decode()
    assert f'<link rel="canonical" href="http://testserver{path}page/2/">' in second.content.decode()


@pytest.mark.parametrize("path", LISTS)
def test_page_numbers_have_one_spelling(path, stranger, long_lists):
    for typed, canonical in {"1": "", "01": "", "02": "page/2/", "0002": "page/2/"}.items():
        response = stranger.get(f"{path}page/{typed}/")
        assert (response.status_code, response["Location"]) == (301, path + canonical)


@pytest.mark.parametrize("path", LISTS)
def test_pages_that_are_not_there_are_404(path, stranger, long_lists):
    for number in ["0", "00", "3", "999999999", "1000000000", "9" * 5000, "-1", "1.0", "x", "２", "+2"]:
        assert stranger.get(f"{path}page/{number}/").status_code == 404, number


def test_a_query_changes_nothing_on_a_public_page(stranger, long_lists):
    assert stranger.get("/?page=2&q=x").content == stranger.get("/").content


@pytest.mark.parametrize(
    "path",
    [
        "/archive/2024/",
        "/archive/9999/",
        "/archive/1000/",
        "/archive/0000/",
        "/archive/26/",
        "/archive/2026/13/",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_times_without_articles_are_404(path, prefix, stranger, long_lists):
    assert stranger.get(prefix + path).status_code == 404


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York"])
@pytest.mark.parametrize("year", [1000, 9998, 9999])
def test_a_year_at_the_end_of_time_is_no_page_wherever_the_house_is(stranger, zone, year):
    make_article()
    with timezone.override(zone):
        assert stranger.get(f"/archive/{year}/").status_code == 404
        assert stranger.get(f"/archive/{year}/12/").status_code == 404


def test_the_archive_counts_in_the_time_of_the_house(stranger):
    make_article(
        "new-year", publish_at=datetime(2025, 12, 31, 16, 30, tzinfo=ZoneInfo("UTC"))
    )  # 1 January, 00:30 in Shanghai
    response = stranger.get("/archive/2026/01/")
    assert slugs(response) == ["new-year"]
    assert [month.month for month in response.context["months"]] == [1]
    assert stranger.get("/archive/2025/").status_code == 404


def test_an_empty_topic_has_a_page_and_an_author_of_nothing_has_none(stranger):
    make_topic("patents")
    make_author("lin")
    assert stranger.get("/topics/patents/").status_code == 200
    assert stranger.get("/authors/lin/").status_code == 404
    assert stranger.get("/authors/lin/feed/").status_code == 404


# --- an article ----------------------------------------------------------------------------------------------------------------------


def test_article_page_keeps_its_promises_to_machines(stranger):
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


def test_an_article_is_one_for_machines_whatever_else_is_shown_beside_it(stranger):
    topic, author = make_topic("patents"), make_author("lin")
    article = make_article("claims", topics=[topic], authors=[author])
    make_article("related", topics=[topic], authors=[make_author("feld")])
    make_comment(article)
    html = stranger.get("/articles/claims/").content.decode()
    assert "/articles/related/" in html
    (start,) = [found.start() for found in re.finditer(r"<article\b[^>]*\slang=", html)]
    own = html[start : html.index("</article>", start)]
    assert len(re.findall(r"<h1\b", html)) == len(re.findall(r"<h1\b", own)) == 1
    assert re.findall(r'rel="author" href="([^"]*)"', own) == ["/authors/lin/"]
    assert f'<time datetime="{timezone.localtime(article.publish_at).isoformat()}' in own
    discussion = html[html.index('<section id="discussion"') :]
    assert re.findall(r'<article\b[^>]*\sid="(comment-\d+)"', discussion) == [
        f"comment-{article.comments.get().pk}"
    ]


def test_article_that_first_appeared_elsewhere_says_so(stranger):
    make_article("claims", canonical_url="https://elsewhere.example/claims")
    assert (
        '<link rel="canonical" href="https://elsewhere.example/claims">'
        in stranger.get("/articles/claims/").content.decode()
    )


def test_translations_name_each_other(stranger):
    english = make_article("claims")
    make_article("权利要求", language="zh-hans", translation_key=english.translation_key)
    chinese_url = "/zh-hans/articles/" + quote("权利要求") + "/"

    for path in ("/articles/claims/", chinese_url):
        page = stranger.get(path).content.decode()
        assert '<link rel="alternate" hreflang="en" href="http://testserver/articles/claims/">' in page
        assert f'<link rel="alternate" hreflang="zh-hans" href="http://testserver{chinese_url}">' in page
    assert stranger.get("/articles/claims/").context["other_language"]["url"] == chinese_url


def test_an_article_without_translation_names_none(stranger):
    make_article("claims")
    response = stranger.get("/articles/claims/")
    assert 'rel="alternate" hreflang' not in response.content.decode()
    assert response.context["other_language"]["url"] == "/zh-hans/"


def test_an_article_lives_under_its_own_language_alone(stranger):
    make_article("claims")
    make_article("权利要求", language="zh-hans")
    assert stranger.get("/zh-hans/articles/claims/").status_code == 404
    assert stranger.get("/articles/权利要求/").status_code == 404


def test_related_articles_are_the_nearest_older_ones_of_its_topics(stranger):
    topic = make_topic()
    several(6, topics=[topic])
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


# --- old addresses, articles taken down ----------------------------------------------------------------------------------------------


def test_an_old_slug_leads_to_the_address_of_today(stranger):
    article = make_article("a")
    for slug in ("b", "新-c"):
        save_draft(article, slug=slug)
        publish(article)

    for old in ("a", "b"):
        response = stranger.get(f"/articles/{old}/")
        assert (response.status_code, response["Location"]) == (301, "/articles/" + quote("新-c") + "/")
        assert response["Cache-Control"] == "no-cache"
    assert stranger.get("/zh-hans/articles/a/").status_code == 404


def test_a_slug_that_came_back_does_not_loop(stranger):
    article = make_article("a")
    for slug in ("b", "a"):
        save_draft(article, slug=slug)
        publish(article)

    assert stranger.get("/articles/a/").status_code == 200
    assert stranger.get("/articles/b/")["Location"] == "/articles/a/"


def test_an_article_taken_down_is_410_with_a_page_of_its_own(stranger):
    article = make_article("gone", title="Secret title")
    save_draft(article, slug="gone-2")
    publish(article)
    take_down(article)

    response = stranger.get("/articles/gone-2/")
    assert response.status_code == 410
    assert "taken down" in response.content.decode()
    assert "Secret title" not in response.content.decode()
    assert stranger.get("/articles/gone/")["Location"] == "/articles/gone-2/"


# --- pages, the frame ----------------------------------------------------------------------------------------------------------------


def test_a_page_and_its_translation(stranger):
    page = make_page("about", title="About us", body="We **write**.")
    save_page(page)
    make_page("关于", title="关于", language="zh-hans", translation_key=page.translation_key)

    response = stranger.get("/about/")
    assert "<p>We <strong>write</strong>.</p>" in response.content.decode()
    assert response.context["other_language"]["url"] == "/zh-hans/" + quote("关于") + "/"
    assert stranger.get("/zh-hans/about/").status_code == 404


def test_the_frame_speaks_the_language_of_the_page(stranger):
    make_publication("en", tagline="Crouching Tiger")
    make_publication("zh-hans", tagline="卧虎")
    make_topic("patents", name_en="Patents", name_zh="专利")
    make_page("about", title="About")

    english, chinese = (stranger.get(path).content.decode() for path in ("/", "/zh-hans/"))

    assert all(words in english for words in ("Crouching Tiger", "Patents", "About"))
    assert all(words in chinese for words in ("卧虎", "专利"))
    assert "About" not in chinese


# --- addresses that are none ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/articles/claims", "/zh-hans/articles/%E6%9D%83", "/topics/patents", "/page/2", "/zh-hans", "/feed"],
)
def test_a_missing_final_slash_is_added(path, stranger):
    response = stranger.get(path + "?a=b")
    assert (response.status_code, response["Location"]) == (301, path + "/?a=b")


def test_a_write_without_its_final_slash_keeps_its_text(stranger):
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
            "/articles/CLAIMS/",
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
def test_what_is_no_address_is_404_with_a_page(path, stranger):
    make_article("claims")
    response = stranger.get(path)
    assert response.status_code == 404
    assert "<h1>" in response.content.decode()


def test_a_slug_of_240_bytes_is_a_page(stranger):
    make_article("字" * 80, language="zh-hans")
    assert stranger.get("/zh-hans/articles/" + quote("字" * 80) + "/").status_code == 200


def test_an_unknown_page_in_chinese_says_so_in_chinese(stranger):
    response = stranger.get("/zh-hans/没有/")
    assert response.status_code == 404
    assert '<html lang="zh-hans">' in response.content.decode()


@pytest.mark.parametrize("host", ["evil.example", "a b", "testserver.evil.example", "[::1", ""])
def test_other_hosts_get_400(host, stranger):
    assert stranger.get("/", headers={"host": host}).status_code == 400


def test_no_page_repeats_the_host_it_was_asked_under(stranger, settings):
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
def test_public_pages_are_only_read(method, stranger):
    assert getattr(stranger, method)("/").status_code == 405


def test_head_is_answered_like_get_without_the_page(stranger):
    make_article("claims")
    response = stranger.head("/articles/claims/")
    assert (response.status_code, response.content) == (200, b"")


def test_a_failure_shows_a_page_without_its_cause(stranger, monkeypatch):
    monkeypatch.delattr("articles.models.ArticleQuerySet.public")
    stranger.raise_request_exception = False
    response = stranger.get("/")
    assert response.status_code == 500
    assert "<h1>" in response.content.decode()
    assert "AttributeError" not in response.content.decode()


def test_an_archive_leads_to_the_same_time_in_the_other_language_where_it_has_one(stranger):
    march = timezone.make_aware(timezone.datetime(2026, 3, 20))
    make_article("claims", publish_at=march)
    assert stranger.get("/archive/2026/03/").context["other_language"]["url"] == "/zh-hans/"
    make_article("专利", language="zh-hans", publish_at=march + timedelta(days=60))
    assert stranger.get("/archive/2026/03/").context["other_language"]["url"] == "/zh-hans/"
    assert stranger.get("/archive/2026/").context["other_language"]["url"] == "/zh-hans/archive/2026/"
    make_article("标准", language="zh-hans", publish_at=march)
    assert stranger.get("/archive/2026/03/").context["other_language"]["url"] == "/zh-hans/archive/2026/03/"


def test_a_search_is_the_same_in_the_other_language(stranger, db):
    response = stranger.get("/search/", {"q": "专利 & co"})
    assert response.context["other_language"]["url"] == "/zh-hans/search/?q=%E4%B8%93%E5%88%A9+%26+co"
    assert stranger.get("/search/").context["other_language"]["url"] == "/zh-hans/search/"
