"""Permissions in the admin of articles: views, buttons and actions, by role."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Picture

from articles.admin.bulk_actions import BulkActionsMixin
from articles.models import Article, Draft, Image, Status
from tests.factories import (
    make_article,
    make_author,
    make_image,
    make_page,
    make_publication,
    make_topic,
    make_user,
)

from .form_client import buttons_of, change_url, edit, fields_of, open_form, send

LIST = "/admin/articles/article/"


@pytest.fixture
def own_draft(author):
    """An unpublished article created by the author."""
    return make_article("own", status=Status.DRAFT, created_by=author)


@pytest.fixture
def other_draft(editor):
    """An unpublished article of somebody else."""
    return make_article("other", status=Status.DRAFT, created_by=editor)


def actions_of(client) -> set[str]:
    choices = dict(client.get(LIST).context["action_form"].fields["action"].choices)
    return set(choices) - {""}


def titles_of(client) -> set[str]:
    return {article.title for article in client.get(LIST).context["cl"].result_list}


def test_author_sees_own_articles_only(client_of, author, own_draft, other_draft):
    named = make_article("named", authors=[make_author(user=author)])

    assert titles_of(client_of(author)) == {own_draft.title, named.title}


def test_author_edits_own_draft(client_of, author, own_draft):
    assert edit(client_of(author), own_draft, body="More.").status_code == 302

    assert Draft.objects.get(article=own_draft).body == "More."


def test_author_edits_the_draft_of_an_article_that_bears_their_name(client_of, author, editor):
    article = make_article(created_by=editor, authors=[make_author(user=author)])

    edit(client_of(author), article, body="More.")

    article.refresh_from_db()
    assert article.draft.body == "More."
    assert article.body != "More."


@pytest.mark.parametrize("view", ["change", "history", "delete"])
def test_author_cannot_open_articles_of_others(client_of, author, other_draft, view):
    url = reverse(f"admin:articles_article_{view}", args=[other_draft.pk])

    assert client_of(author).get(url).status_code == 403


def test_author_cannot_save_into_the_articles_of_others(client_of, author, editor, other_draft):
    form = open_form(client_of(editor), other_draft)

    assert send(client_of(author), other_draft, form, body="Mine now.").status_code == 403
    assert Draft.objects.get(article=other_draft).body != "Mine now."


def test_author_cannot_restore_a_version_of_others(client_of, author, other_draft):
    url = reverse(
        "admin:articles_article_version", args=[other_draft.pk, other_draft.draft.history.first().pk]
    )

    assert client_of(author).get(url).status_code == 403
    assert client_of(author).post(url).status_code == 403


def test_author_cannot_translate_the_articles_of_others(client_of, author, other_draft):
    assert client_of(author).get(f"{LIST}add/?translation_of={other_draft.pk}").status_code == 403


def test_author_has_no_publishing_buttons(client_of, author, own_draft):
    client = client_of(author)

    assert set(buttons_of(client.get(change_url(own_draft)))) == {"_save", "_submit", "_draw_cover"}
    assert actions_of(client) == {"submit_selected"}


@pytest.mark.parametrize("button", ["_publish", "_schedule", "_unpublish", "_take_down", "_return"])
def test_author_cannot_submit_buttons_that_are_not_offered(client_of, author, own_draft, button):
    response = edit(client_of(author), own_draft, press=button, body="Smuggled.")

    assert response.status_code == 403
    own_draft.refresh_from_db()
    assert own_draft.status == Status.DRAFT
    assert own_draft.draft.body != "Smuggled."


@pytest.mark.parametrize(
    "action", [*sorted(set(BulkActionsMixin.actions) - {"submit_selected"}), "delete_selected"]
)
def test_author_cannot_run_actions_that_are_not_offered(client_of, author, own_draft, action):
    client_of(author).post(
        LIST, {"action": action, "_selected_action": [own_draft.pk], "index": "0", "post": "yes"}
    )

    own_draft.refresh_from_db()
    assert (own_draft.status, own_draft.draft.cover) == (Status.DRAFT, None)


def test_author_cannot_submit_the_articles_of_others(client_of, author, other_draft):
    client_of(author).post(
        LIST, {"action": "submit_selected", "_selected_action": [other_draft.pk], "index": "0"}
    )

    other_draft.refresh_from_db()
    assert other_draft.status == Status.DRAFT


def test_author_cannot_open_the_schedule(client_of, author, own_draft):
    url = f"{reverse('admin:articles_article_schedule')}?article={own_draft.pk}"

    assert client_of(author).get(url).status_code == 403
    assert client_of(author).post(url, {"when_0": "2040-01-01", "when_1": "10:00"}).status_code == 403
    own_draft.refresh_from_db()
    assert own_draft.publish_at is None


def test_author_cannot_delete(client_of, author, own_draft):
    assert (
        client_of(author)
        .post(reverse("admin:articles_article_delete", args=[own_draft.pk]), {"post": "yes"})
        .status_code
        == 403
    )
    assert Article.objects.filter(pk=own_draft.pk).exists()


@pytest.mark.parametrize(
    "publish_at", [timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)]
)
def test_author_cannot_change_the_listing_once_published_or_scheduled(client_of, author, publish_at):
    article = make_article(created_by=author, publish_at=publish_at, topics=[make_topic("patents")])
    client = client_of(author)
    form = open_form(client, article)
    assert not {
        "comments_open",
        "featured",
        "expires_at_0",
        "comments_close_at_0",
        "articletopic_set-0-topic",
    } & set(form)

    extra_fields = {
        "comments_open": "",
        "featured": "on",
        "expires_at_0": "2040-01-01",
        "expires_at_1": "10:00",
        "body": "New.",
    }
    response = send(
        client,
        article,
        form,
        **extra_fields,
        **{"articletopic_set-0-DELETE": "on", "articletopic_set-0-id": "1"},
    )

    assert response.status_code == 302
    article.refresh_from_db()
    assert (article.comments_open, article.featured, article.expires_at) == (True, False, None)
    assert [topic.slug for topic in article.topics.all()] == ["patents"]
    assert article.draft.body == "New."


def test_author_changes_the_listing_of_an_unpublished_article_but_does_not_feature_it(
    client_of, author, own_draft
):
    topic = make_topic("patents")
    data = {
        "articletopic_set-TOTAL_FORMS": "1",
        "articletopic_set-0-topic": topic.pk,
        "articletopic_set-0-article": own_draft.pk,
    }

    edit(client_of(author), own_draft, comments_open=None, featured="on", **data)

    own_draft.refresh_from_db()
    assert (own_draft.comments_open, own_draft.featured) == (False, False)
    assert list(own_draft.topics.all()) == [topic]


def test_new_article_of_an_author_bears_their_name(client_of, author):
    profile = make_author(user=author)
    client = client_of(author)
    form = fields_of(client.get(f"{LIST}add/"))

    client.post(f"{LIST}add/", {**form, "title": "Mine", "slug": "mine"})

    article = Article.objects.get()
    assert article.created_by == author
    assert list(article.authors.all()) == [profile]


def test_author_uploads_a_picture(client_of, author):
    content = BytesIO()
    Picture.new("RGB", (40, 30)).save(content, "PNG")

    upload = SimpleUploadedFile("a.png", content.getvalue(), "image/png")
    response = client_of(author).post("/admin/articles/image/add/", {"upload": upload, "alt": "A square"})

    assert response.status_code == 302
    assert Image.objects.get().alt == "A square"


def test_editor_is_offered_everything(client_of, editor, own_draft):
    assert actions_of(client_of(editor)) == {*BulkActionsMixin.actions, "delete_selected"}


def test_moderator_reader_and_anonymous_visitor_cannot_open_articles(
    client_of, moderator, reader, stranger, own_draft
):
    for client in (client_of(moderator), client_of(reader), stranger):
        for url in (LIST, change_url(own_draft), f"{LIST}add/", reverse("admin:articles_article_schedule")):
            response = client.get(url)
            assert response.status_code in (302, 403)
            assert response.status_code == 403 or "/log" in response.url


def test_read_only_user_sees_the_article_without_buttons(client_of, other_draft):
    read_only_user = make_user(group="Moderator")
    read_only_user.user_permissions.add(Permission.objects.get(codename="view_article"))
    client = client_of(read_only_user)

    response = client.get(change_url(other_draft))

    assert response.status_code == 200
    assert buttons_of(response) == {}
    assert "_draw_cover" not in response.content.decode()
    assert client.post(change_url(other_draft), {"title": "x"}).status_code == 403


MODELS = ["topic", "author", "page", "publication", "image", "slugredirect", "formerslug"]


@pytest.mark.parametrize("model", MODELS)
def test_editor_opens_every_list(client_of, editor, model):
    assert client_of(editor).get(f"/admin/articles/{model}/").status_code == 200


@pytest.mark.parametrize("model", ["page", "publication", "slugredirect", "formerslug"])
def test_author_cannot_open_other_lists(client_of, author, model):
    assert client_of(author).get(f"/admin/articles/{model}/").status_code == 403


@pytest.mark.parametrize("make", [make_topic, make_author, make_page, make_publication, make_image])
def test_author_cannot_change_or_delete_other_models(client_of, author, make):
    instance = make()
    url = reverse(f"admin:articles_{instance._meta.model_name}_change", args=[instance.pk])

    assert client_of(author).post(url, {"name": "Mine"}).status_code == 403
    assert client_of(author).post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403


def test_redirects_are_read_only(client_of, editor):
    article = make_article("old")
    client = client_of(editor)
    edit(client, article, slug="new", press="_publish")
    redirect = article.old_slugs.get()

    assert client.get("/admin/articles/slugredirect/add/").status_code == 403
    assert (
        client.post(
            reverse("admin:articles_slugredirect_change", args=[redirect.pk]), {"slug": "x"}
        ).status_code
        == 403
    )
    assert (
        client.post(
            reverse("admin:articles_slugredirect_delete", args=[redirect.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    assert "old" in client.get("/admin/articles/slugredirect/").content.decode()
