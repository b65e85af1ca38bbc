"""Correcting the date of a published article: what shows it, and what is refused."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from articles.models import Article
from articles.publication_dates import set_publication_date
from articles.services import create_article, publish, save_draft, take_down, unpublish
from ictiger.pagecache.models import Purge
from tests.factories import make_article

from .test_feeds import ATOM, texts
from .test_seo import json_ld_fields

pytestmark = pytest.mark.django_db

MOVED = datetime(2009, 3, 5, 6, 7, 8, tzinfo=UTC)


def test_page_lists_archive_feed_and_json_ld_take_the_date(stranger):
    make_article("other", publish_at=timezone.now() - timedelta(days=5))
    article = make_article("a", publish_at=timezone.now() - timedelta(days=2))
    before = texts(ElementTree.fromstring(stranger.get("/feed/").content), "a:entry/a:id")

    set_publication_date(article, MOVED)

    root = ElementTree.fromstring(stranger.get("/feed/").content)
    entries = root.findall("a:entry", ATOM)
    assert [entry.find("a:published", ATOM).text for entry in entries][1] == MOVED.isoformat()
    assert texts(root, "a:entry/a:id") == before[::-1]
    assert 'datetime="2009-03-05T14:07:08+08:00"' in stranger.get("/articles/a/").content.decode()
    fields = json_ld_fields(Article.objects.get(slug="a"))
    assert fields["datePublished"] == fields["dateModified"] == MOVED.isoformat()
    for path in ("/archive/2009/", "/archive/2009/03/"):
        assert "Title of a" in stranger.get(path).content.decode()


def test_pages_of_the_old_and_the_new_date_are_purged():
    article = make_article("a")
    Purge.objects.all().delete()
    set_publication_date(article, MOVED)
    paths = {path for purge in Purge.objects.all() for path in purge.paths}
    assert {"/", "/page/**", "/feed/", "/archive/**", "/zh-hans/archive/**", "/articles/a/**"} <= paths


def test_draft_text_and_address_stay():
    article = make_article("a", body="Text.")
    save_draft(article, body="Unpublished.", slug="b")
    set_publication_date(article, MOVED)
    article.refresh_from_db()
    assert (article.publish_at, article.body, article.slug, article.updated_at) == (MOVED, "Text.", "a", None)
    assert article.draft.body == "Unpublished."


def test_change_of_text_before_the_new_date_is_none(time_machine):
    article = make_article("a", publish_at=MOVED)
    time_machine.move_to(MOVED + timedelta(days=10))
    save_draft(article, body="Changed.")
    publish(article)
    time_machine.move_to(MOVED + timedelta(days=30))

    set_publication_date(article, MOVED + timedelta(days=1))
    assert article.updated_at is not None
    set_publication_date(article, MOVED + timedelta(days=20))
    assert article.updated_at is None


@pytest.mark.parametrize(
    ("date", "words"),
    [
        (timezone.now() + timedelta(days=1), "cannot lie in the future"),
        (datetime(1899, 12, 31, tzinfo=UTC), "too early"),
        (datetime(1, 1, 1, tzinfo=UTC), "too early"),
    ],
)
def test_other_dates_are_refused(date, words):
    article = make_article("a", publish_at=MOVED)
    with pytest.raises(ValidationError, match=words):
        set_publication_date(article, date)
    assert Article.objects.get(pk=article.pk).publish_at == MOVED


def test_article_that_nobody_has_seen_has_no_date():
    draft = create_article(title="T", body="Text.")
    scheduled = make_article("later", publish_at=timezone.now() + timedelta(days=1))
    for article in (draft, scheduled):
        with pytest.raises(ValidationError, match="have seen"):
            set_publication_date(article, MOVED)


def test_date_after_the_end_is_refused():
    article = make_article("a", publish_at=MOVED)
    take_down(article, at=MOVED + timedelta(days=1))
    with pytest.raises(ValidationError, match="taken down before"):
        set_publication_date(article, MOVED + timedelta(days=2))


def test_date_of_an_unpublished_article_is_kept_for_its_return():
    article = make_article("a")
    unpublish(article)
    set_publication_date(article, MOVED)
    publish(article)
    assert article.publish_at == MOVED
