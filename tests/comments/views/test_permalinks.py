"""Permalinks redirect to the page that shows a comment, or to My comments for its author."""

import pytest
from django.utils import translation

from comments import services
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.comments.discussion_pages import comment_ids, get_html, many_comments
from tests.factories import make_article, make_comment

pytestmark = pytest.mark.django_db


@pytest.fixture
def long_discussion(article):
    return many_comments(article, 120)


def test_permalink_redirects_to_the_page_of_the_comment(article, stranger, long_discussion):
    for comment, path in [
        (long_discussion[119], "/articles/a-patent/"),
        (long_discussion[70], "/articles/a-patent/"),
        (long_discussion[69], "/articles/a-patent/discussion/2/"),
        (long_discussion[0], "/articles/a-patent/discussion/1/"),
    ]:
        response = stranger.get(comment.get_absolute_url())
        assert (response.status_code, response["Location"]) == (302, f"{path}#comment-{comment.pk}")
        assert comment.pk in comment_ids(get_html(stranger, path))


def test_permalink_redirects_to_the_article_in_the_active_language(article, stranger):
    chinese = make_article("专利", language="zh-hans", translation_key=article.translation_key)
    comment = make_comment(article)
    with translation.override("zh-hans"):
        url = comment.get_absolute_url()
    assert stranger.get(url)["Location"] == f"{chinese.get_absolute_url()}#comment-{comment.pk}"


def test_permalink_of_a_removed_comment_redirects_to_its_placeholder(article, stranger, reader):
    thread = make_comment(article, author=reader)
    make_comment(article, parent=thread)
    services.remove_comment(user=reader, comment_id=thread.pk)
    assert stranger.get(thread.get_absolute_url())["Location"] == f"/articles/a-patent/#comment-{thread.pk}"


def test_permalink_of_a_held_comment_is_only_for_its_author(article, stranger, client_of, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    assert (
        client_of(reader).get(comment.get_absolute_url())["Location"]
        == f"/comments/mine/#comment-{comment.pk}"
    )
    assert stranger.get(comment.get_absolute_url()).status_code == 404


def test_permalink_of_a_held_edit_redirects_the_author_to_the_text_and_others_to_the_placeholder(
    article, stranger, client_of, reader
):
    comment = make_comment(article, author=reader)
    make_comment(article, parent=comment)
    services.edit_comment(
        user=reader, comment_id=comment.pk, body="Held, for it was approved as it read before."
    )
    assert (
        client_of(reader).get(comment.get_absolute_url())["Location"]
        == f"/comments/mine/#comment-{comment.pk}"
    )
    assert stranger.get(comment.get_absolute_url())["Location"] == f"/articles/a-patent/#comment-{comment.pk}"


def test_permalink_redirects_to_the_right_page_of_my_comments(article, client_of, reader, monkeypatch):
    monkeypatch.setattr("comments.views.my_comments.MY_COMMENTS_PER_PAGE", 2)
    comments = [
        make_comment(article, author=reader, state=State.PENDING, body=f"Argument {number}.")
        for number in range(4)
    ]
    client = client_of(reader)
    for number, query in enumerate(["?page=2", "?page=2", "", ""]):
        url = client.get(comments[number].get_absolute_url())["Location"]
        assert url == f"/comments/mine/{query}#comment-{comments[number].pk}"
        assert f'id="comment-{comments[number].pk}"' in get_html(client, url)


@pytest.mark.parametrize("pk", [0, 10**6, 2**63, 10**40])
def test_permalink_of_an_unknown_comment_is_404(stranger, db, pk):
    assert stranger.get(f"/comments/{pk}/").status_code == 404


def test_permalink_below_an_unpublished_article_is_only_for_the_author(stranger, client_of):
    article = make_article()
    comment = make_comment(article)
    with public_write(article):
        article.status = "draft"
        article.save()
    assert stranger.get(comment.get_absolute_url()).status_code == 404
    assert (
        client_of(comment.author).get(comment.get_absolute_url())["Location"]
        == f"/comments/mine/#comment-{comment.pk}"
    )
