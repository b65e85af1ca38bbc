"""Addresses that change, behind the page store: no page outlives its address, no redirect a return."""

from datetime import UTC, datetime

import pytest

from articles.former_slugs import save_with_redirects
from articles.models import Article
from articles.publication_dates import set_publication_date
from articles.services import publish, save_draft
from tests.factories import make_article, make_author, make_page, make_topic

from .site import Site

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def move(instance, slug: str) -> None:
    if isinstance(instance, Article):
        save_draft(instance, slug=slug)
        publish(instance)
    else:
        instance.slug = slug
        save_with_redirects(instance)


PATHS = {
    "page": ["/{}/"],
    "topic": ["/topics/{}/", "/topics/{}/feed/", "/zh-hans/topics/{}/feed/"],
    "author": ["/authors/{}/", "/authors/{}/feed/"],
    "article": ["/articles/{}/", "/articles/{}/comments/feed/"],
}


@pytest.mark.parametrize("kind", PATHS)
def test_address_moves_and_returns(store, kind):
    make = {"page": make_page, "topic": make_topic, "author": make_author, "article": make_article}[kind]
    instance = make("a")
    if kind == "author":
        make_article(authors=[instance])
    site = Site(store)
    for present, old in (("a", ""), ("b", "a"), ("a", "b"), ("b", "a")):
        if present != instance.slug:
            move(instance, present)
        for path in PATHS[kind]:
            entered = len(site.entered)
            pages = [site.get(path.format(present), QUERY_STRING="x=1") for _ in range(2)]
            assert [page.status for page in pages] == [200, 200]
            assert len(site.entered) == entered + 1  # the second one was stored
            if old:
                moved = site.get(path.format(old), QUERY_STRING="x=1")
                assert (moved.status, moved.headers["Location"]) == (301, path.format(present) + "?x=1")
                assert moved.headers["Cache-Control"] == "no-cache"


def test_corrected_date_shows_on_every_stored_page(store):
    article = make_article("a")
    site = Site(store)
    paths = ["/", "/feed/", "/articles/a/"]
    before = {path: site.get(path).body for path in paths}
    assert site.get("/archive/2009/").status == 404

    set_publication_date(article, datetime(2009, 3, 5, 6, 7, 8, tzinfo=UTC))

    assert [path for path in paths if site.get(path).body == before[path]] == []
    assert b"Title of a" in site.get("/archive/2009/").body
