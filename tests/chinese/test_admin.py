"""Admin pages below /zh-hans/ contain no English text, for every group of users."""

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

from .english_text import english_in

pytestmark = pytest.mark.django_db


# The search icon of Django's list template, whose text cannot be translated.
DJANGO_SEARCH_ICON = 'alt="Search"'


@pytest.fixture
def superuser(editor) -> User:
    """A superuser with a Chinese name."""
    User.objects.filter(pk=editor.pk).update(is_superuser=True, display_name="王编辑")
    return editor


def admin_paths() -> Iterator[str]:
    """The list of each model, its add form, and the pages of one object."""
    yield "/zh-hans/admin/"
    for model in admin.site._registry.keys() - {Group}:  # permissions are named in the database
        names = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{names}_changelist")
        yield reverse(f"{names}_add")
        if (instance := model._default_manager.first()) is not None:
            for name in ("change", "history", "delete"):
                yield reverse(f"{names}_{name}", args=[instance.pk])


def english_in_admin(response: HttpResponse) -> list[str]:
    html = response.content.decode()
    for name in (DJANGO_SEARCH_ICON, ", ".join(RESERVED_SLUGS)):
        html = html.replace(name, "")
    return english_in(html)


@pytest.mark.parametrize(
    ("user_fixture", "min_pages"), [("author", 6), ("editor", 18), ("moderator", 3), ("superuser", 30)]
)
def test_admin_pages(request, discussion, client_of, reader, user_fixture, min_pages):
    services.report_comment(user=make_user(), comment_id=discussion.pk, reason=ReportReason.UNCIVIL)
    services.ban_user(by=make_user(), user=reader, why="广告。", days=30)
    queue_all("zh-hans")
    client = client_of(request.getfixturevalue(user_fixture))
    with translation.override("zh-hans"):
        responses = {path: client.get(path) for path in admin_paths()}
    pages = {
        path: english_in_admin(response)
        for path, response in responses.items()
        if response.status_code == 200
    }
    assert len(pages) >= min_pages
    assert {path: english for path, english in pages.items() if english} == {}


def test_responses_about_articles(article, superuser, client_of):
    client, changelist = client_of(superuser), "/zh-hans/admin/articles/article/"
    for action in ("publish", "submit", "return", "unpublish", "take_down"):
        fields = {"action": f"{action}_selected", "_selected_action": [article.pk]}
        for _time in range(2):
            assert english_in_admin(client.post(changelist, fields, follow=True)) == [], action
    assert (
        english_in_admin(
            client.post(changelist, {"action": "draw_covers", "_selected_action": [article.pk]}, follow=True)
        )
        == []
    )
    assert english_in_admin(client.get(f"{changelist}schedule/?article={article.pk}")) == []
    for date_fields in (
        {},
        {"when_0": "2020-01-01", "when_1": "08:00"},
        {"when_0": "2099-01-01", "when_1": "08:00"},
    ):
        assert (
            english_in_admin(
                client.post(f"{changelist}schedule/?article={article.pk}", date_fields, follow=True)
            )
            == []
        )
    assert english_in_admin(client.post(f"{changelist}{article.pk}/change/", {})) == []
    version = article.draft.history.first()
    assert english_in_admin(client.get(f"{changelist}{article.pk}/history/{version.pk}/")) == []


def test_responses_about_comments(article, client_of, moderator):
    client, queue = client_of(moderator), "/zh-hans/admin/comments/comment/"
    comment = make_comment(article, body="有意思。")
    for action in ("reject", "approve", "approve", "undo", "remove", "ban_authors"):
        fields = {
            "action": action,
            "_selected_action": [comment.pk],
            f"seen_{comment.pk}": Comment.objects.get().version_token,
            "reason": "other",
        }
        assert english_in_admin(client.post(queue, fields, follow=True)) == [], action
    for state in ("all", "visible", "removed"):
        assert english_in_admin(client.get(f"{queue}?state={state}")) == []
