"""Threads with many replies: folded ones, those on the pages of the thread, and the permalinks of each."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from comments.discussion import threads
from comments.models import Comment
from tests.comments.discussion_pages import comment_ids, get_html, many_comments
from tests.factories import make_article, make_comment

pytestmark = pytest.mark.django_db

FOLDED = re.compile(
    r"<details><summary>(.*?)</summary><ol class=\"replies-more\">(.*?)</ol></details>", re.DOTALL
)
THREAD_PAGE = "/articles/a-patent/discussion/thread/1/"


def make_thread(article: Article, number: int) -> tuple[Comment, list[Comment]]:
    (thread,) = many_comments(article, 1, replies_each=number)
    return thread, list(thread.replies.order_by("pk"))


def is_reachable(client: Client, url: str, comment: Comment) -> bool:
    page_url, anchor = client.get(url)["Location"].split("#")
    return anchor == f"comment-{comment.pk}" and comment.pk in comment_ids(get_html(client, page_url))


def test_five_replies_are_all_shown(article, stranger):
    thread, below = make_thread(article, 5)
    html = get_html(stranger, article.get_absolute_url())
    assert comment_ids(html) == [thread.pk, *(reply.pk for reply in below)]
    assert "<details><summary>" not in html.split('id="discussion"')[1]


@pytest.mark.parametrize(("number", "summary"), [(6, "Show 2 more replies"), (24, "Show 20 more replies")])
def test_middle_of_more_replies_is_folded(article, stranger, number, summary):
    thread, below = make_thread(article, number)
    html = get_html(stranger, article.get_absolute_url())
    assert comment_ids(html) == [thread.pk, *(reply.pk for reply in below)]
    ((folded_summary, folded),) = FOLDED.findall(html)
    assert folded_summary == summary
    assert comment_ids(folded) == [reply.pk for reply in below[2:-2]]


def test_middle_of_very_many_replies_is_on_the_page_of_the_thread(article, stranger):
    thread, below = make_thread(article, 25)
    html = get_html(stranger, article.get_absolute_url())
    assert comment_ids(html) == [thread.pk, *(below[index].pk for index in (0, 1, 23, 24))]
    assert f'<a href="{THREAD_PAGE}">Show 21 more replies</a>' in html
    assert comment_ids(get_html(stranger, THREAD_PAGE)) == [thread.pk, *(reply.pk for reply in below)]


def test_page_of_a_thread_has_two_hundred_replies(article, stranger):
    _thread, below = make_thread(article, 401)
    first, third = get_html(stranger, THREAD_PAGE), get_html(stranger, f"{THREAD_PAGE}3/")
    assert comment_ids(first)[1:] == [reply.pk for reply in below[:200]]
    assert f'href="{THREAD_PAGE}2/" rel="next"' in first
    assert 'rel="prev"' not in first.split('id="discussion"')[1]
    assert comment_ids(third)[1:] == [below[400].pk]
    assert f'href="{THREAD_PAGE}2/" rel="prev"' in third
    assert 'rel="next"' not in third.split('id="discussion"')[1]
    assert stranger.get(f"{THREAD_PAGE}4/").status_code == 404


@pytest.mark.parametrize(
    "typed", [THREAD_PAGE + "1/", THREAD_PAGE + "01/", "/articles/a-patent/discussion/thread/01/"]
)
def test_other_spellings_of_the_url_redirect(article, stranger, typed):
    make_thread(article, 1)
    response = stranger.get(typed)
    assert (response.status_code, response["Location"]) == (301, THREAD_PAGE)


@pytest.mark.parametrize(
    "end", ["thread/2/", f"thread/{10**30}/", "thread/0/", f"thread/1/{10**30}/", "thread/1/0/"]
)
def test_unknown_thread_is_404(article, stranger, end):
    make_thread(article, 1)
    assert stranger.get(f"/articles/a-patent/discussion/{end}").status_code == 404


def test_permalink_of_each_reply_of_a_very_long_thread_redirects_to_it(article, stranger):
    _thread, below = make_thread(article, 203)
    paths = {
        0: "/articles/a-patent/",
        2: THREAD_PAGE,
        199: THREAD_PAGE,
        200: f"{THREAD_PAGE}2/",
        201: "/articles/a-patent/",
    }
    for index, path in paths.items():
        assert (
            stranger.get(below[index].get_absolute_url())["Location"] == f"{path}#comment-{below[index].pk}"
        )
        assert is_reachable(stranger, below[index].get_absolute_url(), below[index])


def test_comment_on_another_page_is_linked_by_its_permalink(article, stranger):
    _thread, below = make_thread(article, 30)
    make_comment(article, parent=below[9], body="To the tenth.")
    assert f'href="/comments/{below[9].pk}/"><bdi>' in get_html(stranger, article.get_absolute_url())
    assert f'href="#comment-{below[9].pk}"><bdi>' in get_html(stranger, THREAD_PAGE)


def test_chinese_page_of_a_thread_has_the_same_replies(article, stranger):
    make_article("专利", language="zh-hans", translation_key=article.translation_key)
    make_thread(article, 30)
    html = get_html(stranger, "/zh-hans/articles/专利/discussion/thread/1/")
    assert comment_ids(html) == comment_ids(get_html(stranger, THREAD_PAGE))
    assert 'hreflang="en" href="http://testserver/articles/a-patent/discussion/thread/1/"' in html


def test_only_some_replies_of_long_threads_are_read(article, stranger):
    many_comments(article, 3, replies_each=400)
    with CaptureQueriesContext(connection) as queries:
        html = get_html(stranger, article.get_absolute_url())
    assert html.count('<article class="comment"') == 3 * 5
    assert len(queries) == 11 + 1  # one more, after reading too many replies


def test_python_and_the_database_leave_out_the_same_replies(article, stranger, monkeypatch):
    for replies_each in (30, 8, 0):
        many_comments(article, 2, replies_each=replies_each)
    pages = []
    for limit in (400, 10):
        monkeypatch.setattr(threads, "_REPLY_FETCH_LIMIT", limit)
        pages.append(get_html(stranger, article.get_absolute_url()))
    assert pages[0] == pages[1]
    assert len(comment_ids(pages[0])) == 2 * 5 + 2 * 9 + 2


@pytest.mark.parametrize("number", [1, 30, 300])
def test_query_count_of_a_thread_does_not_depend_on_its_replies(
    article, stranger, django_assert_num_queries, number
):
    make_thread(article, number)
    with django_assert_num_queries(10 + 1):  # one for the page's expiry
        stranger.get(THREAD_PAGE)
