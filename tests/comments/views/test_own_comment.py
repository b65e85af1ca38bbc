"""Editing and removing a comment as its author, and reporting one. A refused text is returned in the form."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from articles.services import unpublish
from comments.models import Report
from comments.policy import ModerationAction, RemovedBy, State
from tests.comments.conftest import FRAGMENT
from tests.factories import decide_as_somebody, make_comment, make_user

pytestmark = pytest.mark.django_db


def html_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


# --- editing ---


def test_author_edits_a_comment(article, client_of, reader):
    comment = make_comment(article, author=reader, state=State.PENDING, body="As it was.")
    client, url = client_of(reader), f"/comments/{comment.pk}/edit/"
    assert ">\nAs it was.</textarea>" in html_of(client.get(url))
    assert client.post(url, {"body": "Better put."})["Location"] == f"/comments/{comment.pk}/"
    comment.refresh_from_db()
    assert (comment.body, comment.revision) == ("Better put.", 1)


def test_script_gets_the_new_count_when_an_edit_is_held(article, client_of, reader):
    comment = make_comment(article, author=reader)
    html = (
        client_of(reader)
        .post(f"/comments/{comment.pk}/edit/", {"body": "Better put."}, headers=FRAGMENT)
        .content.decode()
    )
    assert 'data-state="pending"' in html
    assert "0 comments" in html


def test_script_gets_the_edited_comment(article, client_of, reader):
    comment = make_comment(article, author=reader, state=State.PENDING)
    response = client_of(reader).post(
        f"/comments/{comment.pk}/edit/", {"body": "Better put."}, headers=FRAGMENT
    )
    assert (response.status_code, "Better put." in response.content.decode()) == (201, True)


@pytest.mark.parametrize("text", ["字" * 141, "", "a" * 2001])
def test_edit_over_the_limits_is_returned(article, client_of, reader, text):
    comment = make_comment(article, author=reader)
    response = client_of(reader).post(f"/comments/{comment.pk}/edit/", {"body": text})
    assert (response.status_code, f">\n{text}</textarea>" in response.content.decode()) == (422, True)


def test_edit_of_a_reply_has_the_limit_of_replies(article, client_of, reader):
    reply = make_comment(article, author=reader, parent=make_comment(article))
    client, url = client_of(reader), f"/comments/{reply.pk}/edit/"
    assert 'data-limit="70"' in html_of(client.get(url))
    assert client.post(url, {"body": "字" * 71}).status_code == 422


def test_edit_after_the_edit_window_is_returned(article, client_of, reader):
    comment = make_comment(article, author=reader)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        response = client_of(reader).post(f"/comments/{comment.pk}/edit/", {"body": "Better put."})
    assert (response.status_code, ">\nBetter put.</textarea>" in response.content.decode()) == (422, True)


def test_edit_after_the_session_has_ended_is_returned(article, stranger, reader):
    comment = make_comment(article, author=reader, state=State.PENDING, body="Unseen by others.")
    response = stranger.post(f"/comments/{comment.pk}/edit/", {"body": "Better put."})
    html = response.content.decode()
    assert (response.status_code, ">\nBetter put.</textarea>" in html) == (403, True)
    assert "Unseen by others." not in html
    comment.refresh_from_db()
    assert comment.body == "Unseen by others."


@pytest.mark.parametrize("state", [State.UNVERIFIED, State.PENDING, State.REJECTED, State.REMOVED])
@pytest.mark.parametrize("has_token", [False, True])
def test_edit_without_a_text_shows_the_stored_text_to_nobody_else(
    article, unverified, reader, state, has_token
):
    """Neither without a log-in nor without a CSRF token may a text be shown that is for its author alone."""
    author = unverified if state == State.UNVERIFIED else reader
    comment = make_comment(article, author=author, state=state, body="Unseen by others.")
    response = Client(enforce_csrf_checks=not has_token).post(f"/comments/{comment.pk}/edit/")
    assert (response.status_code, "Unseen by others." in response.content.decode()) == (403, False)


@pytest.mark.parametrize("has_token", [False, True])
def test_edit_leaks_no_title_of_an_unpublished_article(article, client_of, reader, has_token):
    comment = make_comment(article, author=reader)
    unpublish(article)
    url = f"/comments/{comment.pk}/edit/"
    response = Client(enforce_csrf_checks=not has_token).post(url, {"body": "Anything."})
    assert (response.status_code, article.title in response.content.decode()) == (404, False)
    assert client_of(reader).get(url).status_code == 200


@pytest.mark.parametrize("has_token", [False, True])
def test_edit_form_quotes_no_removed_comment(article, client_of, reader, has_token):
    thread = make_comment(article, body="Taken out.", author=make_user(display_name="Somebody Named"))
    reply = make_comment(article, author=reader, parent=thread)
    author_client, other = client_of(reader), Client(enforce_csrf_checks=not has_token)
    url = f"/comments/{reply.pk}/edit/"
    assert "Taken out." in html_of(author_client.get(url))
    decide_as_somebody(thread, ModerationAction.REMOVE)
    for response in (author_client.get(url), other.post(url, {"body": "Anything."})):
        html = response.content.decode()
        assert "comment-form" in html
        assert "Taken out." not in html
        assert "Somebody Named" not in html


def test_edit_with_a_stale_csrf_token_is_returned(article, reader):
    comment = make_comment(article, author=reader)
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    html = client.post(f"/comments/{comment.pk}/edit/", {"body": "Better put."}).content.decode()
    assert ">\nBetter put.</textarea>" in html
    assert f'action="/comments/{comment.pk}/edit/"' in html


# --- access ---


@pytest.mark.parametrize("task", ["edit", "remove"])
@pytest.mark.parametrize(
    ("state", "status"),
    [(State.VISIBLE, 403), (State.PENDING, 404), (State.REJECTED, 404), (State.REMOVED, 404)],
)
def test_comment_of_another_author_cannot_be_changed(article, client_of, reader, task, state, status):
    comment = make_comment(article, state=state)
    client, url = client_of(reader), f"/comments/{comment.pk}/{task}/"
    assert client.get(url).status_code == status
    assert client.post(url, {"body": "Mine now."}).status_code == status
    comment.refresh_from_db()
    assert (comment.state, comment.revision) == (state, 0)


@pytest.mark.parametrize("task", ["edit", "remove", "report"])
def test_anonymous_visitor_is_sent_to_log_in(article, stranger, task):
    url = f"/comments/{make_comment(article).pk}/{task}/"
    assert stranger.get(url)["Location"] == f"/accounts/login/?next={url}"


@pytest.mark.parametrize("task", ["edit", "remove", "report"])
@pytest.mark.parametrize("pk", [0, 999999, 2**70])
def test_unknown_comment_is_404(client_of, reader, task, pk):
    assert client_of(reader).get(f"/comments/{pk}/{task}/").status_code == 404


# --- removing ---


def test_author_removes_a_comment_after_a_confirmation(article, client_of, reader):
    comment = make_comment(article, author=reader, body="Regretted.")
    client, url = client_of(reader), f"/comments/{comment.pk}/remove/"
    assert "Regretted." in html_of(client.get(url))
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE
    for _time in range(2):
        assert client.post(url)["Location"] == f"/comments/mine/#comment-{comment.pk}"
    comment.refresh_from_db()
    assert (comment.state, comment.reason) == (State.REMOVED, RemovedBy.AUTHOR)


# --- reporting ---


def test_reader_reports_a_comment(article, client_of, reader):
    comment = make_comment(article)
    client, url = client_of(reader), f"/comments/{comment.pk}/report/"
    assert comment.body in html_of(client.get(url))
    assert client.post(url, {"reason": "uncivil", "note": "Look."})["Location"] == f"/comments/{comment.pk}/"
    assert Report.objects.values_list("reporter", "reason", "note").get() == (reader.pk, "uncivil", "Look.")


@pytest.mark.parametrize("data", [{}, {"reason": "x"}, {"reason": "other", "note": "a" * 301}])
def test_report_without_a_valid_reason_or_note_is_refused(article, client_of, reader, data):
    response = client_of(reader).post(f"/comments/{make_comment(article).pk}/report/", data)
    assert response.status_code == 422
    assert not Report.objects.exists()


def test_unverified_reader_cannot_report(article, client_of, unverified):
    response = client_of(unverified).post(
        f"/comments/{make_comment(article).pk}/report/", {"reason": "other", "note": "Typed."}
    )
    assert response.status_code == 403
    assert "confirm your e-mail address first" in response.content.decode()
    assert "Typed." in response.content.decode()


@pytest.mark.parametrize("headers", [{}, {"X-Fragment": "comment"}])
def test_too_long_note_is_returned_whole(article, client_of, reader, headers):
    comment, note = make_comment(article), "字" * 301
    path = f"/comments/{comment.pk}/report/"
    assert (
        "maxlength"
        not in re.search("<textarea[^>]*>", html_of(client_of(reader).get(path, headers=headers)))[0]
    )
    response = client_of(reader).post(path, {"reason": "other", "note": note}, headers=headers)
    html = response.content.decode()
    assert response.status_code == 422
    assert note in html
    assert "at most 300 are taken" in html
    assert not Report.objects.exists()


def test_invisible_comment_cannot_be_reported(article, client_of, reader):
    comment = make_comment(article, state=State.PENDING)
    assert client_of(reader).get(f"/comments/{comment.pk}/report/").status_code == 404
