"""Forms, errors and pages of comments below /zh-hans/ contain no English text."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from articles.models import Article
from comments import services
from comments.policy import State
from ictiger.pagecache.public_write import public_write
from tests.factories import make_comment, make_user

from .english_text import assert_chinese

pytestmark = pytest.mark.django_db


def post(client: Client, article: Article, body: str, **fields: object) -> HttpResponse:
    data = {"body": body, "submission": str(uuid.uuid4()), "parent": "", **fields}
    return client.post(f"{article.get_absolute_url()}comments/", data, follow=True)


def test_comment_form(article, discussion, stranger, client_of, reader, unverified):
    for client in (stranger, client_of(reader), client_of(unverified)):
        for query in ("", f"?parent={discussion.pk}", "?parent=999"):
            assert_chinese(client.get(f"{article.get_absolute_url()}comments/new/{query}"))


@pytest.mark.parametrize("body", ["", "字" * 141, "a" * 2001, "字" * 20_000])
def test_invalid_comments(article, client_of, reader, stranger, body):
    for client in (client_of(reader), stranger):
        assert_chinese(post(client, article, body), status=None)


def test_posted_comments(article, discussion, client_of, reader, unverified, stranger):
    for client in (client_of(reader), client_of(unverified), stranger):
        for fields in ({}, {"parent": discussion.pk}, {"parent": 999}, {"parent": "?"}, {"submission": "?"}):
            assert_chinese(post(client, article, "我也说两句。", **fields), status=None)
        assert_chinese(client.get(f"/zh-hans/me/discussion/{article.pk}/"))


def test_duplicate_submission_and_missing_csrf_token(article, client_of, reader):
    submission_id = str(uuid.uuid4())
    for body in ("一。", "二。"):
        assert_chinese(post(client_of(reader), article, body, submission=submission_id), status=None)
    csrf_client = Client(enforce_csrf_checks=True)
    assert_chinese(post(csrf_client, article, "我也说两句。"), status=403)


def test_refused_authors(article, client_of, reader):
    for days in (30, 0):
        services.ban_user(by=make_user(), user=reader, why="广告。", days=days)
        assert_chinese(post(client_of(reader), article, "我也说两句。"), status=403)
    with public_write(article):
        article.comments_open = False
        article.save()
    assert_chinese(post(client_of(make_user()), article, "我也说两句。"), status=None)


def test_own_comments(article, discussion, client_of, reader, unverified):
    make_comment(article, author=unverified, state=State.UNVERIFIED, body="请先看这一条。")
    newcomer = make_user()
    for state in (State.REJECTED, State.PENDING, State.REMOVED):
        make_comment(article, author=newcomer, state=state, body=f"这一条：{State(state).label}。")
    for client in map(client_of, (reader, newcomer, unverified)):
        for path in (
            "comments/mine/",
            f"me/discussion/{article.pk}/",
            f"comments/{discussion.pk}/edit/",
            f"comments/{discussion.pk}/remove/",
        ):
            assert_chinese(client.get(f"/zh-hans/{path}"), status=None)
    path = f"/zh-hans/comments/{discussion.pk}/"
    assert_chinese(client_of(reader).post(f"{path}edit/", {"body": ""}), status=422)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        assert_chinese(client_of(reader).post(f"{path}edit/", {"body": "新。"}), status=None)
    assert_chinese(client_of(reader).post(f"{path}remove/", follow=True))


def test_reporting_a_comment(discussion, client_of, reader, unverified):
    for client in (client_of(make_user()), client_of(reader), client_of(unverified)):
        path = f"/zh-hans/comments/{discussion.pk}/report/"
        assert_chinese(client.get(path), status=None)
        assert_chinese(client.post(path, {}, follow=True), status=None)
        assert_chinese(client.post(path, {"reason": "advertising"}, follow=True), status=None)
