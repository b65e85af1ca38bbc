"""The Atom feeds of one discussion and of the whole site."""

import xml.etree.ElementTree as ET

import pytest

from articles.models import SlugRedirect
from comments import services
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

ATOM = {"a": "http://www.w3.org/2005/Atom"}
FEED = "/articles/a-patent/comments/feed/"


def entries(client, url: str = FEED) -> list[ET.Element]:
    response = client.get(url)
    assert (response.status_code, response["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    return ET.fromstring(response.content).findall("a:entry", ATOM)


def test_entry_is_a_comment_with_its_full_text(article, stranger):
    comment = make_comment(article, author=make_user(display_name="A & B"), body="One.\n\n<Two>.")
    (entry,) = entries(stranger)
    assert entry.findtext("a:title", namespaces=ATOM) == "A & B on “Title of a-patent”"
    assert entry.findtext("a:content", namespaces=ATOM) == comment.body_html
    assert entry.find("a:link", ATOM).get("href") == f"http://testserver/comments/{comment.pk}/"
    assert entry.findtext("a:author/a:name", namespaces=ATOM) == "A & B"
    assert str(comment.submission) not in ET.tostring(entry).decode()


def test_feed_has_the_fifty_newest_comments(article, stranger):
    comments = [make_comment(article) for _number in range(52)]
    links = [entry.find("a:link", ATOM).get("href") for entry in entries(stranger)]
    assert links == [f"http://testserver/comments/{comment.pk}/" for comment in reversed(comments[2:])]


def test_feed_has_only_visible_comments(article, stranger, reader):
    make_comment(article, state=State.PENDING)
    thread = make_comment(article, author=reader)
    reply = make_comment(article, parent=thread)
    services.remove_comment(user=reader, comment_id=thread.pk)
    (entry,) = entries(stranger)
    assert entry.find("a:link", ATOM).get("href").endswith(f"/{reply.pk}/")


def test_chinese_feed_has_the_whole_discussion(article, stranger):
    make_article("专利", language="zh-hans", translation_key=article.translation_key)
    make_comment(article)
    (entry,) = entries(stranger, "/zh-hans/articles/专利/comments/feed/")
    assert "/zh-hans/comments/" in entry.find("a:link", ATOM).get("href")


def test_empty_feed_is_the_same_bytes_each_time(article, stranger):
    assert entries(stranger) == []
    assert stranger.get(FEED).content == stranger.get(FEED).content


def test_feed_of_an_old_slug_redirects(article, stranger):
    with public_write():
        SlugRedirect(language="en", slug="as-it-was", article=article).save()
    response = stranger.get("/articles/as-it-was/comments/feed/")
    assert (response.status_code, response["Location"]) == (301, FEED)
    make_comment(article)
    response = stranger.get("/articles/as-it-was/discussion/1/")
    assert (response.status_code, response["Location"]) == (301, "/articles/a-patent/discussion/1/")


@pytest.mark.parametrize("number", [1, 30])
def test_query_count_does_not_depend_on_the_number_of_comments(
    article, stranger, django_assert_num_queries, number
):
    for _number in range(number):
        make_comment(article)
    with django_assert_num_queries(4):
        entries(stranger)


# --- the whole site ---


def titles(elements: list[ET.Element]) -> list[str]:
    return [entry.findtext("a:title", namespaces=ATOM) for entry in elements]


@pytest.mark.parametrize("url", ["/comments/feed/", "/zh-hans/comments/feed/"])
def test_site_feed_has_the_newest_comments_of_every_public_article(article, stranger, url):
    other = make_article("标准", language="zh-hans")
    comments = [make_comment(article if number % 2 else other) for number in range(52)]
    feed = entries(stranger, url)
    paths = [entry.find("a:link", ATOM).get("href").rsplit("/comments/")[1] for entry in feed]
    assert paths == [f"{comment.pk}/" for comment in reversed(comments[2:])]
    assert feed[0].findtext("a:content", namespaces=ATOM) == comments[-1].body_html


def test_site_feed_names_articles_in_its_language(article, stranger):
    make_article("专利", language="zh-hans", title="谈专利", translation_key=article.translation_key)
    make_comment(article, author=make_user(display_name="Lin"))
    assert titles(entries(stranger, "/comments/feed/")) == ["Lin on “Title of a-patent”"]
    assert "谈专利" in titles(entries(stranger, "/zh-hans/comments/feed/"))[0]


def test_entry_has_the_same_id_in_both_feeds(article, stranger):
    make_comment(article)
    article_entry_id, site_entry_id = (
        entries(stranger, url)[0].findtext("a:id", namespaces=ATOM) for url in (FEED, "/comments/feed/")
    )
    assert article_entry_id == site_entry_id


def test_site_feed_has_no_comments_below_unpublished_articles(article, stranger, reader):
    make_comment(article, state=State.PENDING)
    make_comment(article)
    assert len(entries(stranger, "/comments/feed/")) == 1
    with public_write(article):
        article.status = "draft"
        article.save()
    assert entries(stranger, "/comments/feed/") == []


def test_pages_link_to_the_feeds(article, stranger):
    link = '<link rel="alternate" type="application/atom+xml" title="{}" href="{}">'
    for_site, for_article = (
        link.format("Comments in ICTiger", "/comments/feed/"),
        link.format("Comments on “Title of a-patent”", FEED),
    )
    make_comment(article)
    assert for_site in stranger.get("/").content.decode()
    for url in (article.get_absolute_url(), "/articles/a-patent/discussion/1/"):
        html = stranger.get(url).content.decode()
        assert for_site in html
        assert for_article in html


@pytest.mark.parametrize("number", [1, 30])
def test_query_count_of_the_site_feed_does_not_depend_on_the_number_of_comments(
    stranger, django_assert_num_queries, number
):
    for _number in range(number):
        make_comment(make_article())
    with django_assert_num_queries(4):
        entries(stranger, "/comments/feed/")
