"""Public pages and error pages below /zh-hans/ contain no English text."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone, translation

from articles.preview_links import preview_url
from articles.services import take_down
from ictiger.pagecache.public_write import public_write
from tests.factories import make_publication, make_topic

from .english_text import assert_chinese, english_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>请 wait a moment 再试。</p>", ["wait a moment"]),
        ('<button aria-label="Search">搜</button>', ["Search"]),
        ('<p data-say-left="Words left: {n}">还可以输入</p>', ["Words left: {n}"]),
        (
            '<p lang="en">Wait a moment.</p><code>if not this</code>'
            "<bdi>Ann of Green Gables</bdi><p>ICTiger</p>",
            [],
        ),
        ("<p>请写信到 letters@the.example.org，或看 /zh-hans/this/that/other/。</p>", []),
    ],
)
def test_english_text_is_found(html, expected):
    assert english_in(html) == expected


PUBLIC_PATHS = [
    "",
    "page/2/",
    "articles/权利要求/",
    "topics/patents/",
    "topics/patents/page/2/",
    "authors/lin/",
    "about/",
    "articles/权利要求/discussion/1/",
]
SEARCH_PATHS = ["search/", "search/?q=权利要求", "search/?q=?!", "search/?q=没有"]


@pytest.mark.parametrize("path", [*PUBLIC_PATHS, *SEARCH_PATHS])
def test_public_pages(discussion, stranger, path):
    assert_chinese(stranger.get(f"/zh-hans/{path}"))


def test_archives(article, stranger):
    day = timezone.localtime(article.publish_at)
    for path in (f"archive/{day:%Y}/", f"archive/{day:%Y}/page/2/", f"archive/{day:%Y/%m}/"):
        assert_chinese(stranger.get(f"/zh-hans/{path}"))


def test_empty_publication(stranger):
    make_publication("zh-hans", tagline="创新之虎")
    make_topic("patents", name_zh="专利")
    for path in ("", "topics/patents/"):
        assert_chinese(stranger.get(f"/zh-hans/{path}"))


def test_closed_discussion(article, stranger):
    with public_write(article):
        article.comments_open = False
        article.save()
    assert_chinese(stranger.get(article.get_absolute_url()))


@pytest.mark.parametrize(
    "path", ["feed/", "topics/patents/feed/", "authors/lin/feed/", "articles/权利要求/comments/feed/"]
)
def test_feeds(discussion, stranger, path):
    assert_chinese(stranger.get(f"/zh-hans/{path}"))


def test_preview(article, stranger):
    assert_chinese(stranger.get(preview_url(article)))


# --- errors -------------------------------------------------------------------------------------------------


def test_missing_and_taken_down_pages(article, stranger):
    take_down(article)
    assert_chinese(stranger.get("/zh-hans/nothing/"), status=404)
    assert_chinese(stranger.get(article.get_absolute_url()), status=410)


def test_refused_requests(client_of, author, stranger):
    assert_chinese(client_of(author).get("/zh-hans/admin/comments/comment/"), status=403)
    assert_chinese(Client(enforce_csrf_checks=True).post("/zh-hans/accounts/login/"), status=403)
    assert_chinese(
        stranger.post(
            "/zh-hans/accounts/login/", "x" * 3_000_000, content_type="application/x-www-form-urlencoded"
        ),
        status=413,
    )


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "410", "413", "429", "500", "503"])
def test_error_pages(db, rf, code):
    request = rf.get("/zh-hans/")
    request.user, request.resolver_match = AnonymousUser(), None
    with translation.override("zh-hans"):
        assert english_in(render_to_string(f"{code}.html", {"LANGUAGE_CODE": "zh-hans"}, request)) == []
