"""Deep pages of lists: found by the keys alone and from the nearer end, they are what counting from the beginning would have found."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles import paging
from articles.models import Article
from articles.services import take_down
from tests.factories import make_article, make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def every_page_but_the_first_is_deep(monkeypatch):
    monkeypatch.setattr(paging, "DEEP", 1)
    monkeypatch.setattr("articles.views.PAGE_SIZE", 2)


def slugs(client, url: str) -> list[str]:
    return [article.slug for article in client.get(url).context["page_obj"]]


@pytest.mark.parametrize("number", [5, 6, 7])
def test_pages_hold_each_article_once_newest_first(stranger, number):
    topic = make_topic("patents")
    now = timezone.now()
    for n in range(number):  # by twos at the same moment
        make_article(f"a{n}", topics=[topic], publish_at=now - timedelta(days=9 - n // 2))
    make_article("hidden", topics=[topic], publish_at=now + timedelta(days=1))
    take_down(make_article("gone", topics=[topic]))
    pages = -(-number // 2)
    found = [slug for page in range(1, pages + 1) for slug in slugs(stranger, "/topics/patents/" + (f"page/{page}/" if page > 1 else ""))]
    assert found == [f"a{n}" for n in reversed(range(number))]
    assert stranger.get(f"/topics/patents/page/{pages + 1}/").status_code == 404


def test_an_article_taken_down_while_its_page_is_read_is_not_shown(monkeypatch):
    articles = [make_article(f"a{n}") for n in range(4)]
    paginator = paging.ListPaginator(Article.objects.public("en").for_lists(), 2)
    assert paginator.count == 4
    find = paginator._keys_from_the_end

    def find_and_lose(start: int, stop: int) -> list[int]:
        keys = find(start, stop)
        take_down(articles[0])
        return keys

    monkeypatch.setattr(paginator, "_keys_from_the_end", find_and_lose)
    assert [article.slug for article in paginator.page(2)] == ["a1"]
