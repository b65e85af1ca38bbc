"""Threads with many replies: what is folded away, what has pages of its own, and that each reply can be reached."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from comments.discussion import threads
from comments.models import Comment
from tests.factories import make_article, make_comment

from .test_discussion import many_comments, page, shown

pytestmark = pytest.mark.django_db

FOLDED = re.compile(
    r"<details><summary>(.*?)</summary><ol class=\"replies-more\">(.*?)</ol></details>", re.DOTALL
)
ALONE = "/articles/a-patent/discussion/thread/1/"


def replies(article: Article, number: int) -> tuple[Comment, list[Comment]]:
    (thread,) = many_comments(article, 1, replies_each=number)
    return thread, list(thread.replies.order_by("pk"))


def reachable(client: Client, url: str, comment: Comment) -> bool:
    place, anchor = client.get(url)["Location"].split("#")
    return anchor == f"comment-{comment.pk}" and comment.pk in shown(page(client, place))


def test_five_replies_are_all_shown(article, stranger):
    thread, below = replies(article, 5)
    html = page(stranger, article.get_absolute_url())
    assert shown(html) == [thread.pk, *(reply.pk for reply in below)]
    assert "<details><summary>" not in html.split('id="discussion"')[1]


@pytest.mark.parametrize(("number", "said"), [(6, "Show 2 more replies"), (24, "Show 20 more replies")])
def test_of_more_the_middle_is_folded_into_the_page(article, stranger, number, said):
    thread, below = replies(article, number)
    html = page(stranger, article.get_absolute_url())
    assert shown(html) == [thread.pk, *(reply.pk for reply in below)]
    ((summary, inside),) = FOLDED.findall(html)
    assert summary == said
    assert shown(inside) == [reply.pk for reply in below[2:-2]]


def test_of_very_many_the_middle_is_on_a_page_of_the_thread(article, stranger):
    thread, below = replies(article, 25)
    html = page(stranger, article.get_absolute_url())
    assert shown(html) == [thread.pk, *(below[index].pk for index in (0, 1, 23, 24))]
    assert f'<a href="{ALONE}">Show 21 more replies</a>' in html
    assert shown(page(stranger, ALONE)) == [thread.pk, *(reply.pk for reply in below)]


def test_a_page_of_the_thread_holds_two_hundred_replies(article, stranger):
    _thread, below = replies(article, 401)
    first, third = page(stranger, ALONE), page(stranger, f"{ALONE}3/")
    assert shown(first)[1:] == [reply.pk for reply in below[:200]]
    assert f'href="{ALONE}2/" rel="next"' in first
    assert 'rel="prev"' not in first.split('id="discussion"')[1]
    assert shown(third)[1:] == [below[400].pk]
    assert f'href="{ALONE}2/" rel="prev"' in third
    assert 'rel="next"' not in third.split('id="discussion"')[1]
    assert stranger.get(f"{ALONE}4/").status_code == 404


@pytest.mark.parametrize("typed", [ALONE + "1/", ALONE + "01/", "/articles/a-patent/discussion/thread/01/"])
def test_only_the_plain_address_is_a_page_of_the_thread(article, stranger, typed):
    replies(article, 1)
    response = stranger.get(typed)
    assert (response.status_code, response["Location"]) == (301, ALONE)


@pytest.mark.parametrize(
    "end", ["thread/2/", f"thread/{10**30}/", "thread/0/", f"thread/1/{10**30}/", "thread/1/0/"]
)
def test_threads_that_are_none(article, stranger, end):
    replies(article, 1)
    assert stranger.get(f"/articles/a-patent/discussion/{end}").status_code == 404


def test_the_permalink_of_each_reply_of_a_very_long_thread_finds_it(article, stranger):
    _thread, below = replies(article, 203)
    places = {0: "/articles/a-patent/", 2: ALONE, 199: ALONE, 200: f"{ALONE}2/", 201: "/articles/a-patent/"}
    for index, place in places.items():
        assert (
            stranger.get(below[index].get_absolute_url())["Location"] == f"{place}#comment-{below[index].pk}"
        )
        assert reachable(stranger, below[index].get_absolute_url(), below[index])


def test_what_stands_on_another_page_is_reached_by_its_permalink(article, stranger):
    _thread, below = replies(article, 30)
    make_comment(article, parent=below[9], body="To the tenth.")
    assert f'href="/comments/{below[9].pk}/"><bdi>' in page(stranger, article.get_absolute_url())
    assert f'href="#comment-{below[9].pk}"><bdi>' in page(stranger, ALONE)


def test_the_chinese_page_of_a_thread(article, stranger):
    make_article("专利", language="zh-hans", translation_key=article.translation_key)
    replies(article, 30)
    html = page(stranger, "/zh-hans/articles/专利/discussion/thread/1/")
    assert shown(html) == shown(page(stranger, ALONE))
    assert 'hreflang="en" href="http://testserver/articles/a-patent/discussion/thread/1/"' in html


def test_a_thread_of_ten_thousand_replies_is_read_in_part(article, stranger):
    many_comments(article, 3, replies_each=400)
    with CaptureQueriesContext(connection) as queries:
        html = page(stranger, article.get_absolute_url())
    assert html.count('<article class="comment"') == 3 * 5
    assert len(queries) == 11 + 1  # the second asks for a part of them


def test_the_middle_is_left_out_alike_here_and_by_the_database(article, stranger, monkeypatch):
    for replies_each in (30, 8, 0):
        many_comments(article, 2, replies_each=replies_each)
    pages = []
    for few in (400, 10):
        monkeypatch.setattr(threads, "_REPLY_FETCH_LIMIT", few)
        pages.append(page(stranger, article.get_absolute_url()))
    assert pages[0] == pages[1]
    assert len(shown(pages[0])) == 2 * 5 + 2 * 9 + 2


@pytest.mark.parametrize("number", [1, 30, 300])
def test_the_page_of_a_thread_takes_as_many_queries_with_many_replies(
    article, stranger, django_assert_num_queries, number
):
    replies(article, number)
    with django_assert_num_queries(10 + 1):  # one asks until when the page is good
        stranger.get(ALONE)
