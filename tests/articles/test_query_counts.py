"""The number of queries of each page, which does not grow with the number of articles."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Article
from tests.factories import make_article, make_author, make_image, make_page, make_publication, make_topic

pytestmark = pytest.mark.django_db

FRAME = 4  # the publication, its links, the menu, the footer
LIST = 4  # the count, the articles, their topics, their bylines
MOMENTS = 1  # articles of the whole site with a future date

PAGES = {
    "/topics/patents/": FRAME + 1 + LIST + MOMENTS,
    "/authors/lin/": FRAME + 1 + LIST + MOMENTS,
    "/archive/2026/": FRAME + 3 + LIST + MOMENTS,  # its months, all years, the other language
    "/archive/2026/03/": FRAME + 3 + LIST + MOMENTS,
    "/search/?q=title": FRAME + 1 + LIST,  # authors of that name
    "/feed/": 4 + MOMENTS,
    "/topics/patents/feed/": 5 + MOMENTS,
    "/authors/lin/feed/": 5 + MOMENTS,
    "/sitemap.xml": 6,  # sections, topics, authors, pages, articles, translations
    "/about/": FRAME + 2,
}
PAGES_OF_MANY = {  # with one article these have no list, or do not exist
    "/": FRAME + 4 + LIST + MOMENTS,  # the featured article; the lead with its topics and bylines
    "/page/2/": FRAME + 4 + LIST + MOMENTS,
    "/topics/patents/page/2/": FRAME + 1 + LIST + MOMENTS,
    "/authors/lin/page/2/": FRAME + 1 + LIST + MOMENTS,
    "/archive/2026/page/2/": FRAME + 3 + LIST + MOMENTS,
    "/archive/2026/03/page/2/": FRAME + 3 + LIST + MOMENTS,
    "/search/page/2/?q=title": FRAME + 1 + LIST,
}


@pytest.fixture
def fill(db):
    """`fill(30)` makes a publication of 30 articles, each with two topics, two authors and a cover."""
    make_publication("en")
    make_page("about")
    topics, authors = (
        [make_topic("patents"), make_topic("standards")],
        [make_author("lin"), make_author("feld")],
    )

    def fill_up_to(number: int) -> None:
        for n in range(Article.objects.count(), number):
            published = timezone.make_aware(timezone.datetime(2026, 3, 20)) - timedelta(hours=n)
            make_article(
                f"a{n}",
                topics=topics,
                authors=authors,
                cover=make_image(f"images/{n}.png"),
                publish_at=published,
            )

    return fill_up_to


def test_queries_of_a_page_do_not_grow_with_the_articles(fill, stranger, django_assert_num_queries):
    for number, pages in {1: PAGES, 12: PAGES_OF_MANY, 30: PAGES | PAGES_OF_MANY}.items():
        fill(number)
        for path, queries in pages.items():
            with django_assert_num_queries(queries, info=path):
                assert stranger.get(path).status_code == 200, path


def test_queries_of_home_with_only_a_lead(fill, stranger, django_assert_num_queries):
    fill(1)
    with django_assert_num_queries(FRAME + 4 + 1 + MOMENTS):  # nothing below the lead
        assert stranger.get("/").status_code == 200


def test_queries_of_an_article_do_not_grow_with_the_articles(fill, stranger, django_assert_num_queries):
    for number in (8, 30):
        fill(number)
        # Article and topics; translation; related articles and their topics; all bylines; the number of
        # comments (whose own queries are tested with comments).
        with django_assert_num_queries(FRAME + 2 + 1 + 2 + 1 + 1 + MOMENTS):
            assert stranger.get("/articles/a2/").status_code == 200
