"""The admin forms of pages, pictures and topics, and errors from the database."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from articles.models import Image, Page, Topic
from tests.factories import make_article, make_image, make_page, make_topic

from .form_client import add_instance, fields_of, open_form, send


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
