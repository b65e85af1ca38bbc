"""A form knows for whom it was made. Sent by another account it comes back with its text and a question."""

import re
import uuid
from html import unescape

import pytest
from django.test import Client

from accounts.erasure import erase_account
from accounts.models import User
from comments import services
from comments.models import Comment, CommentDraft, Report
from comments.policy import State
from tests.factories import make_article, make_comment, make_user

pytestmark = pytest.mark.django_db

URL = "/articles/a-patent/comments/"


@pytest.fixture
def article():
    return make_article("a-patent")


@pytest.fixture
def other() -> User:
    return make_user("lin@example.org", display_name="Lin Yuqing")


def hidden_fields(html: str) -> dict[str, str]:
    """The hidden fields of the first comment form of a page."""
    form = html[html.index('class="comment-form') :]
    form = form[: form.index("</form>")]
    return {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    }


def fields_for(client: Client, path: str, text: str) -> dict[str, str]:
    return hidden_fields(client.get(path).content.decode()) | {"body": text}


def text_in_form(html: str) -> str:
    return unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.DOTALL)[1])


def test_form_of_another_account_asks_before_it_is_posted_under_this_name(article, client_of, reader, other):
    data = fields_for(client_of(reader), f"{URL}new/", "In two roles.")
    client = client_of(other)

    response = client.post(URL, data)

    html = response.content.decode()
    assert response.status_code == 409
    assert "You are now logged in as Lin Yuqing. Post this under this name?" in html
    assert "Post as Lin Yuqing</button>" in html
    assert text_in_form(html) == "In two roles."
    assert not Comment.objects.exists()
    client.post(URL, hidden_fields(html) | {"body": "In two roles."})
    assert Comment.objects.get().author == other


def test_form_opened_before_the_log_in_asks(article, stranger, client_of, reader):
    data = fields_for(stranger, f"{URL}new/", "Whose?")
    response = client_of(reader).post(URL, data)
    assert response.status_code == 409
    assert f"You are now logged in as {reader.public_name}" in response.content.decode()
    assert not Comment.objects.exists()


@pytest.mark.parametrize("token", ["1", "1:forged", ":", "x" * 500])
def test_form_with_an_altered_owner_asks(article, client_of, reader, token):
    data = {"body": "Forged?", "submission": str(uuid.uuid4()), "made_for": token}
    assert client_of(reader).post(URL, data).status_code == 409
    assert not Comment.objects.exists()


def test_form_of_the_same_account_after_another_log_in_is_posted(article, client_of, reader):
    data = fields_for(client_of(reader), f"{URL}new/", "It is me.")
    assert client_of(reader).post(URL, data).status_code == 302
    assert Comment.objects.get().author == reader


def test_text_sent_after_the_session_ended_waits_for_its_account_alone(
    article, stranger, client_of, reader, other
):
    stranger.post(URL, fields_for(client_of(reader), f"{URL}new/", "For me alone."))

    assert CommentDraft.objects.get().account == reader
    someone = client_of(other)
    someone.cookies["waiting"] = stranger.cookies["waiting"].value
    assert "For me alone." not in someone.get("/comments/mine/").content.decode()
    assert "For me alone." in client_of(reader).get("/comments/mine/").content.decode()


def test_text_of_an_erased_account_waits_in_the_browser(article, stranger, client_of, other):
    data = fields_for(client_of(other), f"{URL}new/", "Nobody's.")
    erase_account(other)
    stranger.post(URL, data)
    assert CommentDraft.objects.get().account is None


def checked_client(user: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def test_stale_token_after_another_log_in_says_so_and_asks(article, client_of, reader, other):
    data = fields_for(client_of(reader), f"{URL}new/", "Typed before.")
    client = checked_client(other)

    response = client.post(URL, data)

    html = response.content.decode()
    assert response.status_code == 403
    assert "You are now logged in as Lin Yuqing. Post this under this name?" in html
    assert "too long" not in html
    assert text_in_form(html) == "Typed before."
    token = html.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    client.post(URL, hidden_fields(html) | {"body": "Typed before.", "csrfmiddlewaretoken": token})
    assert Comment.objects.get().author == other


def test_stale_token_after_the_same_log_in_says_so(article, client_of, reader):
    data = fields_for(client_of(reader), f"{URL}new/", "Typed before.")
    html = checked_client(reader).post(URL, data).content.decode()
    assert "or you have logged in again since" in html
    assert text_in_form(html) == "Typed before."


def test_stale_token_after_the_log_out_says_so(article, client_of, reader):
    data = fields_for(client_of(reader), f"{URL}new/", "Typed before.")
    html = Client(enforce_csrf_checks=True).post(URL, data).content.decode()
    assert "You have been logged out since this form was opened." in html
    assert text_in_form(html) == "Typed before."


@pytest.mark.parametrize("state", [State.VISIBLE, State.PENDING])
def test_edit_form_of_another_account_comes_back_with_the_text(article, client_of, reader, other, state):
    comment = make_comment(article, author=reader, state=state, body="As posted.")
    path = f"/comments/{comment.pk}/edit/"
    data = fields_for(client_of(reader), path, "Better put.")

    response = client_of(other).post(path, data)

    html = response.content.decode()
    assert response.status_code == 409
    assert "this comment belongs to another account" in html
    assert text_in_form(html) == "Better put."
    comment.refresh_from_db()
    assert comment.body == "As posted."


def test_stranger_without_the_form_learns_nothing_of_a_hidden_comment(article, client_of, reader, other):
    comment = make_comment(article, author=reader, state=State.PENDING)
    own_form = fields_for(client_of(other), f"{URL}new/", "A guess.")
    response = client_of(other).post(f"/comments/{comment.pk}/edit/", own_form)
    assert response.status_code == 404
    assert "another account" not in response.content.decode()


def test_edit_form_older_than_the_text_shows_both_texts(article, client_of, reader):
    comment = make_comment(article, author=reader, body="As posted.")
    path, client = f"/comments/{comment.pk}/edit/", client_of(reader)
    data = fields_for(client, path, "From the desk.")
    services.edit_comment(user=reader, comment_id=comment.pk, body="From the phone.")

    response = client.post(path, data)

    html = response.content.decode()
    assert response.status_code == 409
    assert text_in_form(html) == "From the desk."
    assert "From the phone." in html.split("data-current-text")[1].split("</blockquote>")[0]
    assert client.post(path, hidden_fields(html) | {"body": "From the desk."}).status_code == 302
    comment.refresh_from_db()
    assert comment.body == "From the desk."


def test_report_form_of_another_account_asks(article, client_of, reader, other):
    comment = make_comment(article)
    path = f"/comments/{comment.pk}/report/"
    data = hidden_fields(client_of(reader).get(path, headers={"X-Fragment": "comment"}).content.decode()) | {
        "reason": "off_topic"
    }
    response = client_of(other).post(path, data)
    assert response.status_code == 409
    assert "You are now logged in as Lin Yuqing" in response.content.decode()
    assert not Report.objects.exists()
