"""The form for a comment, and posting it."""

import uuid

import pytest

from articles.models import SlugRedirect
from comments.models import Comment
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.comments.conftest import FRAGMENT
from tests.factories import make_article, make_comment

pytestmark = pytest.mark.django_db

# --- the form ---


def test_form_page_has_the_promised_elements(article, stranger):
    page = stranger.get("/articles/a-patent/comments/new/")
    html = page.content.decode()
    assert page["X-Robots-Tag"] == "noindex"
    assert 'name="body"' in html
    assert 'data-limit="140"' in html
    assert "<span data-words-left>140</span>" in html
    assert 'action="/articles/a-patent/comments/"' in html
    assert "csrfmiddlewaretoken" in html


def test_form_of_a_reply_has_its_limit_and_quotes_the_comment(article, stranger):
    comment = make_comment(article, body="What about standards?")
    html = stranger.get(f"/articles/a-patent/comments/new/?parent={comment.pk}").content.decode()
    assert 'data-limit="70"' in html
    assert f'name="parent" value="{comment.pk}"' in html
    assert "What about standards?" in html


@pytest.mark.parametrize("parent", ["999999", "abc", "-1", "1e9", str(2**70), "", "٣", "\0"])
def test_form_for_an_unknown_parent_is_one_for_a_new_thread(article, stranger, parent):
    response = stranger.get("/articles/a-patent/comments/new/", {"parent": parent})
    html = response.content.decode()
    assert (response.status_code, 'data-limit="140"' in html) == (200, True)
    assert ("no longer there" in html) == bool(parent)


def test_limits_are_settings(article, client_of, reader, send, settings):
    settings.COMMENT_WORD_LIMIT, settings.REPLY_WORD_LIMIT = 3, 2
    settings.COMMENT_CODE_POINT_LIMIT, settings.REPLY_CODE_POINT_LIMIT = 12, 8
    client, thread = client_of(reader), make_comment(article, body="One.")
    page = client.get(f"/articles/a-patent/comments/new/?parent={thread.pk}").content.decode()
    assert 'data-limit="2" data-code-points="8"' in page
    assert "in at most 3 words" in client.get(article.get_absolute_url()).content.decode()
    for fields in ({"body": "1 2 3"}, {"body": "1 2", "parent": thread.pk}):
        assert send(client, **fields).status_code == 302
    for fields in (
        {"body": "1 2 3 4"},
        {"body": "a" * 13},
        {"body": "1 2 3", "parent": thread.pk},
        {"body": "a" * 9, "parent": thread.pk},
    ):
        assert send(client, **fields).status_code == 422


def test_script_gets_the_form_alone(article, stranger):
    html = stranger.get("/articles/a-patent/comments/new/", headers=FRAGMENT).content.decode()
    assert html.strip().startswith("<form")
    assert "csrfmiddlewaretoken" in html


def test_each_form_has_its_own_submission_id(article, stranger):
    one, other = (
        stranger.get("/articles/a-patent/comments/new/").context["compose_form"].submission
        for _time in range(2)
    )
    assert one != other


def test_form_of_a_closed_discussion_shows_a_message(stranger):
    make_article("closed", comments_open=False)
    response = stranger.get("/articles/closed/comments/new/")
    assert response.status_code == 200
    assert "This discussion has closed." in response.content.decode()
    assert "<textarea" not in response.content.decode()


def test_draft_is_shown_after_the_discussion_has_closed(article, stranger, send):
    send(stranger, "Written in time.")
    with public_write(article):
        article.comments_open = False
        article.save()
    page = stranger.get(f"/articles/{article.slug}/comments/new/").content.decode()
    assert "This discussion has closed." in page
    assert "Written in time." in page


# --- posting ---


def test_held_comment_redirects_to_my_comments(client_of, reader, send):
    client = client_of(reader)
    response = send(client, "An argument.")
    comment = Comment.objects.get()
    assert (comment.author, comment.body, comment.state) == (reader, "An argument.", State.PENDING)
    my_comments = client.get(client.get(response["Location"])["Location"].partition("#")[0]).content.decode()
    assert f'id="comment-{comment.pk}" data-state="pending"' in my_comments


def test_visible_comment_redirects_to_the_article(article, client_of, reader, send):
    make_comment(make_article(), author=reader)
    client = client_of(reader)
    response = client.get(send(client, "An argument.")["Location"])
    assert response["Location"] == f"/articles/a-patent/#comment-{Comment.objects.latest('pk').pk}"


def test_script_gets_the_html_of_the_comment(client_of, reader, send):
    response = send(client_of(reader), "An argument.", headers=FRAGMENT)
    html = response.content.decode()
    assert response.status_code == 201
    assert 'data-state="pending"' in html
    assert "A moderator reads everyone’s first comment." in html
    assert "<html" not in html


def test_reply_has_its_parent(article, client_of, reader, send):
    thread = make_comment(article)
    send(client_of(reader), "But why?", parent=thread.pk)
    assert Comment.objects.get(body="But why?").parent == thread


@pytest.mark.parametrize(("parent", "limit"), [(False, 140), (True, 70)])
def test_text_at_the_word_limit_is_posted(article, client_of, reader, send, parent, limit):
    fields = {"parent": make_comment(article).pk} if parent else {}
    assert send(client_of(reader), "字" * limit, **fields).status_code == 302
    assert Comment.objects.latest("pk").words == limit


def test_text_is_stored_as_typed(client_of, reader, send):
    send(client_of(reader), "  two spaces\r\n\r\n\r\nand lines  ")
    assert Comment.objects.get().body == "  two spaces\n\n\nand lines  "


def test_unstorable_characters_are_dropped(client_of, reader, send):
    assert send(client_of(reader), "a\0b\x07c").status_code == 302
    assert Comment.objects.get().body == "abc"


def test_invalid_utf_8_becomes_replacement_characters(client_of, reader):
    make_article("a-patent")
    body = b"body=good%ED%A0%80bad&submission=&parent="
    response = client_of(reader).post(
        "/articles/a-patent/comments/", body, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 302
    assert Comment.objects.get().body == "good\ufffd\ufffd\ufffdbad"


def test_repeated_post_is_the_same_comment(client_of, reader, send):
    client, submission = client_of(reader), str(uuid.uuid4())
    locations = {send(client, "Once.", submission=submission)["Location"] for _time in range(3)}
    assert locations == {f"/comments/{Comment.objects.get().pk}/"}


def test_comment_is_posted_below_an_old_slug(article, client_of, reader):
    with public_write():
        SlugRedirect(language="en", slug="as-it-was", article=article).save()
    response = client_of(reader).post(
        "/articles/as-it-was/comments/", {"body": "Typed before it was renamed."}
    )
    assert response.status_code == 302
    assert Comment.objects.get().article == article


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_not_allowed(article, client_of, reader, method):
    assert getattr(client_of(reader), method)("/articles/a-patent/comments/").status_code == 405
    assert not Comment.objects.exists()


def test_get_redirects_to_the_form(article, stranger):
    """Reloading the page of a refusal sends a GET to its URL."""
    assert stranger.get("/articles/a-patent/comments/")["Location"] == "/articles/a-patent/comments/new/"
    assert stranger.get("/articles/no-such/comments/").status_code == 404


def test_chinese_comment_is_posted(client_of, reader):
    make_article("专利", language="zh-hans")
    response = client_of(reader).post("/zh-hans/articles/专利/comments/", {"body": "字" * 140})
    comment = Comment.objects.get()
    assert response["Location"] == f"/zh-hans/comments/{comment.pk}/"
    assert (comment.language, comment.words) == ("zh-hans", 140)
