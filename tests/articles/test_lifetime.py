"""Cached pages expire when a scheduled change takes effect, without a write."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Author, Topic
from tests.factories import make_article, make_author, make_topic

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    return timezone.now()


def expiry_of(client, path: str):
    return getattr(client.get(path), "fresh_until", None)


@pytest.fixture
def site(now) -> list[str]:
    """Pages that show an article of the topic `patents` by `lin`."""
    topic, author = make_topic("patents"), make_author("lin")
    make_article("shown", topics=[topic], authors=[author], publish_at=now - HOUR)
    month = timezone.localtime(now - HOUR)
    return [
        *(
            "/",
            "/feed/",
            "/topics/patents/",
            "/topics/patents/feed/",
            "/authors/lin/",
            "/authors/lin/feed/",
            "/articles/shown/",
        ),
        *(f"/archive/{month:%Y}/", f"/archive/{month:%Y/%m}/"),
    ]


def test_pages_without_scheduled_changes_do_not_expire(site, stranger):
    assert {expiry_of(stranger, path) for path in site} == {None}


@pytest.mark.parametrize("field", ["publish_at", "expires_at"])
def test_pages_expire_at_the_next_scheduled_change(field, site, stranger, now):
    related = {"topics": [Topic.objects.get()], "authors": [Author.objects.get()]}
    make_article("soon", **{field: now + HOUR}, **related)
    make_article("later", **{field: now + 2 * HOUR}, **related)
    assert {path: expiry_of(stranger, path) for path in site} == dict.fromkeys(site, now + HOUR)


def test_scheduled_change_does_not_expire_other_pages(site, stranger, now):
    make_article(
        "elsewhere", publish_at=now + HOUR, topics=[make_topic("other")], authors=[make_author("other")]
    )
    make_article("中文", language="zh-hans", publish_at=now + HOUR)
    for path in ("/topics/patents/", "/topics/patents/feed/", "/authors/lin/", "/articles/shown/"):
        assert expiry_of(stranger, path) is None, path
    assert expiry_of(stranger, "/") == now + HOUR


def test_scheduled_translation_expires_the_page_that_will_link_to_it(stranger, now):
    article = make_article("claims")
    make_article(
        "权利要求", language="zh-hans", translation_key=article.translation_key, publish_at=now + HOUR
    )
    assert expiry_of(stranger, "/articles/claims/") == now + HOUR


def test_closing_of_a_discussion_expires_its_page(stranger, now):
    make_article("closing", comments_close_at=now + HOUR)
    make_article("closed", comments_close_at=now - HOUR)
    assert expiry_of(stranger, "/articles/closing/") == now + HOUR
    assert expiry_of(stranger, "/articles/closed/") is None
