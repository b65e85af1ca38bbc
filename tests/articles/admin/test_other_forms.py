"""The admin forms of pages, pictures and topics, and errors from the database."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from articles.models import FormerSlug, Image, Page, Topic
from tests.factories import make_article, make_author, make_image, make_page, make_topic

from .form_client import add_instance, edit, fields_of, messages_of, open_form, send


def test_reserved_page_slug_is_a_field_error(editor_client):
    url = reverse("admin:articles_page_add")
    form = fields_of(editor_client.get(url), "page_form")
    assert "mailbox" in editor_client.get(url).content.decode()

    response = editor_client.post(url, {**form, "title": "Feed", "slug": "feed", "body": "Kept."})

    assert "belongs to the site itself" in str(response.context["errors"])
    assert fields_of(response, "page_form")["body"] == ["Kept."]
    assert not Page.objects.exists()


def test_page_shares_the_key_of_its_translation(editor_client):
    about = make_page("about")

    add_instance(
        editor_client,
        Page,
        title="关于",
        slug="about",
        body="我们。",
        language="zh-hans",
        translation_of=about.pk,
    )

    assert set(Page.objects.values_list("translation_key", "language")) == {
        (about.translation_key, "en"),
        (about.translation_key, "zh-hans"),
    }


def test_page_has_one_translation(editor_client):
    about = make_page("about")
    url = reverse("admin:articles_page_add")
    form = fields_of(editor_client.get(url), "page_form")

    response = editor_client.post(
        url, {**form, "title": "Again", "slug": "again", "body": "Text.", "translation_of": about.pk}
    )

    assert list(response.context["adminform"].form.errors) == ["translation_of"]
    assert Page.objects.count() == 1


def test_conflict_in_the_database_is_shown_as_an_error(editor_client, monkeypatch):
    """Two rows that are each valid violate a constraint of the database together."""
    article, topic = make_article(), make_topic()
    form = open_form(editor_client, article)
    monkeypatch.setattr("django.forms.models.BaseModelFormSet.validate_unique", lambda _formset: None)
    duplicates = {
        f"articletopic_set-{n}-{name}": value
        for n in (0, 1)
        for name, value in {"topic": topic.pk, "article": article.pk}.items()
    }

    response = send(
        editor_client, article, form, body="Kept.", **duplicates, **{"articletopic_set-TOTAL_FORMS": "2"}
    )

    assert "saved at the same moment" in str(response.context["errors"])
    assert fields_of(response)["body"] == ["Kept."]
    assert not article.topics.exists()


def test_unrenderable_page_is_refused_and_its_text_shown_again(editor_client):
    page = make_page()
    url = reverse("admin:articles_page_change", args=[page.pk])
    deep = ">" * 30 + " deep"

    response = editor_client.post(url, {**fields_of(editor_client.get(url), "page_form"), "body": deep})

    assert "nested too deeply" in str(response.context["errors"])
    assert fields_of(response, "page_form")["body"] == [deep]


@pytest.mark.parametrize("content", [b"", b"<svg onload='x()'/>", b"\x89PNG\r\n\x1a\n broken"])
def test_file_that_is_no_picture_is_a_field_error(editor_client, content):
    url = reverse("admin:articles_image_add")

    response = editor_client.post(url, {"upload": SimpleUploadedFile("x.png", content), "alt": "Kept words"})

    assert "upload" in response.context["adminform"].form.errors
    assert "Kept words" in response.content.decode()
    assert not Image.objects.exists()


def test_picture_form_shows_its_markdown(editor_client):
    image = make_image("images/a.png", alt="Two [square] roots", caption='Said "so"')

    page = editor_client.get(reverse("admin:articles_image_change", args=[image.pk])).content.decode()

    assert "![Two \\[square\\] roots](/media/images/a.png &quot;Said ”so”&quot;)" in page


def test_topic_form_names_the_name_field_in_slug_messages(editor_client):
    assert (
        "it is made from the English name" in editor_client.get("/admin/articles/topic/add/").content.decode()
    )
    page = editor_client.post(
        "/admin/articles/topic/add/", {"name_en": "", "name_zh": "专利", "slug": "", "position": "0"}
    ).content.decode()
    assert page.count("errorlist") == 1  # of the name; a slug has nothing to be made from
    page = editor_client.post(
        "/admin/articles/topic/add/", {"name_en": "!", "name_zh": "专利", "slug": "", "position": "0"}
    ).content.decode()
    assert "There are no letters to make a slug from" in page


def test_chinese_slug_of_a_topic_is_made_from_its_name(editor_client):
    add_instance(editor_client, Topic, name_en="专利", name_zh="专利", slug="")

    assert Topic.objects.get().slug == "专利"


def test_name_without_letters_needs_a_slug(editor_client):
    url = reverse("admin:articles_topic_add")

    response = editor_client.post(
        url,
        {**fields_of(editor_client.get(url), "topic_form"), "name_en": "!!!", "name_zh": "!!!", "slug": ""},
    )

    assert "slug" in response.context["adminform"].form.errors


@pytest.mark.parametrize(
    ("make", "old", "new"),
    [
        (make_page, "/old/", "/new/"),
        (make_topic, "/topics/old/", "/topics/new/"),
        (make_author, "/authors/old/", "/authors/new/"),
    ],
)
def test_new_slug_is_announced_and_makes_a_redirect_in_the_list(editor_client, make, old, new):
    instance = make("old")
    name = instance._meta.model_name
    url = reverse(f"admin:articles_{name}_change", args=[instance.pk])
    page = editor_client.get(url)
    assert "the present address leads readers to the new one" in page.content.decode()
    assert "the present address" not in editor_client.get(f"/admin/articles/{name}/add/").content.decode()

    response = editor_client.post(url, {**fields_of(page, f"{name}_form"), "slug": "new"}, follow=True)

    assert f"The old address {old} now leads readers to {new}." in messages_of(response)
    listed = editor_client.get("/admin/articles/formerslug/").content.decode()
    assert f'<a href="{new}">' in listed
    again = editor_client.post(url, fields_of(editor_client.get(url), f"{name}_form"), follow=True)
    assert not any("old address" in message for message in messages_of(again))


def test_new_slug_of_a_published_article_is_announced(editor_client):
    published, draft = make_article("old"), make_article("other", status="draft", publish_at=None)
    announced = (
        "Readers know the address /articles/old/. "
        "When you publish, it will lead to the new one, /articles/new/."
    )
    response = edit(editor_client, published, slug="new")
    assert announced in messages_of(editor_client.get(response.url))
    assert not any(
        "Readers know" in message
        for message in messages_of(editor_client.get(edit(editor_client, draft, slug="x").url))
    )


def test_decomposed_slug_is_stored_composed(editor_client):
    add_instance(editor_client, Topic, name_en="Coffee", name_zh="咖啡", slug="cafe\u0301")

    assert Topic.objects.get().slug == "café"


def test_deleting_a_renamed_topic_deletes_its_redirects(editor_client):
    topic = make_topic("old")
    url = reverse("admin:articles_topic_change", args=[topic.pk])
    editor_client.post(url, {**fields_of(editor_client.get(url), "topic_form"), "slug": "new"})
    assert FormerSlug.objects.count() == 1

    editor_client.post(reverse("admin:articles_topic_delete", args=[topic.pk]), {"post": "yes"})

    assert not Topic.objects.exists()
    assert not FormerSlug.objects.exists()
