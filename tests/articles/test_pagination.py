"""Pagination: pages found by primary key have the right articles, and long lists are not counted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles import pagination
from articles.models import Article
from articles.services import take_down
from tests.factories import make_article, make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_to_a_page(monkeypatch):
    monkeypatch.setattr("articles.views.PAGE_SIZE", 2)


def slugs(client, url: str) -> list[str]:
    return [article.slug for article in client.get(url).context["page_obj"]]


@pytest.mark.parametrize("number", [5, 6, 7])
def test_pages_contain_each_article_once_newest_first(stranger, number):
    topic = make_topic("patents")
    now = timezone.now()
    for n in range(number):  # in pairs with the same moment
        make_article(f"a{n}", topics=[topic], publish_at=now - timedelta(days=9 - n // 2))
    make_article("hidden", topics=[topic], publish_at=now + timedelta(days=1))
    take_down(make_article("gone", topics=[topic]))
    pages = -(-number // 2)
    listed = [
        slug
        for page in range(1, pages + 1)
        for slug in slugs(stranger, "/topics/patents/" + (f"page/{page}/" if page > 1 else ""))
    ]
    assert listed == [f"a{n}" for n in reversed(range(number))]
    assert stranger.get(f"/topics/patents/page/{pages + 1}/").status_code == 404


@pytest.mark.parametrize("number", [4, 5])
def test_long_list_shows_no_number_of_pages(stranger, monkeypatch, number):
    monkeypatch.setattr(pagination, "MAX_COUNTED", 3)
    for n in range(number):
        make_article(f"a{n}")
    _lead, *others = [f"a{n}" for n in reversed(range(number))]
    first = stranger.get("/")
    assert [article.slug for article in first.context["page_obj"]] == others[:2]
    if number == 4:  # three below the lead
        assert "Page 1 of 2" in first.content.decode()
    else:
        assert "Page 1 of" not in first.content.decode()
        assert "Page 2 of" not in stranger.get("/page/2/").content.decode()
    assert 'rel="next" href="/page/2/"' in first.content.decode()
    last = stranger.get("/page/2/")
    assert [article.slug for article in last.context["page_obj"]] == others[2:]
    assert 'rel="next"' not in last.content.decode()
    assert [stranger.get(f"/page/{n}/").status_code for n in (3, 999_999_999)] == [404, 404]


def test_list_is_counted_up_to_the_limit(monkeypatch):
    monkeypatch.setattr(pagination, "MAX_COUNTED", 3)
    for n in range(9):
        make_article(f"a{n}")
    assert pagination.ListPaginator(Article.objects.public("en").for_lists(), 2).count == 4


def test_article_taken_down_between_the_queries_is_not_shown(monkeypatch):
    articles = [make_article(f"a{n}") for n in range(4)]
    read = pagination._articles

    def take_down_and_read(keys: list[int]) -> list[Article]:
        take_down(articles[0])
        return read(keys)

    monkeypatch.setattr(pagination, "_articles", take_down_and_read)
    page = pagination.ListPaginator(Article.objects.public("en").for_lists(), 2).page(2)
    assert [article.slug for article in page] == ["a1"]
