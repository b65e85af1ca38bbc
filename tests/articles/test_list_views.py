"""The lists of articles: home, topics, authors and archive, and their pages."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests.factories import make_article, make_author, make_topic

pytestmark = pytest.mark.django_db


def slugs(response) -> list[str]:
    return [article.slug for article in response.context["page_obj"]]


def make_articles(number: int, **fields) -> None:
    """Make articles a1, a2, …; a1 is the newest."""
    for n in range(1, number + 1):
        make_article(f"a{n}", publish_at=timezone.now() - timedelta(days=n), **fields)


def test_home_without_articles_is_a_page(stranger):
    response = stranger.get("/")
    assert response.status_code == 200
    assert response.context["lead"] is None
    assert response.context["publication"].name == "ICTiger"


def test_home_leads_with_the_newest_featured_article_and_does_not_repeat_it(stranger):
    make_articles(23)
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
    make_articles(3)
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


LISTS = ["/", "/topics/patents/", "/authors/lin/", "/archive/2026/", "/archive/2026/03/"]


@pytest.fixture
def long_lists(db):
    """Each of LISTS has 12 articles besides the lead."""
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
def test_lists_are_paginated_by_path(path, stranger, long_lists):
    assert slugs(stranger.get(path)) == [f"a{n}" for n in range(11, 1, -1)]
    second = stranger.get(f"{path}page/2/")
    assert slugs(second) == ["a1", "a0"]
    assert f'href="{path}"' in second.content.decode()
    assert f'<link rel="canonical" href="http://testserver{path}page/2/">' in second.content.decode()


@pytest.mark.parametrize("path", LISTS)
def test_noncanonical_page_numbers_redirect(path, stranger, long_lists):
    for number, canonical in {"1": "", "01": "", "02": "page/2/", "0002": "page/2/"}.items():
        response = stranger.get(f"{path}page/{number}/")
        assert (response.status_code, response["Location"]) == (301, path + canonical)


@pytest.mark.parametrize("path", LISTS)
def test_missing_list_pages_are_404(path, stranger, long_lists):
    for number in ["0", "00", "3", "999999999", "1000000000", "9" * 5000, "-1", "1.0", "x", "２", "+2"]:
        assert stranger.get(f"{path}page/{number}/").status_code == 404, number


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
def test_archive_without_articles_is_404(path, prefix, stranger, long_lists):
    assert stranger.get(prefix + path).status_code == 404


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York"])
@pytest.mark.parametrize("year", [1000, 9998, 9999])
def test_first_and_last_years_are_404_in_any_time_zone(stranger, zone, year):
    make_article()
    with timezone.override(zone):
        assert stranger.get(f"/archive/{year}/").status_code == 404
        assert stranger.get(f"/archive/{year}/12/").status_code == 404


def test_archive_uses_the_time_zone_of_the_site(stranger):
    make_article(
        "new-year", publish_at=datetime(2025, 12, 31, 16, 30, tzinfo=ZoneInfo("UTC"))
    )  # 1 January, 00:30 in Shanghai
    response = stranger.get("/archive/2026/01/")
    assert slugs(response) == ["new-year"]
    assert [month.month for month in response.context["months"]] == [1]
    assert stranger.get("/archive/2025/").status_code == 404


def test_empty_topic_has_a_page_but_an_author_without_articles_has_none(stranger):
    make_topic("patents")
    make_author("lin")
    assert stranger.get("/topics/patents/").status_code == 200
    assert stranger.get("/authors/lin/").status_code == 404
    assert stranger.get("/authors/lin/feed/").status_code == 404


def test_archive_links_to_the_same_period_in_the_other_language_if_it_exists(stranger):
    march = timezone.make_aware(timezone.datetime(2026, 3, 20))
    make_article("claims", publish_at=march)
    assert stranger.get("/archive/2026/03/").context["other_language"]["url"] == "/zh-hans/"
    make_article("专利", language="zh-hans", publish_at=march + timedelta(days=60))
    assert stranger.get("/archive/2026/03/").context["other_language"]["url"] == "/zh-hans/"
    assert stranger.get("/archive/2026/").context["other_language"]["url"] == "/zh-hans/archive/2026/"
    make_article("标准", language="zh-hans", publish_at=march)
    assert stranger.get("/archive/2026/03/").context["other_language"]["url"] == "/zh-hans/archive/2026/03/"


def test_public_page_ignores_the_query_string(stranger, long_lists):
    assert stranger.get("/?page=2&q=x").content == stranger.get("/").content
