"""Two editors who have the same article form open."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from articles.models import Draft, Status
from tests.factories import make_article

from .form_client import edit, fields_of, open_form, send


def test_form_opened_earlier_does_not_set_the_listing_back(editor_client):
    article = make_article()
    old_form = open_form(editor_client, article)
    edit(
        editor_client,
        article,
        featured="on",
        comments_close_at_0="2031-05-06",
        comments_close_at_1="07:08:09",
    )

    send(editor_client, article, old_form)

    article.refresh_from_db()
    assert article.featured is True
    assert article.comments_close_at is not None


def test_stale_draft_is_an_error_that_keeps_both_texts(editor_client, client_of, author, editor):
    article = make_article(created_by=author, title="Title", body="Text.")
    author_client = client_of(author)
    form = open_form(editor_client, article)
    edit(author_client, article, title="Their title", summary="Their summary")

    response = send(editor_client, article, form, body="My text.")

    [message] = response.context["adminform"].form.non_field_errors()
    assert "author@example.org saved this draft" in message
    assert "(changed: title, summary)" in message
    assert fields_of(response)["body"] == ["My text."]
    assert Draft.objects.get(article=article).title == "Their title"

    again = send(editor_client, article, fields_of(response))

    assert again.status_code == 302
    draft = Draft.objects.get(article=article)
    assert (draft.title, draft.body) == ("Title", "My text.")
    assert draft.history.filter(title="Their title").exists()


def test_stale_draft_is_not_published(editor_client, client_of, author):
    article = make_article(created_by=author, status=Status.DRAFT)
    form = open_form(editor_client, article)
    edit(client_of(author), article, title="Their title")

    response = send(editor_client, article, form, body="Mine.", press="_publish")

    assert response.status_code == 200
    article.refresh_from_db()
    assert article.status == Status.DRAFT


def test_double_click_on_save_is_no_conflict(editor_client):
    article = make_article()
    form = open_form(editor_client, article)

    responses = [send(editor_client, article, form, body="Twice.") for _ in range(2)]

    assert [response.status_code for response in responses] == [302, 302]


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lets writers in one after another anyway"
)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_of_two_simultaneous_saves_is_stale(client_of, editor):
    article = make_article()
    clients = [client_of(editor), client_of(editor)]
    forms = [open_form(client, article) for client in clients]
    start = Barrier(2)

    def save(number: int) -> int:
        start.wait()
        try:
            return send(clients[number], article, forms[number], body=f"Text {number}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        statuses = list(threads.map(save, range(2)))

    assert sorted(statuses) == [200, 302]
    assert Draft.objects.get(article=article).body == f"Text {statuses.index(302)}"
