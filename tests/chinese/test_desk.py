"""Nothing of ours is in English on the desk, whoever works there."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from articles.models import RESERVED_SLUGS
from comments import services
from comments.models import Comment
from comments.policy import ReportReason
from tests.accounts.test_emails import queue_all
from tests.factories import make_comment, make_user

from .reading import english_in

pytestmark = pytest.mark.django_db


DJANGOS_ICON = 'alt="Search"'  # of the box above a list: its template has this in English alone


@pytest.fixture
def chief(editor) -> User:
    """Who may do everything, and speaks Chinese."""
    User.objects.filter(pk=editor.pk).update(is_superuser=True, display_name="王编辑")
    return editor


def desk_pages() -> Iterator[str]:
    """The list of each model, the form for a new row, and what there is to see of one row."""
    yield "/zh-hans/admin/"
    for model in admin.site._registry.keys() - {Group}:  # rights are rows, named when they are made
        names = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{names}_changelist")
        yield reverse(f"{names}_add")
        if (row := model._default_manager.first()) is not None:
            for name in ("change", "history", "delete"):
                yield reverse(f"{names}_{name}", args=[row.pk])


def on_the_desk(response: HttpResponse) -> list[str]:
    html = response.content.decode()
    for name in (DJANGOS_ICON, ", ".join(RESERVED_SLUGS)):
        html = html.replace(name, "")
    return english_in(html)


@pytest.mark.parametrize(("who", "least"), [("author", 6), ("editor", 18), ("moderator", 3), ("chief", 30)])
def test_every_page_of_the_desk(request, discussion, client_of, reader, who, least):
    services.report_comment(user=make_user(), comment_id=discussion.pk, reason=ReportReason.UNCIVIL)
    services.ban_user(by=make_user(), user=reader, why="广告。", days=30)
    queue_all("zh-hans")
    client = client_of(request.getfixturevalue(who))
    with translation.override("zh-hans"):
        answers = {path: client.get(path) for path in desk_pages()}
    pages = {path: on_the_desk(answer) for path, answer in answers.items() if answer.status_code == 200}
    assert len(pages) >= least
    assert {path: english for path, english in pages.items() if english} == {}


def test_what_the_desk_answers_about_articles(article, chief, client_of):
    client, desk = client_of(chief), "/zh-hans/admin/articles/article/"
    for action in ("publish", "submit", "return", "unpublish", "take_down"):
        chosen = {"action": f"{action}_selected", "_selected_action": [article.pk]}
        for _time in range(2):
            assert on_the_desk(client.post(desk, chosen, follow=True)) == [], action
    assert (
        on_the_desk(
            client.post(desk, {"action": "draw_covers", "_selected_action": [article.pk]}, follow=True)
        )
        == []
    )
    assert on_the_desk(client.get(f"{desk}schedule/?article={article.pk}")) == []
    for when in (
        {},
        {"when_0": "2020-01-01", "when_1": "08:00"},
        {"when_0": "2099-01-01", "when_1": "08:00"},
    ):
        assert on_the_desk(client.post(f"{desk}schedule/?article={article.pk}", when, follow=True)) == []
    assert on_the_desk(client.post(f"{desk}{article.pk}/change/", {})) == []
    version = article.draft.history.first()
    assert on_the_desk(client.get(f"{desk}{article.pk}/history/{version.pk}/")) == []


def test_what_the_desk_answers_about_comments(article, client_of, moderator):
    client, queue = client_of(moderator), "/zh-hans/admin/comments/comment/"
    comment = make_comment(article, body="有意思。")
    for action in ("reject", "approve", "approve", "undo", "remove", "ban_authors"):
        chosen = {
            "action": action,
            "_selected_action": [comment.pk],
            f"seen_{comment.pk}": Comment.objects.get().version_token,
            "reason": "other",
        }
        assert on_the_desk(client.post(queue, chosen, follow=True)) == [], action
    for state in ("all", "visible", "removed"):
        assert on_the_desk(client.get(f"{queue}?state={state}")) == []
