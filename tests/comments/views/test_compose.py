import time
import uuid

import pytest
from django.test import Client

from articles.models import SlugRedirect
from articles.services import unpublish
from comments import services
from comments.models import Comment
from comments.policy import ModerationAction, State
from comments.text.word_count import count_words
from ictiger.pagecache.public_write import public_write
from tests.comments.conftest import FRAGMENT
from tests.factories import decide_as_somebody, make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

GONE = {
    "status": 404,
    "text": "Typed &lt;b&gt;meanwhile&lt;/b&gt;.",
    "says": "Your text is below, for you to copy.",
}
WORDS_140 = "word " * 139 + "word"


def refused(response, *, status: int, text: str, says: str) -> str:
    """Every refusal shows the text again, and says what is the matter."""
    html = response.content.decode()
    assert response.status_code == status
    assert says in html
    assert f">\n{text}</textarea>" in html
    return html


# --- the form ---


def test_the_form_page_keeps_its_promises(article, stranger):
    page = stranger.get("/articles/a-patent/comments/new/")
    html = page.content.decode()
    assert page["X-Robots-Tag"] == "noindex"
    assert 'name="body"' in html
    assert 'data-limit="140"' in html
    assert "<span data-words-left>140</span>" in html
    assert 'action="/articles/a-patent/comments/"' in html
    assert "csrfmiddlewaretoken" in html


def test_the_form_of_a_reply_has_half_the_words_and_shows_what_it_answers(article, stranger):
    comment = make_comment(article, body="What about standards?")
    html = stranger.get(f"/articles/a-patent/comments/new/?parent={comment.pk}").content.decode()
    assert 'data-limit="70"' in html
    assert f'name="parent" value="{comment.pk}"' in html
    assert "What about standards?" in html


@pytest.mark.parametrize("parent", ["999999", "abc", "-1", "1e9", str(2**70), "", "٣", "\0"])
def test_a_form_for_an_unknown_comment_is_one_for_a_new_comment(article, stranger, parent):
    response = stranger.get("/articles/a-patent/comments/new/", {"parent": parent})
    html = response.content.decode()
    assert (response.status_code, 'data-limit="140"' in html) == (200, True)
    assert ("no longer there" in html) == bool(parent)


def test_the_limits_are_settings(article, client_of, reader, send, settings):
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


def test_the_form_alone_for_a_script(article, stranger):
    html = stranger.get("/articles/a-patent/comments/new/", headers=FRAGMENT).content.decode()
    assert html.strip().startswith("<form")
    assert "csrfmiddlewaretoken" in html


def test_each_form_is_a_submission_of_its_own(article, stranger):
    one, other = (
        stranger.get("/articles/a-patent/comments/new/").context["box"].submission for _time in range(2)
    )
    assert one != other


def test_the_form_of_a_closed_discussion_says_so(stranger):
    make_article("closed", comments_open=False)
    response = stranger.get("/articles/closed/comments/new/")
    assert response.status_code == 200
    assert "This discussion has closed." in response.content.decode()
    assert "<textarea" not in response.content.decode()


def test_a_text_that_waits_below_an_article_whose_discussion_closed_is_still_shown(article, stranger, send):
    send(stranger, "Written in time.")
    with public_write(article):
        article.comments_open = False
        article.save()
    page = stranger.get(f"/articles/{article.slug}/comments/new/").content.decode()
    assert "This discussion has closed." in page
    assert "Written in time." in page


# --- what is taken ---


def test_a_first_comment_leads_to_the_authors_own_page(client_of, reader, send):
    client = client_of(reader)
    response = send(client, "An argument.")
    comment = Comment.objects.get()
    assert (comment.author, comment.body, comment.state) == (reader, "An argument.", State.PENDING)
    mine = client.get(client.get(response["Location"])["Location"].partition("#")[0]).content.decode()
    assert f'id="comment-{comment.pk}" data-state="pending"' in mine


def test_a_trusted_comment_leads_to_its_place(article, client_of, reader, send):
    make_comment(make_article(), author=reader)
    client = client_of(reader)
    response = client.get(send(client, "An argument.")["Location"])
    assert response["Location"] == f"/articles/a-patent/#comment-{Comment.objects.latest('pk').pk}"


def test_a_script_gets_the_comment_to_put_in_place(client_of, reader, send):
    response = send(client_of(reader), "An argument.", headers=FRAGMENT)
    html = response.content.decode()
    assert response.status_code == 201
    assert 'data-state="pending"' in html
    assert "A moderator reads everyone’s first comment." in html
    assert "<html" not in html


def test_a_reply(article, client_of, reader, send):
    thread = make_comment(article)
    send(client_of(reader), "But why?", parent=thread.pk)
    assert Comment.objects.get(body="But why?").parent == thread


@pytest.mark.parametrize(("parent", "limit"), [(False, 140), (True, 70)])
def test_as_many_words_as_the_limit_are_taken(article, client_of, reader, send, parent, limit):
    fields = {"parent": make_comment(article).pk} if parent else {}
    assert send(client_of(reader), "字" * limit, **fields).status_code == 302
    assert Comment.objects.latest("pk").words == limit


def test_the_text_is_kept_as_it_was_typed(client_of, reader, send):
    send(client_of(reader), "  two spaces\r\n\r\n\r\nand lines  ")
    assert Comment.objects.get().body == "  two spaces\n\n\nand lines  "


def test_characters_that_cannot_be_stored_are_left_out(client_of, reader, send):
    assert send(client_of(reader), "a\0b\x07c").status_code == 302
    assert Comment.objects.get().body == "abc"


def test_bytes_that_are_no_text_are_taken_as_replacement_characters(client_of, reader):
    make_article("a-patent")
    body = b"body=good%ED%A0%80bad&submission=&parent="
    response = client_of(reader).post(
        "/articles/a-patent/comments/", body, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 302
    assert Comment.objects.get().body == "good\ufffd\ufffd\ufffdbad"


def test_a_repeated_post_is_the_same_comment(client_of, reader, send):
    client, submission = client_of(reader), str(uuid.uuid4())
    locations = {send(client, "Once.", submission=submission)["Location"] for _time in range(3)}
    assert locations == {f"/comments/{Comment.objects.get().pk}/"}


def test_a_comment_below_the_old_address_of_an_article(article, client_of, reader):
    with public_write():
        SlugRedirect(language="en", slug="as-it-was", article=article).save()
    response = client_of(reader).post(
        "/articles/as-it-was/comments/", {"body": "Typed before it was renamed."}
    )
    assert response.status_code == 302
    assert Comment.objects.get().article == article


# --- what is refused, with the text ---


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WORDS_140 + " more", "1 word over the limit of 140"),
        (WORDS_140 + " 专利", "2 words over the limit of 140"),
        ("a" * 2001, "1 character over the limit of 2000"),
    ],
)
def test_too_long_a_comment(client_of, reader, send, text, says):
    html = refused(send(client_of(reader), text), status=422, text=text, says=says)
    left = 140 - count_words(text)
    assert f"<span data-words-left>{left if left >= 0 else f'−{-left}'}</span>" in html
    assert not Comment.objects.exists()


def test_too_long_a_reply(article, client_of, reader, send):
    parent, text = make_comment(article).pk, "字" * 71
    html = refused(
        send(client_of(reader), text, parent=parent),
        status=422,
        text=text,
        says="1 word over the limit of 70",
    )
    assert f'name="parent" value="{parent}"' in html


def test_too_long_for_a_stranger(stranger, send):
    refused(send(stranger, "字" * 141), status=422, text="字" * 141, says="1 word over")


@pytest.mark.parametrize("text", ["", "  \n\t", "\u3000\u200b"])
def test_no_text(client_of, reader, send, text):
    assert send(client_of(reader), text).status_code == 422
    assert not Comment.objects.exists()


def test_markup_comes_back_as_text(client_of, reader, send):
    text = "</textarea><script>alert(1)</script>" + "字" * 140
    escaped = "&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;" + "字" * 140
    refused(send(client_of(reader), text), status=422, text=escaped, says="over the limit")


@pytest.mark.parametrize("parent", ["999999", "abc", "-1", str(2**70), "0"])
def test_an_unknown_parent(client_of, reader, send, parent):
    html = refused(
        send(client_of(reader), "But why?", parent=parent),
        status=422,
        text="But why?",
        says="no longer there",
    )
    assert 'name="parent" value=""' in html  # sent again it is a comment of its own


def test_a_parent_of_another_article(client_of, reader, send):
    elsewhere = make_comment(make_article())
    refused(
        send(client_of(reader), "But why?", parent=elsewhere.pk),
        status=422,
        text="But why?",
        says="no longer there",
    )


def test_a_parent_that_was_removed_meanwhile(article, client_of, reader, send):
    thread = make_comment(article)
    decide_as_somebody(thread, ModerationAction.REMOVE)
    client = client_of(reader)
    html = refused(
        send(client, "But why?", parent=thread.pk), status=422, text="But why?", says="no longer there"
    )
    place = f'data-of="{thread.pk}" data-article="{article.translation_key}" data-here="/articles/a-patent/comments/new/?parent={thread.pk}"'
    assert place in html  # where the browser keeps what is typed, and finds it again
    assert place in client.get(f"/articles/a-patent/comments/new/?parent={thread.pk}").content.decode()
    assert 'name="parent" value=""' in html
    assert send(client, "But why?").status_code == 302


def test_a_discussion_that_was_closed_meanwhile(client_of, reader, send):
    closed = make_article(comments_open=False)
    refused(
        send(client_of(reader), "Just in time?", to=closed),
        status=422,
        text="Just in time?",
        says="This discussion has closed.",
    )


def test_a_banned_reader(article, client_of, reader, send):
    services.ban_user(by=make_user(), user=reader, why="spam", days=3)
    refused(
        send(client_of(reader), "Let me in."), status=403, text="Let me in.", says="You cannot comment until"
    )


def test_a_damaged_submission(client_of, reader, send):
    html = refused(
        send(client_of(reader), "Mine.", submission="no-uuid"),
        status=422,
        text="Mine.",
        says="Please send it again",
    )
    assert "no-uuid" not in html


def test_the_same_form_with_another_text_keeps_both(client_of, reader, send):
    client, submission = client_of(reader), str(uuid.uuid4())
    send(client, "First.", submission=submission)
    html = refused(
        send(client, "Second.", submission=submission),
        status=409,
        text="Second.",
        says="sent before, with another text",
    )
    assert submission not in html
    assert Comment.objects.count() == 1


def test_a_stale_token_gives_the_text_back_with_a_fresh_one(article, reader):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    submission = str(uuid.uuid4())
    data = {"body": "Typed an hour ago.", "submission": submission, "csrfmiddlewaretoken": "x" * 64}
    url = "/articles/a-patent/comments/"
    html = refused(client.post(url, data), status=403, text="Typed an hour ago.", says="please send it again")
    assert submission in html
    token = html.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert client.post(url, data | {"csrfmiddlewaretoken": token}).status_code == 302
    assert Comment.objects.get().body == "Typed an hour ago."


def test_a_stale_token_of_a_reply_keeps_what_it_answers(article, reader):
    thread = make_comment(article)
    client = Client(enforce_csrf_checks=True)
    response = client.post(
        "/articles/a-patent/comments/", {"body": "Hm.", "parent": thread.pk}, headers=FRAGMENT
    )
    html = refused(response, status=403, text="Hm.", says="send it again")
    assert html.strip().startswith("<form")
    assert f'name="parent" value="{thread.pk}"' in html


@pytest.mark.parametrize("enforce", [False, True])
def test_ten_megabytes_are_refused_at_once(article, reader, enforce):
    client = Client(enforce_csrf_checks=enforce)
    client.force_login(reader)
    started = time.monotonic()
    response = client.post(
        "/articles/a-patent/comments/",
        b"body=" + b"a+" * 5_000_000,
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 413
    assert "Shorten it" in response.content.decode()
    assert time.monotonic() - started < 3


def test_two_megabytes_of_words_come_back_in_bounded_time(client_of, reader, send):
    text = "a " * 1_000_000
    started = time.monotonic()
    response = send(client_of(reader), text)
    assert (response.status_code, text in response.content.decode()) == (422, True)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("has_token", [True, False])
def test_a_text_sent_to_an_article_that_is_gone_comes_back_to_be_copied(article, reader, has_token):
    client = Client(enforce_csrf_checks=not has_token)
    client.force_login(reader)
    unpublish(article)
    refused(client.post("/articles/a-patent/comments/", {"body": "Typed <b>meanwhile</b>."}), **GONE)
    refused(client.post("/articles/never-was/comments/", {"body": "Typed <b>meanwhile</b>."}), **GONE)
    assert not Comment.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_only_post_posts(article, client_of, reader, method):
    assert getattr(client_of(reader), method)("/articles/a-patent/comments/").status_code == 405


def test_whoever_looks_where_comments_are_posted_is_led_to_the_form(article, stranger):
    """A reload of the address that a refusal was shown at asks for it by GET."""
    assert stranger.get("/articles/a-patent/comments/")["Location"] == "/articles/a-patent/comments/new/"
    assert stranger.get("/articles/no-such/comments/").status_code == 404


def test_in_chinese(client_of, reader):
    make_article("专利", language="zh-hans")
    response = client_of(reader).post("/zh-hans/articles/专利/comments/", {"body": "字" * 140})
    comment = Comment.objects.get()
    assert response["Location"] == f"/zh-hans/comments/{comment.pk}/"
    assert (comment.language, comment.words) == ("zh-hans", 140)
