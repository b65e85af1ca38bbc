"""Public pages are the same bytes for every reader, so nothing personal can be stored."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver

from articles import sitemaps
from articles.models import Article
from articles.services import publish, save_draft, take_down
from comments.discussion import threads
from tests.factories import (
    PASSWORD,
    make_article,
    make_author,
    make_comment,
    make_page,
    make_publication,
    make_topic,
)

pytestmark = pytest.mark.django_db

# A path of each public view. A public view without a path fails the first test below.
EXAMPLES = {
    "articles:home": "/",
    "articles:home_page": "/page/2/",
    "articles:article": "/articles/claims/",
    "articles:topic": "/topics/patents/",
    "articles:topic_page": "/topics/patents/page/2/",
    "articles:topic_feed": "/topics/patents/feed/",
    "articles:author": "/authors/lin/",
    "articles:author_page": "/authors/lin/page/2/",
    "articles:author_feed": "/authors/lin/feed/",
    "articles:archive_year": "/archive/2026/",
    "articles:archive_year_page": "/archive/2026/page/2/",
    "articles:archive_month": "/archive/2026/03/",
    "articles:archive_month_page": "/archive/2026/03/page/2/",
    "articles:feed": "/feed/",
    "articles:page": "/about/",
    "comments:discussion": "/articles/claims/discussion/1/",
    "comments:thread": "/articles/claims/discussion/thread/1/",
    "comments:thread_page": "/articles/claims/discussion/thread/1/2/",
    "comments:feed": "/articles/claims/comments/feed/",
    "comments:site_feed": "/comments/feed/",
    "sitemap": "/sitemap.xml",
    "sitemap_section": "/sitemap-1.xml",
    "robots": "/robots.txt",
}
# Responses that are no pages must not be personal either.
OTHERS = {
    "/zh-hans/": 200,
    "/zh-hans/feed/": 200,
    "/nothing/": 404,
    "/zh-hans/nothing/": 404,
    "/articles/nothing/": 404,
    "/page/99/": 404,
    "/a/b/c/": 404,
    "/articles/gone/": 410,
    "/articles/old/": 301,
    "/page/1/": 301,
    "/articles/claims": 301,
}
# Anywhere in a query, because reads begin in many ways. FOR UPDATE counts too.
WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\b")


def public_views() -> Iterator[str]:
    """The URL names of all views that are marked public."""
    yield from _public_below(get_resolver(), "")


def _public_below(resolver, namespace: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            if getattr(pattern.callback, "public_page", False):
                yield namespace + (pattern.name or str(pattern.pattern))
        else:
            yield from _public_below(pattern, f"{pattern.namespace}:" if pattern.namespace else namespace)


@pytest.fixture
def site(db, monkeypatch) -> None:
    """The rows that the paths above need."""
    topic, author = make_topic("patents"), make_author("lin")
    begin = datetime(2026, 3, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    for language in ("en", "zh-hans"):
        make_publication(language)
    for n in range(12):
        make_article(f"a{n}", topics=[topic], authors=[author], publish_at=begin + timedelta(days=n))
    monkeypatch.setattr(threads, "REPLIES_PER_PAGE", 1)  # so that a thread of two has a second page
    thread = make_comment(make_article("claims", topics=[topic], authors=[author], publish_at=begin))
    for _reply in range(2):
        make_comment(thread.article, parent=thread)
    take_down(make_article("gone"))
    renamed = make_article("old")
    save_draft(renamed, slug="new")
    publish(renamed)
    make_page("about")
    keys = Article.objects.values_list("pk", flat=True)
    monkeypatch.setattr(
        sitemaps, "SECTION_SIZE", (min(keys) + max(keys)) // 2
    )  # so that the sitemap has parts


@pytest.fixture
def audience(reader, editor, unverified, client_of, settings) -> dict[str, Client]:
    """Different clients.

    The reader has just logged in by the form, so a message and a hint cookie are pending.
    """
    settings.ACCOUNT_RATE_LIMITS = False
    fresh = Client()
    fresh.post("/accounts/login/", {"login": reader.email, "password": PASSWORD})
    assert settings.SESSION_COOKIE_NAME in fresh.cookies
    foreign = Client(
        headers={"accept-language": "zh-CN", "cookie": "django_language=zh-hans; csrftoken=x; reader=member"}
    )
    return {
        "reader": fresh,
        "editor": client_of(editor),
        "unverified": client_of(unverified),
        "foreign": foreign,
    }


def test_every_public_view_has_an_example():
    assert set(public_views()) == set(EXAMPLES)


def test_every_client_gets_the_same_bytes(site, audience, stranger):
    expected_status = dict.fromkeys(EXAMPLES.values(), 200) | OTHERS
    for path, status in expected_status.items():
        expected = stranger.get(path)
        assert (path, expected.status_code) == (path, status)
        assert not expected.cookies, path
        assert expected.get("Vary", "Accept-Encoding") == "Accept-Encoding", path
        for name, client in audience.items():
            for query in ("", "?utm_source=mail&page=2"):
                assert_same(client.get(path + query), expected, f"{path}{query} for {name}")


def assert_same(response: HttpResponse, expected: HttpResponse, label: str) -> None:
    assert (response.status_code, response.content) == (expected.status_code, expected.content), label
    assert not response.cookies, label
    if "?" not in response.get("Location", ""):  # the redirect to the final slash repeats the query
        assert dict(response.headers) == dict(expected.headers), label


def test_no_public_page_holds_a_form_that_needs_a_token(site, stranger):
    for path in EXAMPLES.values():
        assert b"csrfmiddlewaretoken" not in stranger.get(path).content


def test_rendering_a_public_page_writes_no_row(site, stranger):
    """Line 12 of the protocol: neither in a public table, which the guard refuses, nor in any other."""
    for path in [*EXAMPLES.values(), *OTHERS]:
        with CaptureQueriesContext(connection) as queries:
            stranger.get(path)
        assert [query["sql"] for query in queries if WRITES.search(query["sql"])] == [], path
