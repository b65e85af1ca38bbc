"""Each write in the admin is a `public_write()` that purges the pages it shows on."""

from io import BytesIO

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image as Picture

from articles.admin.base import PublicModelAdmin
from articles.models import Article, Author, Image, Page, Publication, SocialLink, Status, Topic
from ictiger.pagecache.models import PublicModel, Purge
from tests.factories import make_article, make_author, make_image, make_page, make_publication, make_topic

from .form_client import add_instance, edit, fields_of, open_form, send


def upload(size: tuple[int, int] = (40, 30), name: str = "picture.png") -> SimpleUploadedFile:
    content = BytesIO()
    Picture.new("RGB", size, "#c8642b").save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue(), "image/png")


def purged() -> set[str]:
    """The paths of all purges since the last call."""
    paths = {path for row in Purge.objects.all() for path in row.paths}
    Purge.objects.all().delete()
    return paths


def change(client, instance, **data):
    url = reverse(f"admin:articles_{instance._meta.model_name}_change", args=[instance.pk])
    form = fields_of(client.get(url), f"{instance._meta.model_name}_form")
    response = client.post(url, {**form, **data, "_save": "1"})
    assert response.status_code == 302, response.context["errors"]


def delete(client, instance):
    response = client.post(
        reverse(f"admin:articles_{instance._meta.model_name}_delete", args=[instance.pk]), {"post": "yes"}
    )
    assert response.status_code == 302


def test_admin_of_every_public_model_is_a_public_model_admin():
    public_models = {
        model for model in apps.get_app_config("articles").get_models() if issubclass(model, PublicModel)
    }
    registered = {
        model: admin.site.get_model_admin(model) for model in public_models if admin.site.is_registered(model)
    }

    assert set(registered) == {
        Article,
        Author,
        Image,
        Page,
        Publication,
        Topic,
        apps.get_model("articles", "SlugRedirect"),
        apps.get_model("articles", "FormerSlug"),
    }
    assert all(isinstance(model_admin, PublicModelAdmin) for model_admin in registered.values())


def test_topic_writes_purge_the_site(editor_client):
    add_instance(editor_client, Topic, name_en="Patents", name_zh="专利", slug="patents")
    topic = Topic.objects.get()
    assert "/**" in purged()

    change(editor_client, topic, name_en="Patent law")
    assert "/**" in purged()

    delete(editor_client, topic)
    assert "/**" in purged()
    assert not Topic.objects.exists()


def test_author_change_purges_the_site(editor_client):
    add_instance(editor_client, Author, name_en="Ann", slug="ann")
    author = Author.objects.get()
    make_article(authors=[author])
    purged()

    change(editor_client, author, name_en="Anna")

    assert "/**" in purged()


def test_author_with_articles_is_not_deleted(editor_client):
    author = make_author()
    make_article(authors=[author])

    response = editor_client.post(reverse("admin:articles_author_delete", args=[author.pk]), {"post": "yes"})

    assert response.status_code in (200, 302, 403)
    assert Author.objects.filter(pk=author.pk).exists()


def test_author_without_articles_is_deleted(editor_client):
    author = make_author()

    delete(editor_client, author)

    assert not Author.objects.exists()


def test_page_writes_purge_the_site(editor_client):
    add_instance(editor_client, Page, title="About", slug="about", body="We are *here*.")
    page = Page.objects.get()
    assert page.body_html == "<p>We are <em>here</em>.</p>"
    assert "/**" in purged()  # its title stands in every footer

    change(editor_client, page, slug="about-us")
    assert "/**" in purged()

    delete(editor_client, Page.objects.get())
    assert "/**" in purged()
    assert not Page.objects.exists()


def test_publication_and_link_writes_purge_the_site(editor_client):
    make_publication("en")
    add_instance(editor_client, Publication, language="zh-hans", name="ICTiger")
    publication = Publication.objects.get(language="zh-hans")
    assert "/**" in purged()

    links = {
        "social_links-TOTAL_FORMS": "1",
        "social_links-0-label": "Mail",
        "social_links-0-url": "example.org/a",
    }
    change(editor_client, publication, tagline="卧虎", **links, **{"social_links-0-position": "0"})
    assert "/**" in purged()
    assert [link.url for link in SocialLink.objects.all()] == ["https://example.org/a"]

    change(editor_client, publication, **{"social_links-0-DELETE": "on"})
    assert "/**" in purged()
    assert not SocialLink.objects.exists()

    delete(editor_client, publication)
    assert "/**" in purged()


def test_publication_cannot_be_added_twice_in_a_language(editor_client):
    make_publication("en")
    make_publication("zh-hans")

    assert editor_client.get(reverse("admin:articles_publication_add")).status_code == 403


def test_picture_writes_purge_articles_with_the_cover(editor_client):
    add_instance(editor_client, Image, upload=upload(), alt="A square")
    image = Image.objects.get()
    assert (image.width, image.height) == (40, 30)
    make_article("a", cover=image)
    purged()

    change(editor_client, image, alt="A rectangle")
    assert "/articles/a/**" in purged()

    old_name = image.file.name
    change(editor_client, image, upload=upload((50, 20)), alt="Wider")
    image.refresh_from_db()
    assert (image.width, image.height, image.alt) == (50, 20, "Wider")
    assert image.file.name != old_name
    assert "/articles/a/**" in purged()

    delete(editor_client, image)
    assert "/articles/a/**" in purged()
    assert Article.objects.get().cover is None


def test_article_writes_purge_its_pages(editor_client):
    topic = make_topic("patents")
    article = make_article("a", topics=[topic], authors=[make_author("ann")])
    purged()

    edit(editor_client, article, featured="on")
    assert {"/articles/a/**", "/", "/topics/patents/**", "/authors/ann/**"} <= purged()

    edit(editor_client, article, slug="b", press="_publish")
    assert {"/articles/a/**", "/articles/b/**"} <= purged()

    edit(editor_client, article, **{"articletopic_set-0-DELETE": "on", "bylines-0-DELETE": "on"})
    assert {"/topics/patents/**", "/authors/ann/**"} <= purged()

    edit(editor_client, article, press="_unpublish")
    assert "/articles/b/**" in purged()


def test_saving_an_unpublished_article_purges_no_list(editor_client):
    article = make_article("a", status=Status.DRAFT)
    purged()

    edit(editor_client, article, title="New", body="New.")

    assert not purged() & {"/", "/page/**", "/feed/", "/articles/a/**", "/sitemap.xml"}


@pytest.mark.parametrize(
    "action", ["publish_selected", "unpublish_selected", "take_down_selected", "delete_selected"]
)
def test_bulk_actions_purge_the_article(editor_client, action):
    article = make_article("a")
    edit(editor_client, article, body="New.")
    purged()

    editor_client.post(
        "/admin/articles/article/",
        {"action": action, "_selected_action": [article.pk], "index": "0", "post": "yes"},
    )
    if action == "delete_selected":
        editor_client.post(
            "/admin/articles/article/", {"action": action, "_selected_action": [article.pk], "post": "yes"}
        )
        assert not Article.objects.exists()

    assert "/articles/a/**" in purged()


@pytest.mark.parametrize("make", [make_topic, make_author, make_page, make_publication, make_image])
def test_other_models_are_deleted_in_bulk(editor_client, make):
    instance = make()
    url = reverse(f"admin:articles_{instance._meta.model_name}_changelist")

    editor_client.post(url, {"action": "delete_selected", "_selected_action": [instance.pk], "post": "yes"})

    assert not type(instance).objects.exists()


def test_article_is_deleted_with_its_redirects(editor_client):
    article = make_article("old")
    edit(editor_client, article, slug="new", press="_publish")
    purged()

    delete(editor_client, article)

    assert not Article.objects.exists()
    assert "/articles/new/**" in purged()


def test_one_save_is_one_purge(editor_client):
    article = make_article("a", topics=[make_topic()])
    purged()

    edit(
        editor_client,
        article,
        featured="on",
        slug="b",
        press="_publish",
        **{"articletopic_set-0-DELETE": "on"},
    )

    assert Purge.objects.count() == 1


def test_refused_save_writes_nothing(editor_client):
    article = make_article("a", topics=[make_topic("patents")])
    form = open_form(editor_client, article)
    purged()

    response = send(
        editor_client,
        article,
        form,
        featured="on",
        body="",
        press="_publish",
        **{"articletopic_set-0-DELETE": "on"},
    )

    assert response.status_code == 200
    article.refresh_from_db()
    assert article.featured is False
    assert [topic.slug for topic in article.topics.all()] == ["patents"]
    assert purged() == set()
