"""Who may do what at the desk: every view and every action, by role."""

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

from .desk import buttons_of, change_url, edit, fields_of, open_form, send

LIST = "/admin/articles/article/"


@pytest.fixture
def own(author):
    """An article that the author began, not published yet."""
    return make_article("own", status=Status.DRAFT, created_by=author)


@pytest.fixture
def strange(editor):
    """Somebody else's article."""
    return make_article("strange", status=Status.DRAFT, created_by=editor)


def actions_of(client) -> set[str]:
    choices = dict(client.get(LIST).context["action_form"].fields["action"].choices)
    return set(choices) - {""}


def titles_of(client) -> set[str]:
    return {article.title for article in client.get(LIST).context["cl"].result_list}


# --- the author ----------------------------------------------------------------------------------------------------------------------


def test_author_sees_own_articles_only(client_of, author, own, strange):
    named = make_article("named", authors=[make_author(user=author)])

    assert titles_of(client_of(author)) == {own.title, named.title}


def test_author_edits_own_draft(client_of, author, own):
    assert edit(client_of(author), own, body="More.").status_code == 302

    assert Draft.objects.get(article=own).body == "More."


def test_author_edits_the_draft_of_an_article_that_bears_their_name(client_of, author, editor):
    article = make_article(created_by=editor, authors=[make_author(user=author)])

    edit(client_of(author), article, body="More.")

    article.refresh_from_db()
    assert article.draft.body == "More."
    assert article.body != "More."


@pytest.mark.parametrize("view", ["change", "history", "delete"])
def test_author_is_kept_from_the_articles_of_others(client_of, author, strange, view):
    url = reverse(f"admin:articles_article_{view}", args=[strange.pk])

    assert client_of(author).get(url).status_code == 403


def test_author_cannot_save_into_the_articles_of_others(client_of, author, editor, strange):
    form = open_form(client_of(editor), strange)

    assert send(client_of(author), strange, form, body="Mine now.").status_code == 403
    assert Draft.objects.get(article=strange).body != "Mine now."


def test_author_cannot_restore_a_version_of_others(client_of, author, strange):
    url = reverse("admin:articles_article_version", args=[strange.pk, strange.draft.history.first().pk])

    assert client_of(author).get(url).status_code == 403
    assert client_of(author).post(url).status_code == 403


def test_author_cannot_translate_the_articles_of_others(client_of, author, strange):
    assert client_of(author).get(f"{LIST}add/?translation_of={strange.pk}").status_code == 403


def test_author_is_offered_no_publishing(client_of, author, own):
    client = client_of(author)

    assert set(buttons_of(client.get(change_url(own)))) == {"_save", "_submit", "_draw_cover"}
    assert actions_of(client) == {"submit_selected"}


@pytest.mark.parametrize("button", ["_publish", "_schedule", "_unpublish", "_take_down", "_return"])
def test_author_cannot_press_what_is_not_offered(client_of, author, own, button):
    response = edit(client_of(author), own, press=button, body="Smuggled.")

    assert response.status_code == 403
    own.refresh_from_db()
    assert own.status == Status.DRAFT
    assert own.draft.body != "Smuggled."


@pytest.mark.parametrize(
    "action", [*sorted(set(BulkActionsMixin.actions) - {"submit_selected"}), "delete_selected"]
)
def test_author_cannot_run_what_is_not_offered(client_of, author, own, action):
    client_of(author).post(
        LIST, {"action": action, "_selected_action": [own.pk], "index": "0", "post": "yes"}
    )

    own.refresh_from_db()
    assert (own.status, own.draft.cover) == (Status.DRAFT, None)


def test_author_cannot_submit_the_articles_of_others(client_of, author, strange):
    client_of(author).post(
        LIST, {"action": "submit_selected", "_selected_action": [strange.pk], "index": "0"}
    )

    strange.refresh_from_db()
    assert strange.status == Status.DRAFT


def test_author_cannot_open_the_schedule(client_of, author, own):
    url = f"{reverse('admin:articles_article_schedule')}?article={own.pk}"

    assert client_of(author).get(url).status_code == 403
    assert client_of(author).post(url, {"when_0": "2040-01-01", "when_1": "10:00"}).status_code == 403
    own.refresh_from_db()
    assert own.publish_at is None


def test_author_cannot_delete(client_of, author, own):
    assert (
        client_of(author)
        .post(reverse("admin:articles_article_delete", args=[own.pk]), {"post": "yes"})
        .status_code
        == 403
    )
    assert Article.objects.filter(pk=own.pk).exists()


@pytest.mark.parametrize(
    "publish_at", [timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)]
)
def test_listing_is_closed_to_the_author_once_published_or_scheduled(client_of, author, publish_at):
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

    smuggled = {
        "comments_open": "",
        "featured": "on",
        "expires_at_0": "2040-01-01",
        "expires_at_1": "10:00",
        "body": "New.",
    }
    response = send(
        client, article, form, **smuggled, **{"articletopic_set-0-DELETE": "on", "articletopic_set-0-id": "1"}
    )

    assert response.status_code == 302
    article.refresh_from_db()
    assert (article.comments_open, article.featured, article.expires_at) == (True, False, None)
    assert [topic.slug for topic in article.topics.all()] == ["patents"]
    assert article.draft.body == "New."


def test_author_files_an_unpublished_article_but_does_not_feature_it(client_of, author, own):
    topic = make_topic("patents")
    typed = {
        "articletopic_set-TOTAL_FORMS": "1",
        "articletopic_set-0-topic": topic.pk,
        "articletopic_set-0-article": own.pk,
    }

    edit(client_of(author), own, comments_open=None, featured="on", **typed)

    own.refresh_from_db()
    assert (own.comments_open, own.featured) == (False, False)
    assert list(own.topics.all()) == [topic]


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


# --- everybody else ------------------------------------------------------------------------------------------------------------------


def test_editor_is_offered_everything(client_of, editor, own):
    assert actions_of(client_of(editor)) == {*BulkActionsMixin.actions, "delete_selected"}


def test_moderator_reader_and_stranger_have_no_business_with_articles(
    client_of, moderator, reader, stranger, own
):
    for client in (client_of(moderator), client_of(reader), stranger):
        for url in (LIST, change_url(own), f"{LIST}add/", reverse("admin:articles_article_schedule")):
            response = client.get(url)
            assert response.status_code in (302, 403)
            assert response.status_code == 403 or "/log" in response.url


def test_who_may_only_look_sees_the_live_text_and_no_button(client_of, strange):
    looker = make_user(group="Moderator")
    looker.user_permissions.add(Permission.objects.get(codename="view_article"))
    client = client_of(looker)

    response = client.get(change_url(strange))

    assert response.status_code == 200
    assert buttons_of(response) == {}
    assert "_draw_cover" not in response.content.decode()
    assert client.post(change_url(strange), {"title": "x"}).status_code == 403


MODELS = ["topic", "author", "page", "publication", "image", "slugredirect"]


@pytest.mark.parametrize("model", MODELS)
def test_editor_opens_every_list(client_of, editor, model):
    assert client_of(editor).get(f"/admin/articles/{model}/").status_code == 200


@pytest.mark.parametrize("model", ["page", "publication", "slugredirect"])
def test_author_has_no_business_with_the_rest(client_of, author, model):
    assert client_of(author).get(f"/admin/articles/{model}/").status_code == 403


@pytest.mark.parametrize("make", [make_topic, make_author, make_page, make_publication, make_image])
def test_author_changes_nothing_but_articles(client_of, author, make):
    thing = make()
    url = reverse(f"admin:articles_{thing._meta.model_name}_change", args=[thing.pk])

    assert client_of(author).post(url, {"name": "Mine"}).status_code == 403
    assert client_of(author).post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403


def test_old_addresses_are_for_looking_up_only(client_of, editor):
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
