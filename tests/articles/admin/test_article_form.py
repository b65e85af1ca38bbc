"""The admin form of an article: saving the draft, the buttons, errors, and stale drafts."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Draft, Status
from tests.factories import make_article, make_author, make_image, make_topic

from .form_client import buttons_of, change_url, edit, fields_of, messages_of, open_form, send

ADD = "/admin/articles/article/add/"
DEEP = ">" * 30 + " too deep"


def add(client, url: str = ADD, *, press: str = "_save", **data):
    form = fields_of(client.get(url))
    return client.post(url, {**form, **data, press: "1"})


def test_save_stores_a_draft_hidden_from_readers(editor_client, stranger):
    article = make_article("a", title="Old title", body="Old text.")

    response = edit(editor_client, article, title="New title", body="New text.")

    assert response.status_code == 302
    assert response.url == change_url(article)
    article.refresh_from_db()
    assert (article.title, article.draft.title) == ("Old title", "New title")
    page = stranger.get("/articles/a/").content.decode()
    assert "Old text." in page
    assert "New text." not in page


def test_publish_shows_the_submitted_text(editor_client, stranger):
    article = make_article("a", body="Old text.")

    response = edit(editor_client, article, body="New text.", press="_publish")

    assert response.status_code == 302
    assert "New text." in stranger.get("/articles/a/").content.decode()


def test_saving_without_a_change_makes_no_version(editor_client):
    article = make_article()
    versions = article.draft.history.count()

    edit(editor_client, article)

    assert article.draft.history.count() == versions


def test_new_article_is_a_draft_created_by_the_user(editor_client, editor, stranger):
    response = add(editor_client, title="A title", body="Text.", slug="a-title")

    article = Article.objects.get()
    assert response.url == change_url(article)
    assert (article.status, article.created_by, article.draft.body) == (Status.DRAFT, editor, "Text.")
    assert stranger.get("/articles/a-title/").status_code == 404


def test_slug_left_empty_is_made_from_a_chinese_title(editor_client):
    add(editor_client, title="专利 池", language="zh-hans", slug="")

    assert Article.objects.get().slug == "专利-池"


def test_slug_script_keeps_chinese_characters(editor_client):
    page = editor_client.get(ADD).content.decode()

    assert "&quot;dependency_ids&quot;: [&quot;#id_title&quot;]" in page
    assert "&quot;allowUnicode&quot;: true" in page


def test_taken_slug_is_a_field_error_and_the_text_is_shown_again(editor_client):
    make_article("taken", title="The other one")

    response = add(editor_client, title="Mine", slug="taken", body="A long text.")

    form = response.context["adminform"].form
    assert list(form.errors) == ["slug"]
    assert "The other one" in form.errors["slug"][0]
    assert fields_of(response)["body"] == ["A long text."]
    assert Article.objects.count() == 1


def test_unrenderable_text_is_saved_with_a_warning(editor_client):
    article = make_article()

    edit(editor_client, article, body=DEEP)

    assert Draft.objects.get(article=article).body == DEEP
    assert any(
        "nested too deeply" in message for message in messages_of(editor_client.get(change_url(article)))
    )


@pytest.mark.parametrize("button", ["_publish", "_schedule", "_submit"])
def test_unrenderable_text_is_a_field_error_for_other_buttons(editor_client, button):
    article = make_article(status=Status.DRAFT, body="Sound.")

    response = edit(editor_client, article, body=DEEP, title="New", press=button)

    assert list(response.context["adminform"].form.errors) == ["body"]
    assert fields_of(response)["body"] == [DEEP]
    assert fields_of(response)["title"] == ["New"]
    article.refresh_from_db()
    assert (article.status, article.draft.body) == (Status.DRAFT, "Sound.")


def test_empty_text_cannot_be_published(editor_client):
    article = make_article(status=Status.DRAFT)

    response = edit(editor_client, article, body=" ", press="_publish")

    assert list(response.context["adminform"].form.errors) == ["body"]


def test_nul_byte_is_a_field_error(editor_client):
    article = make_article()

    response = edit(editor_client, article, title="A\x00B")

    assert response.status_code == 200
    assert "title" in response.context["adminform"].form.errors


def test_listing_takes_effect_on_save(editor_client):
    article = make_article()

    edit(editor_client, article, featured="on", comments_open=None)

    article.refresh_from_db()
    assert (article.featured, article.comments_open) == (True, False)


def test_new_bylines_and_topics_follow_existing_ones(editor_client):
    article = make_article(authors=[make_author("first"), make_author("second")], topics=[make_topic("one")])
    third, two = make_author("third"), make_topic("two")

    data = {
        "bylines-TOTAL_FORMS": "3",
        "bylines-2-author": third.pk,
        "bylines-2-article": article.pk,
        "bylines-2-position": "0",
        "articletopic_set-TOTAL_FORMS": "2",
        "articletopic_set-1-topic": two.pk,
        "articletopic_set-1-article": article.pk,
    }
    edit(editor_client, article, **data)

    article.refresh_from_db()
    assert [byline.author.slug for byline in article.bylines.all()] == ["first", "second", "third"]
    assert [link.topic.slug for link in article.articletopic_set.all()] == ["one", "two"]


def test_takedown_before_publication_is_a_field_error(editor_client):
    article = make_article()

    response = edit(editor_client, article, expires_at_0="2001-01-01", expires_at_1="10:00:00")

    assert "before it is published" in str(response.context["adminform"].form.errors)
    article.refresh_from_db()
    assert article.expires_at is None


def test_dates_are_in_the_time_zone_of_the_site(editor_client):
    article = make_article()

    edit(editor_client, article, comments_close_at_0="2031-05-06", comments_close_at_1="07:08:09")

    article.refresh_from_db()
    assert timezone.localtime(article.comments_close_at).isoformat() == "2031-05-06T07:08:09+08:00"
    assert open_form(editor_client, article)["comments_close_at_1"] == ["07:08:09"]


def button_names(client, article) -> set[str]:
    return set(buttons_of(client.get(change_url(article))))


def test_buttons_depend_on_the_status(editor_client):
    draft = make_article(status=Status.DRAFT)
    in_review = make_article(status=Status.IN_REVIEW)
    scheduled = make_article(publish_at=timezone.now() + timedelta(days=1))
    public = make_article()

    assert button_names(editor_client, draft) == {"_save", "_publish", "_schedule", "_submit", "_draw_cover"}
    assert button_names(editor_client, in_review) == {
        "_save",
        "_publish",
        "_schedule",
        "_return",
        "_draw_cover",
    }
    assert button_names(editor_client, scheduled) == {
        "_save",
        "_publish",
        "_schedule",
        "_unpublish",
        "_draw_cover",
    }
    assert button_names(editor_client, public) == {
        "_save",
        "_publish",
        "_unpublish",
        "_take_down",
        "_draw_cover",
    }


def test_unpublish_hides_the_article(editor_client, stranger):
    article = make_article("a")

    edit(editor_client, article, press="_unpublish")

    assert stranger.get("/articles/a/").status_code == 404


def test_take_down_returns_410_to_readers(editor_client, stranger):
    article = make_article("a")

    edit(editor_client, article, press="_take_down")

    assert stranger.get("/articles/a/").status_code == 410


def test_submit_and_return(editor_client):
    article = make_article(status=Status.DRAFT)

    edit(editor_client, article, press="_submit")
    article.refresh_from_db()
    assert article.status == Status.IN_REVIEW

    edit(editor_client, article, press="_return")
    article.refresh_from_db()
    assert article.status == Status.DRAFT


def test_submitting_a_published_article_is_an_error(editor_client):
    article = make_article(status=Status.DRAFT)
    form = open_form(editor_client, article)
    edit(editor_client, article, press="_publish")

    response = send(editor_client, article, form, press="_submit")

    assert "already published" in str(response.context["adminform"].form.non_field_errors())


def test_cover_is_drawn_into_the_draft(editor_client):
    article = make_article()

    edit(editor_client, article, press="_draw_cover")

    article.refresh_from_db()
    assert article.cover is None
    assert (article.draft.cover.width, article.draft.cover.height) == (1280, 720)
    assert "_draw_cover" not in button_names(editor_client, article)


def test_preview_link_opens_the_draft(editor_client, stranger):
    article = make_article("a", body="Old text.")
    edit(editor_client, article, body="New text.")

    link = editor_client.get(change_url(article)).context["preview_url"]

    assert "New text." in stranger.get(link).content.decode()


def test_form_shows_the_status_and_unpublished_changes(editor_client):
    article = make_article()
    edit(editor_client, article, body="New.")

    page = editor_client.get(change_url(article)).content.decode()

    assert "State: <strong>published</strong>." in page
    assert "changes that readers do not see yet" in page


@pytest.mark.parametrize("pk", ["0", "99999999999999999999999", "x", "%00"])
def test_missing_article_redirects_to_the_admin_index(editor_client, pk):
    assert editor_client.get(f"/admin/articles/article/{pk}/change/").url == "/admin/"
    assert editor_client.get(f"/admin/articles/article/{pk}/history/").status_code == 404


def test_translation_takes_over_topics_authors_and_cover(editor_client):
    cover = make_image()
    original = make_article(authors=[make_author("ann")], topics=[make_topic("patents")], cover=cover)

    response = add(
        editor_client, f"{ADD}?translation_of={original.pk}", title="标题", slug="标题", body="正文。"
    )

    translation = Article.objects.exclude(pk=original.pk).get()
    assert response.url == change_url(translation)
    assert (translation.language, translation.translation_key) == ("zh-hans", original.translation_key)
    assert [author.slug for author in translation.authors.all()] == ["ann"]
    assert [topic.slug for topic in translation.topics.all()] == ["patents"]
    assert translation.draft.cover == cover


def test_second_translation_is_refused_and_the_text_is_shown_again(editor_client):
    original = make_article()
    url = f"{ADD}?translation_of={original.pk}"
    add(editor_client, url, title="标题", slug="一", body="正文。")

    response = add(editor_client, url, title="又一个", slug="二", body="又一篇。")

    assert "already has a version" in str(response.context["adminform"].form.errors)
    assert fields_of(response)["body"] == ["又一篇。"]
    assert Article.objects.count() == 2


def test_form_links_to_the_translation_or_offers_to_add_one(editor_client):
    original = make_article()
    add_url = f"{ADD}?translation_of={original.pk}"
    assert add_url in editor_client.get(change_url(original)).content.decode()

    add(editor_client, add_url, title="标题", slug="标题")

    page = editor_client.get(change_url(original)).content.decode()
    assert add_url not in page
    assert change_url(Article.objects.exclude(pk=original.pk).get()) in page


@pytest.mark.parametrize("value", ["0", "99999", "x", "9" * 400, "9" * 5_000])
def test_translation_of_an_invalid_key_is_no_server_error(editor_client, value):
    assert editor_client.get(f"{ADD}?translation_of={value}").status_code in (200, 404)


def test_schedule_is_exact_to_the_second(client_of, editor, stranger):
    with time_machine.travel("2030-01-01T00:00:00+08:00", tick=False) as clock:
        editor_client = client_of(editor)
        article = make_article("a", status=Status.DRAFT, publish_at=None)
        response = edit(editor_client, article, press="_schedule")
        assert response.url == f"{reverse('admin:articles_article_schedule')}?article={article.pk}"

        editor_client.post(response.url, {"when_0": "2030-01-02", "when_1": "08:30:15"})

        clock.move_to("2030-01-02T08:30:14+08:00")
        assert stranger.get("/articles/a/").status_code == 404
        clock.move_to("2030-01-02T08:30:15+08:00")
        assert stranger.get("/articles/a/").status_code == 200
