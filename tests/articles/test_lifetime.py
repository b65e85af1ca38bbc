"""A stored page knows until when it is good: a schedule takes effect to the second, with nobody there to write."""

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


def good_until(client, path: str):
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


def test_pages_without_a_schedule_live_for_ever(site, stranger):
    assert {good_until(stranger, path) for path in site} == {None}


@pytest.mark.parametrize("what", ["publish_at", "expires_at"])
def test_pages_live_until_the_next_scheduled_moment(what, site, stranger, now):

    related = {"topics": [Topic.objects.get()], "authors": [Author.objects.get()]}
    make_article("soon", **{what: now + HOUR}, **related)
    make_article("later", **{what: now + 2 * HOUR}, **related)
    assert {path: good_until(stranger, path) for path in site} == dict.fromkeys(site, now + HOUR)


def test_a_schedule_bounds_no_page_that_it_does_not_change(site, stranger, now):
    make_article(
        "elsewhere", publish_at=now + HOUR, topics=[make_topic("other")], authors=[make_author("other")]
    )
    make_article("中文", language="zh-hans", publish_at=now + HOUR)
    for path in ("/topics/patents/", "/topics/patents/feed/", "/authors/lin/", "/articles/shown/"):
        assert good_until(stranger, path) is None, path
    assert good_until(stranger, "/") == now + HOUR


def test_a_translation_to_come_bounds_the_page_that_will_name_it(stranger, now):
    article = make_article("claims")
    make_article(
        "权利要求", language="zh-hans", translation_key=article.translation_key, publish_at=now + HOUR
    )
    assert good_until(stranger, "/articles/claims/") == now + HOUR


def test_a_discussion_that_closes_bounds_its_page(stranger, now):
    make_article("closing", comments_close_at=now + HOUR)
    make_article("closed", comments_close_at=now - HOUR)
    assert good_until(stranger, "/articles/closing/") == now + HOUR
    assert good_until(stranger, "/articles/closed/") is None
