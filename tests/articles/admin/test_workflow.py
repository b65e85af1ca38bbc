"""Every way in which the desk writes what readers see goes through `change()` and leaves a purge for the pages it shows on."""

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

from .desk import edit, fields_of, open_form, send


@pytest.fixture
def desk(client_of, editor):
    return client_of(editor)


def upload(size: tuple[int, int] = (40, 30), name: str = "picture.png") -> SimpleUploadedFile:
    content = BytesIO()
    Picture.new("RGB", size, "#c8642b").save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue(), "image/png")


def purged() -> set[str]:
    """The paths of all purges since the last look."""
    paths = {path for row in Purge.objects.all() for path in row.paths}
    Purge.objects.all().delete()
    return paths


def add(client, model: type, **typed):
    url = reverse(f"admin:articles_{model._meta.model_name}_add")
    form = fields_of(client.get(url), f"{model._meta.model_name}_form")
    response = client.post(url, {**form, **typed, "_save": "1"})
    assert response.status_code == 302, response.context["errors"]


def change(client, thing, **typed):
    url = reverse(f"admin:articles_{thing._meta.model_name}_change", args=[thing.pk])
    form = fields_of(client.get(url), f"{thing._meta.model_name}_form")
    response = client.post(url, {**form, **typed, "_save": "1"})
    assert response.status_code == 302, response.context["errors"]


def delete(client, thing):
    response = client.post(
        reverse(f"admin:articles_{thing._meta.model_name}_delete", args=[thing.pk]), {"post": "yes"}
    )
    assert response.status_code == 302


def test_every_public_model_at_the_desk_is_written_through_change():
    ours = {model for model in apps.get_app_config("articles").get_models() if issubclass(model, PublicModel)}
    at_the_desk = {
        model: admin.site.get_model_admin(model) for model in ours if admin.site.is_registered(model)
    }

    assert set(at_the_desk) == {
        Article,
        Author,
        Image,
        Page,
        Publication,
        Topic,
        apps.get_model("articles", "SlugRedirect"),
    }
    assert all(isinstance(model_admin, PublicModelAdmin) for model_admin in at_the_desk.values())


def test_topic(desk):
    add(desk, Topic, name_en="Patents", name_zh="专利", slug="patents")
    topic = Topic.objects.get()
    assert "/**" in purged()

    change(desk, topic, name_en="Patent law")
    assert "/**" in purged()

    delete(desk, topic)
    assert "/**" in purged()
    assert not Topic.objects.exists()


def test_author(desk):
    add(desk, Author, name_en="Ann", slug="ann")
    author = Author.objects.get()
    make_article(authors=[author])
    purged()

    change(desk, author, name_en="Anna")

    assert "/**" in purged()


def test_author_with_articles_is_not_deleted(desk):
    author = make_author()
    make_article(authors=[author])

    response = desk.post(reverse("admin:articles_author_delete", args=[author.pk]), {"post": "yes"})

    assert response.status_code in (200, 302, 403)
    assert Author.objects.filter(pk=author.pk).exists()


def test_author_without_articles_is_deleted(desk):
    author = make_author()

    delete(desk, author)

    assert not Author.objects.exists()


def test_page(desk):
    add(desk, Page, title="About", slug="about", body="We are *here*.")
    page = Page.objects.get()
    assert page.body_html == "<p>We are <em>here</em>.</p>"
    assert "/**" in purged()  # its title stands in every footer

    change(desk, page, slug="about-us")
    assert "/**" in purged()

    delete(desk, Page.objects.get())
    assert "/**" in purged()
    assert not Page.objects.exists()


def test_publication_and_its_links(desk):
    make_publication("en")
    add(desk, Publication, language="zh-hans", name="ICTiger")
    publication = Publication.objects.get(language="zh-hans")
    assert "/**" in purged()

    links = {
        "social_links-TOTAL_FORMS": "1",
        "social_links-0-label": "Mail",
        "social_links-0-url": "example.org/a",
    }
    change(desk, publication, tagline="卧虎", **links, **{"social_links-0-position": "0"})
    assert "/**" in purged()
    assert [link.url for link in SocialLink.objects.all()] == ["https://example.org/a"]

    change(desk, publication, **{"social_links-0-DELETE": "on"})
    assert "/**" in purged()
    assert not SocialLink.objects.exists()

    delete(desk, publication)
    assert "/**" in purged()


def test_there_is_one_publication_per_language(desk):
    make_publication("en")
    make_publication("zh-hans")

    assert desk.get(reverse("admin:articles_publication_add")).status_code == 403


def test_picture(desk):
    add(desk, Image, upload=upload(), alt="A square")
    image = Image.objects.get()
    assert (image.width, image.height) == (40, 30)
    make_article("a", cover=image)
    purged()

    change(desk, image, alt="A rectangle")
    assert "/articles/a/**" in purged()

    old_name = image.file.name
    change(desk, image, upload=upload((50, 20)), alt="Wider")
    image.refresh_from_db()
    assert (image.width, image.height, image.alt) == (50, 20, "Wider")
    assert image.file.name != old_name
    assert "/articles/a/**" in purged()

    delete(desk, image)
    assert "/articles/a/**" in purged()
    assert Article.objects.get().cover is None


def test_article(desk):
    topic = make_topic("patents")
    article = make_article("a", topics=[topic], authors=[make_author("ann")])
    purged()

    edit(desk, article, featured="on")
    assert {"/articles/a/**", "/", "/topics/patents/**", "/authors/ann/**"} <= purged()

    edit(desk, article, slug="b", press="_publish")
    assert {"/articles/a/**", "/articles/b/**"} <= purged()

    edit(desk, article, **{"articletopic_set-0-DELETE": "on", "bylines-0-DELETE": "on"})
    assert {"/topics/patents/**", "/authors/ann/**"} <= purged()

    edit(desk, article, press="_unpublish")
    assert "/articles/b/**" in purged()


def test_saving_an_unpublished_article_purges_no_list(desk):
    article = make_article("a", status=Status.DRAFT)
    purged()

    edit(desk, article, title="New", body="New.")

    assert not purged() & {"/", "/page/**", "/feed/", "/articles/a/**", "/sitemap.xml"}


@pytest.mark.parametrize(
    "action", ["publish_selected", "unpublish_selected", "take_down_selected", "delete_selected"]
)
def test_article_in_bulk(desk, action):
    article = make_article("a")
    edit(desk, article, body="New.")
    purged()

    desk.post(
        "/admin/articles/article/",
        {"action": action, "_selected_action": [article.pk], "index": "0", "post": "yes"},
    )
    if action == "delete_selected":
        desk.post(
            "/admin/articles/article/", {"action": action, "_selected_action": [article.pk], "post": "yes"}
        )
        assert not Article.objects.exists()

    assert "/articles/a/**" in purged()


@pytest.mark.parametrize("make", [make_topic, make_author, make_page, make_publication, make_image])
def test_the_rest_in_bulk(desk, make):
    thing = make()
    url = reverse(f"admin:articles_{thing._meta.model_name}_changelist")

    desk.post(url, {"action": "delete_selected", "_selected_action": [thing.pk], "post": "yes"})

    assert not type(thing).objects.exists()


def test_article_is_deleted_with_its_old_addresses(desk):
    article = make_article("old")
    edit(desk, article, slug="new", press="_publish")
    purged()

    delete(desk, article)

    assert not Article.objects.exists()
    assert "/articles/new/**" in purged()


def test_one_save_is_one_purge(desk):
    article = make_article("a", topics=[make_topic()])
    purged()

    edit(desk, article, featured="on", slug="b", press="_publish", **{"articletopic_set-0-DELETE": "on"})

    assert Purge.objects.count() == 1


def test_refused_save_writes_nothing(desk):
    article = make_article("a", topics=[make_topic("patents")])
    form = open_form(desk, article)
    purged()

    response = send(
        desk, article, form, featured="on", body="", press="_publish", **{"articletopic_set-0-DELETE": "on"}
    )

    assert response.status_code == 200
    article.refresh_from_db()
    assert article.featured is False
    assert [topic.slug for topic in article.topics.all()] == ["patents"]
    assert purged() == set()


# --- what else these forms owe the editor -----------------------------------------------------------------------------------------------


def test_reserved_page_address_is_refused_beside_the_field(desk):
    url = reverse("admin:articles_page_add")
    form = fields_of(desk.get(url), "page_form")
    assert "mailbox" in desk.get(url).content.decode()

    response = desk.post(url, {**form, "title": "Feed", "slug": "feed", "body": "Kept."})

    assert "belongs to the site itself" in str(response.context["errors"])
    assert fields_of(response, "page_form")["body"] == ["Kept."]
    assert not Page.objects.exists()


def test_page_is_tied_to_its_translation(desk):
    about = make_page("about")

    add(desk, Page, title="关于", slug="about", body="我们。", language="zh-hans", translation_of=about.pk)

    assert set(Page.objects.values_list("translation_key", "language")) == {
        (about.translation_key, "en"),
        (about.translation_key, "zh-hans"),
    }


def test_page_has_one_translation(desk):
    about = make_page("about")
    url = reverse("admin:articles_page_add")
    form = fields_of(desk.get(url), "page_form")

    response = desk.post(
        url, {**form, "title": "Again", "slug": "again", "body": "Text.", "translation_of": about.pk}
    )

    assert list(response.context["adminform"].form.errors) == ["translation_of"]
    assert Page.objects.count() == 1


def test_two_saves_at_one_moment_are_told_apart_in_words(desk, monkeypatch):
    """The database refuses the second of two rows that each looked good when it was checked."""
    article, topic = make_article(), make_topic()
    form = open_form(desk, article)
    monkeypatch.setattr("django.forms.models.BaseModelFormSet.validate_unique", lambda _formset: None)
    twice = {
        f"articletopic_set-{n}-{name}": value
        for n in (0, 1)
        for name, value in {"topic": topic.pk, "article": article.pk}.items()
    }

    response = send(desk, article, form, body="Kept.", **twice, **{"articletopic_set-TOTAL_FORMS": "2"})

    assert "saved at the same moment" in str(response.context["errors"])
    assert fields_of(response)["body"] == ["Kept."]
    assert not article.topics.exists()


def test_unrenderable_page_is_refused_with_its_text(desk):
    page = make_page()
    url = reverse("admin:articles_page_change", args=[page.pk])
    deep = ">" * 30 + " deep"

    response = desk.post(url, {**fields_of(desk.get(url), "page_form"), "body": deep})

    assert "nested too deeply" in str(response.context["errors"])
    assert fields_of(response, "page_form")["body"] == [deep]


@pytest.mark.parametrize("content", [b"", b"<svg onload='x()'/>", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_refused_beside_the_field(desk, content):
    url = reverse("admin:articles_image_add")

    response = desk.post(url, {"upload": SimpleUploadedFile("x.png", content), "alt": "Kept words"})

    assert "upload" in response.context["adminform"].form.errors
    assert "Kept words" in response.content.decode()
    assert not Image.objects.exists()


def test_picture_shows_what_to_paste(desk):
    image = make_image("images/a.png", alt="Two [square] roots", caption='Said "so"')

    page = desk.get(reverse("admin:articles_image_change", args=[image.pk])).content.decode()

    assert "![Two \\[square\\] roots](/media/images/a.png &quot;Said ”so”&quot;)" in page


def test_form_of_a_topic_speaks_of_its_name_and_not_of_a_title(desk):
    assert "it is made from the English name" in desk.get("/admin/articles/topic/add/").content.decode()
    page = desk.post(
        "/admin/articles/topic/add/", {"name_en": "", "name_zh": "专利", "slug": "", "position": "0"}
    ).content.decode()
    assert page.count("errorlist") == 1  # of the name; a slug has nothing to be made from
    page = desk.post(
        "/admin/articles/topic/add/", {"name_en": "!", "name_zh": "专利", "slug": "", "position": "0"}
    ).content.decode()
    assert "There are no letters to make a slug from" in page


def test_chinese_slug_of_a_topic_is_made_from_its_name(desk):
    add(desk, Topic, name_en="专利", name_zh="专利", slug="")

    assert Topic.objects.get().slug == "专利"


def test_name_without_letters_needs_a_slug(desk):
    url = reverse("admin:articles_topic_add")

    response = desk.post(
        url, {**fields_of(desk.get(url), "topic_form"), "name_en": "!!!", "name_zh": "!!!", "slug": ""}
    )

    assert "slug" in response.context["adminform"].form.errors
