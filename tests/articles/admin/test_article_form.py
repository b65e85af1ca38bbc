"""The form of an article: it edits the draft, its buttons act on the article, and what is refused is kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Draft, Status
from tests.factories import make_article, make_author, make_image, make_topic

from .desk import buttons_of, change_url, edit, fields_of, messages_of, open_form, send

ADD = "/admin/articles/article/add/"
DEEP = ">" * 30 + " too deep"


@pytest.fixture
def desk(client_of, editor):
    return client_of(editor)


def add(client, url: str = ADD, *, press: str = "_save", **typed):
    form = fields_of(client.get(url))
    return client.post(url, {**form, **typed, press: "1"})


def test_save_keeps_a_draft_that_readers_do_not_see(desk, stranger):
    article = make_article("a", title="Old title", body="Old text.")

    response = edit(desk, article, title="New title", body="New text.")

    assert response.status_code == 302
    assert response.url == change_url(article)
    article.refresh_from_db()
    assert (article.title, article.draft.title) == ("Old title", "New title")
    page = stranger.get("/articles/a/").content.decode()
    assert "Old text." in page
    assert "New text." not in page


def test_publish_shows_what_was_typed(desk, stranger):
    article = make_article("a", body="Old text.")

    response = edit(desk, article, body="New text.", press="_publish")

    assert response.status_code == 302
    assert "New text." in stranger.get("/articles/a/").content.decode()


def test_saving_without_a_change_makes_no_version(desk):
    article = make_article()
    versions = article.draft.history.count()

    edit(desk, article)

    assert article.draft.history.count() == versions


def test_new_article_is_a_draft_of_its_writer(desk, editor, stranger):
    response = add(desk, title="A title", body="Text.", slug="a-title")

    article = Article.objects.get()
    assert response.url == change_url(article)
    assert (article.status, article.created_by, article.draft.body) == (Status.DRAFT, editor, "Text.")
    assert stranger.get("/articles/a-title/").status_code == 404


def test_slug_left_empty_is_made_from_a_chinese_title(desk):
    add(desk, title="专利 池", language="zh-hans", slug="")

    assert Article.objects.get().slug == "专利-池"


def test_slug_script_keeps_chinese_characters(desk):
    page = desk.get(ADD).content.decode()

    assert "&quot;dependency_ids&quot;: [&quot;#id_title&quot;]" in page
    assert "&quot;allowUnicode&quot;: true" in page


def test_taken_slug_is_told_beside_the_field_and_the_text_is_kept(desk):
    make_article("taken", title="The other one")

    response = add(desk, title="Mine", slug="taken", body="A long text.")

    form = response.context["adminform"].form
    assert list(form.errors) == ["slug"]
    assert "The other one" in form.errors["slug"][0]
    assert fields_of(response)["body"] == ["A long text."]
    assert Article.objects.count() == 1


def test_unrenderable_text_is_kept_as_a_draft_with_a_warning(desk):
    article = make_article()

    edit(desk, article, body=DEEP)

    assert Draft.objects.get(article=article).body == DEEP
    assert any("nested too deeply" in message for message in messages_of(desk.get(change_url(article))))


@pytest.mark.parametrize("button", ["_publish", "_schedule", "_submit"])
def test_unrenderable_text_goes_no_further_and_comes_back_with_the_reason_beside_it(desk, button):
    article = make_article(status=Status.DRAFT, body="Sound.")

    response = edit(desk, article, body=DEEP, title="New", press=button)

    assert list(response.context["adminform"].form.errors) == ["body"]
    assert fields_of(response)["body"] == [DEEP]
    assert fields_of(response)["title"] == ["New"]
    article.refresh_from_db()
    assert (article.status, article.draft.body) == (Status.DRAFT, "Sound.")


def test_empty_text_cannot_be_published(desk):
    article = make_article(status=Status.DRAFT)

    response = edit(desk, article, body=" ", press="_publish")

    assert list(response.context["adminform"].form.errors) == ["body"]


def test_nul_byte_is_refused_beside_its_field(desk):
    article = make_article()

    response = edit(desk, article, title="A\x00B")

    assert response.status_code == 200
    assert "title" in response.context["adminform"].form.errors


# --- the listing ---------------------------------------------------------------------------------------------------------------------


def test_listing_takes_effect_on_save(desk):
    article = make_article()

    edit(desk, article, featured="on", comments_open=None)

    article.refresh_from_db()
    assert (article.featured, article.comments_open) == (True, False)


def test_new_bylines_and_topics_follow_those_that_are_there(desk):
    article = make_article(authors=[make_author("first"), make_author("second")], topics=[make_topic("one")])
    third, two = make_author("third"), make_topic("two")

    typed = {
        "bylines-TOTAL_FORMS": "3",
        "bylines-2-author": third.pk,
        "bylines-2-article": article.pk,
        "bylines-2-position": "0",
        "articletopic_set-TOTAL_FORMS": "2",
        "articletopic_set-1-topic": two.pk,
        "articletopic_set-1-article": article.pk,
    }
    edit(desk, article, **typed)

    article.refresh_from_db()
    assert [byline.author.slug for byline in article.bylines.all()] == ["first", "second", "third"]
    assert [link.topic.slug for link in article.articletopic_set.all()] == ["one", "two"]


def test_takedown_before_publication_is_refused_beside_the_field(desk):
    article = make_article()

    response = edit(desk, article, expires_at_0="2001-01-01", expires_at_1="10:00:00")

    assert "before it is published" in str(response.context["adminform"].form.errors)
    article.refresh_from_db()
    assert article.expires_at is None


def test_dates_are_in_the_time_zone_of_the_site(desk):
    article = make_article()

    edit(desk, article, comments_close_at_0="2031-05-06", comments_close_at_1="07:08:09")

    article.refresh_from_db()
    assert timezone.localtime(article.comments_close_at).isoformat() == "2031-05-06T07:08:09+08:00"
    assert open_form(desk, article)["comments_close_at_1"] == ["07:08:09"]


def test_form_opened_earlier_does_not_set_the_listing_back(desk):
    article = make_article()
    old_form = open_form(desk, article)
    edit(desk, article, featured="on", comments_close_at_0="2031-05-06", comments_close_at_1="07:08:09")

    send(desk, article, old_form)

    article.refresh_from_db()
    assert article.featured is True
    assert article.comments_close_at is not None


# --- two at once ---------------------------------------------------------------------------------------------------------------------


def test_second_of_two_editors_is_told_and_loses_nothing(desk, client_of, author, editor):
    article = make_article(created_by=author, title="Title", body="Text.")
    theirs = client_of(author)
    my_form = open_form(desk, article)
    edit(theirs, article, title="Their title", summary="Their summary")

    response = send(desk, article, my_form, body="My text.")

    [message] = response.context["adminform"].form.non_field_errors()
    assert "author@example.org saved this draft" in message
    assert "(changed: title, summary)" in message
    assert fields_of(response)["body"] == ["My text."]
    assert Draft.objects.get(article=article).title == "Their title"

    again = send(desk, article, fields_of(response))

    assert again.status_code == 302
    draft = Draft.objects.get(article=article)
    assert (draft.title, draft.body) == ("Title", "My text.")
    assert draft.history.filter(title="Their title").exists()


def test_overtaken_publication_publishes_nothing(desk, client_of, author):
    article = make_article(created_by=author, status=Status.DRAFT)
    my_form = open_form(desk, article)
    edit(client_of(author), article, title="Their title")

    response = send(desk, article, my_form, body="Mine.", press="_publish")

    assert response.status_code == 200
    article.refresh_from_db()
    assert article.status == Status.DRAFT


def test_double_click_on_save_is_no_conflict(desk):
    article = make_article()
    form = open_form(desk, article)

    responses = [send(desk, article, form, body="Twice.") for _ in range(2)]

    assert [response.status_code for response in responses] == [302, 302]


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lets writers in one after another anyway"
)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_saves_at_the_same_moment_one_is_told(client_of, editor):
    article = make_article()
    desks = [client_of(editor), client_of(editor)]
    forms = [open_form(desk, article) for desk in desks]
    start = Barrier(2)

    def save(number: int) -> int:
        start.wait()
        try:
            return send(desks[number], article, forms[number], body=f"Text {number}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        statuses = list(threads.map(save, range(2)))

    assert sorted(statuses) == [200, 302]
    assert Draft.objects.get(article=article).body == f"Text {statuses.index(302)}"


# --- the buttons ---------------------------------------------------------------------------------------------------------------------


def named(client, article) -> set[str]:
    return set(buttons_of(client.get(change_url(article))))


def test_buttons_fit_the_state(desk):
    draft = make_article(status=Status.DRAFT)
    in_review = make_article(status=Status.IN_REVIEW)
    scheduled = make_article(publish_at=timezone.now() + timedelta(days=1))
    public = make_article()

    assert named(desk, draft) == {"_save", "_publish", "_schedule", "_submit", "_draw_cover"}
    assert named(desk, in_review) == {"_save", "_publish", "_schedule", "_return", "_draw_cover"}
    assert named(desk, scheduled) == {"_save", "_publish", "_schedule", "_unpublish", "_draw_cover"}
    assert named(desk, public) == {"_save", "_publish", "_unpublish", "_take_down", "_draw_cover"}


def test_unpublish_hides_the_article(desk, stranger):
    article = make_article("a")

    edit(desk, article, press="_unpublish")

    assert stranger.get("/articles/a/").status_code == 404


def test_take_down_tells_readers_that_it_is_gone(desk, stranger):
    article = make_article("a")

    edit(desk, article, press="_take_down")

    assert stranger.get("/articles/a/").status_code == 410


def test_submit_and_return(desk):
    article = make_article(status=Status.DRAFT)

    edit(desk, article, press="_submit")
    article.refresh_from_db()
    assert article.status == Status.IN_REVIEW

    edit(desk, article, press="_return")
    article.refresh_from_db()
    assert article.status == Status.DRAFT


def test_submitting_what_was_published_meanwhile_is_told(desk):
    article = make_article(status=Status.DRAFT)
    form = open_form(desk, article)
    edit(desk, article, press="_publish")

    response = send(desk, article, form, press="_submit")

    assert "already published" in str(response.context["adminform"].form.non_field_errors())


def test_cover_is_drawn_into_the_draft(desk):
    article = make_article()

    edit(desk, article, press="_draw_cover")

    article.refresh_from_db()
    assert article.cover is None
    assert (article.draft.cover.width, article.draft.cover.height) == (1280, 720)
    assert "_draw_cover" not in named(desk, article)


def test_preview_link_opens_the_draft(desk, stranger):
    article = make_article("a", body="Old text.")
    edit(desk, article, body="New text.")

    link = desk.get(change_url(article)).context["preview_url"]

    assert "New text." in stranger.get(link).content.decode()


def test_view_says_what_readers_see(desk):
    article = make_article()
    edit(desk, article, body="New.")

    page = desk.get(change_url(article)).content.decode()

    assert "State: <strong>published</strong>." in page
    assert "changes that readers do not see yet" in page


@pytest.mark.parametrize("pk", ["0", "99999999999999999999999", "x", "%00"])
def test_article_that_is_not_there_leads_back_to_the_desk(desk, pk):
    assert desk.get(f"/admin/articles/article/{pk}/change/").url == "/admin/"
    assert desk.get(f"/admin/articles/article/{pk}/history/").status_code == 404


# --- translations --------------------------------------------------------------------------------------------------------------------


def test_translation_begins_with_what_the_original_has(desk):
    cover = make_image()
    original = make_article(authors=[make_author("ann")], topics=[make_topic("patents")], cover=cover)

    response = add(desk, f"{ADD}?translation_of={original.pk}", title="标题", slug="标题", body="正文。")

    translation = Article.objects.exclude(pk=original.pk).get()
    assert response.url == change_url(translation)
    assert (translation.language, translation.translation_key) == ("zh-hans", original.translation_key)
    assert [author.slug for author in translation.authors.all()] == ["ann"]
    assert [topic.slug for topic in translation.topics.all()] == ["patents"]
    assert translation.draft.cover == cover


def test_second_translation_is_refused_with_the_text_kept(desk):
    original = make_article()
    url = f"{ADD}?translation_of={original.pk}"
    add(desk, url, title="标题", slug="一", body="正文。")

    response = add(desk, url, title="又一个", slug="二", body="又一篇。")

    assert "already has a version" in str(response.context["adminform"].form.errors)
    assert fields_of(response)["body"] == ["又一篇。"]
    assert Article.objects.count() == 2


def test_form_leads_to_the_translation_or_offers_one(desk):
    original = make_article()
    add_url = f"{ADD}?translation_of={original.pk}"
    assert add_url in desk.get(change_url(original)).content.decode()

    add(desk, add_url, title="标题", slug="标题")

    page = desk.get(change_url(original)).content.decode()
    assert add_url not in page
    assert change_url(Article.objects.exclude(pk=original.pk).get()) in page


@pytest.mark.parametrize("value", ["0", "99999", "x", "9" * 400, "9" * 5_000])
def test_translation_of_nothing_is_no_error(desk, value):
    assert desk.get(f"{ADD}?translation_of={value}").status_code in (200, 404)


# --- the clock -----------------------------------------------------------------------------------------------------------------------


def test_schedule_takes_effect_to_the_second(client_of, editor, stranger):
    with time_machine.travel("2030-01-01T00:00:00+08:00", tick=False) as clock:
        desk = client_of(editor)
        article = make_article("a", status=Status.DRAFT, publish_at=None)
        response = edit(desk, article, press="_schedule")
        assert response.url == f"{reverse('admin:articles_article_schedule')}?article={article.pk}"

        desk.post(response.url, {"when_0": "2030-01-02", "when_1": "08:30:15"})

        clock.move_to("2030-01-02T08:30:14+08:00")
        assert stranger.get("/articles/a/").status_code == 404
        clock.move_to("2030-01-02T08:30:15+08:00")
        assert stranger.get("/articles/a/").status_code == 200
