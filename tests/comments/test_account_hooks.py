"""What confirming an address, erasing an account and a takeout do with comments."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.erasure import erase_account
from comments import services
from comments.account_hooks import comments_to_be_published
from comments.models import Comment
from comments.policy import ReportReason, State
from tests.factories import make_comment, make_user

pytestmark = pytest.mark.django_db


def test_confirmation_page_previews_the_released_comments(article, unverified):
    assert comments_to_be_published(unverified, at_once=True) == ""
    make_comment(article, author=unverified, state=State.UNVERIFIED, body="Wait <here>.")
    note = comments_to_be_published(unverified, at_once=True)
    assert "Wait &lt;here&gt;." in note
    assert article.title in note


def test_allauth_confirmation_releases_comments(article, unverified, rf):
    make_comment(article, author=unverified, state=State.UNVERIFIED)
    unverified.emailaddress_set.update(verified=True)
    email_confirmed.send(EmailAddress, request=rf.get("/"), email_address=unverified.emailaddress_set.get())
    assert Comment.objects.get().state == State.PENDING


def test_erasing_an_account_leaves_placeholders_without_a_name(article, reader):
    thread = make_comment(article, author=reader)
    make_comment(article, parent=thread)
    make_comment(article, author=reader, state=State.PENDING, body="Alone.")
    erase_account(reader)
    assert Comment.objects.get(pk=thread.pk).author is None
    assert not Comment.objects.filter(body="Alone.").exists()


def test_takeout_has_every_comment_and_report(article, client_of, reader):
    make_comment(article, author=reader, body="In the takeout.", state=State.REJECTED)
    services.report_comment(
        user=reader, comment_id=make_comment(article).pk, reason=ReportReason.OTHER, note="Also this."
    )
    make_comment(article, author=make_user(), body="Not this.")
    data = json.loads(client_of(reader).get("/accounts/me/data/").getvalue())
    assert [(comment["text"], comment["state"]) for comment in data["comments"]] == [
        ("In the takeout.", "rejected")
    ]
    assert [report["note"] for report in data["reports"]] == ["Also this."]


def test_long_takeout_is_streamed_without_article_texts(article, client_of, reader, monkeypatch):
    monkeypatch.setattr("comments.account_hooks.EXPORT_BATCH", 2)
    for number in range(5):
        make_comment(article, author=reader, body=f"Number {number}.", state=State.REJECTED)
    response = client_of(reader).get("/accounts/me/data/")
    with CaptureQueriesContext(connection) as queries:
        data = json.loads(response.getvalue())
    assert [comment["text"] for comment in data["comments"]] == [f"Number {number}." for number in range(5)]
    assert [decision["decision"] for decision in data["comments"][4]["decisions"]] == ["reject"]
    assert not [query["sql"] for query in queries if '"articles_article"."body"' in query["sql"]]
