"""The cost of publishing in the admin: one rendering, and a fixed number of queries."""

from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.markdown import render
from articles.models import Status
from tests.factories import make_article, make_author, make_image, make_topic

from .form_client import edit, open_form, send

# From the session to the purge after COMMIT, with BEGIN, COMMIT and savepoints. It was 85 and 90 with one
# topic and one author, 105 and 114 with three of each. A draft has no paths to list before it is saved.
# A server asks three fewer, 37 and 38: there a thread deletes the outbox row (BEGIN, DELETE, COMMIT).
PUBLISH_QUERIES = {Status.DRAFT: 40, Status.PUBLISHED: 41}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite logs BEGIN and COMMIT as queries")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("status", [Status.DRAFT, Status.PUBLISHED])
@pytest.mark.parametrize("count", [1, 3])
def test_publish_asks_a_fixed_number_of_queries(client_of, editor, status, count):
    client = client_of(editor)
    listing = {
        "topics": [make_topic() for _ in range(count)],
        "authors": [make_author() for _ in range(count)],
        "created_by": editor,
        "cover": make_image(),
    }
    edit(client, make_article(**listing), press="_publish", body="Fills the caches of the process.")
    article = make_article(status=status, **listing)
    form = open_form(client, article)

    with CaptureQueriesContext(connection) as queries:
        response = send(client, article, form, press="_publish", body="A new text.")

    assert response.status_code == 302
    article.refresh_from_db()
    assert (article.status, article.body_html) == (Status.PUBLISHED, "<p>A new text.</p>")
    assert len(queries) == PUBLISH_QUERIES[status]


@pytest.mark.parametrize("button", ["_publish", "_save", "_submit", "_schedule"])
def test_each_button_renders_the_text_once(client_of, editor, button):
    client, article = client_of(editor), make_article(status=Status.DRAFT)
    form = open_form(client, article)

    with patch("articles.services.render", wraps=render) as counted_render:
        response = send(client, article, form, press=button, body="A new text.")

    assert response.status_code == 302
    assert counted_render.call_count == 1
