"""*View on site* of the desk leads only to what its user may see there."""

import pytest
from django.contrib.contenttypes.models import ContentType

from articles.models import Article, Status
from comments.models import Discussion
from tests.factories import make_article, make_comment

pytestmark = pytest.mark.django_db


def path_to(model: type, pk: object) -> str:
    return f"/admin/r/{ContentType.objects.get_for_model(model).pk}/{pk}/"


def test_draft_of_others_is_not_revealed_to_a_moderator(client_of, moderator, editor):
    draft = make_article("acme-merger", status=Status.DRAFT, created_by=editor)
    response = client_of(moderator).get(path_to(Article, draft.pk))
    assert response.status_code in (403, 404)
    assert "acme-merger" not in response.headers.get("Location", "") + response.content.decode()


def test_editor_is_led_to_the_page(client_of, editor):
    article = make_article("a-patent")
    response = client_of(editor).get(path_to(Article, article.pk))
    assert response.headers["Location"] == article.get_absolute_url()


@pytest.mark.parametrize("pk", ["7", "x", "9" * 30, "' OR 1=1"])
def test_what_has_no_page_is_not_found(client_of, editor, article_discussion, pk):
    client = client_of(editor)
    for path in (path_to(Discussion, pk), path_to(Article, pk), f"/admin/r/{pk}/1/", f"/admin/r/0/{pk}/"):
        assert client.get(path).status_code == 404


@pytest.fixture
def article_discussion() -> None:
    make_comment(make_article())
