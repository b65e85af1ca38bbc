"""The verbs of the desk: what each does, and what each refuses."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language

from articles.models import Article, Draft, SlugRedirect, Status
from articles.services import (
    create_article,
    free_slug,
    preview_of,
    publish,
    return_to_draft,
    save_draft,
    save_page,
    set_authors,
    set_options,
    set_topics,
    submit_for_review,
    take_down,
    unpublish,
)
from ictiger.delivery.change import change
from ictiger.delivery.models import Purge
from tests.factories import make_article, make_author, make_image, make_page, make_topic

pytestmark = pytest.mark.django_db


def messages(refused) -> str:
    return " ".join(refused.value.messages)


# --- create_article and save_draft ---------------------------------------------------------------------------------------------------


def test_create_article_makes_an_invisible_article_with_its_draft(author):
    topic, first, second = make_topic(), make_author(), make_author()

    article = create_article(by=author, title="The Patent's “Edge”", body="Text.", topics=[topic], authors=[second, first])

    assert (article.status, article.slug, article.created_by, article.body) == (Status.DRAFT, "the-patents-edge", author, "")
    assert (article.draft.title, article.draft.body) == ("The Patent's “Edge”", "Text.")
    assert list(article.topics.all()) == [topic]
    assert [byline.author for byline in article.bylines.all()] == [second, first]
    assert not Article.objects.public().exists()


def test_create_article_makes_slugs_of_chinese_titles_and_keeps_them_apart():
    titles = ["读懂一项中国权利要求（上）：从头说起", "读懂一项中国权利要求（上）：从头说起", "？！", "字" * 200]
    slugs = [create_article(language="zh-hans", title=title[:200]).slug for title in titles]

    assert slugs[:2] == ["读懂一项中国权利要求-上-从头说起", "读懂一项中国权利要求-上-从头说起-2"]
    assert slugs[2].startswith("article-")
    assert len(slugs[3].encode()) <= 240
    assert set(slugs[3]) == {"字"}


def test_a_translation_shares_the_key_topics_and_authors():
    original = make_article(topics=[make_topic()], authors=[make_author()])

    translated = create_article(translation_of=original, language="zh-hans", title="译文")

    assert translated.translation_key == original.translation_key
    assert list(translated.topics.all()) == list(original.topics.all())
    assert [line.author for line in translated.bylines.all()] == [line.author for line in original.bylines.all()]
    with pytest.raises(ValidationError, match="already has a version in that language"):
        create_article(translation_of=original, language="zh-hans", title="又一")


def test_save_draft_keeps_half_done_work_without_showing_it():
    article = make_article(title="Old", body="Old text.")

    save_draft(article, title="", body="Half a sen")

    article.refresh_from_db()
    assert (article.title, article.body, article.draft.body) == ("Old", "Old text.", "Half a sen")


def test_save_draft_of_a_new_article_names_the_article():
    article = create_article(title="Working title")

    save_draft(article, title="Title", slug="title")

    article.refresh_from_db()
    assert (article.title, article.slug) == ("Title", "title")


def test_save_draft_writes_history_unless_it_is_an_autosave():
    article = create_article(title="T", body="1")
    assert article.draft.history.count() == 1

    save_draft(article, body="2")
    save_draft(article, body="3", revision=False)

    assert article.draft.history.count() == 2
    assert Draft.objects.get(article=article).body == "3"


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\x1bb"])
def test_save_draft_drops_characters_that_cannot_be_stored(text):
    article = create_article(title=text, body=text)
    article.draft.refresh_from_db()
    assert (article.title, article.draft.body) == ("ab", "ab")


@pytest.mark.parametrize("slug", ["a.b", "a/b", "a b", "字" * 81, "a\nb", "../x", "%00"])
def test_save_draft_refuses_what_is_no_address(slug):
    article = create_article(title="T")
    with pytest.raises(ValidationError):
        save_draft(article, slug=slug)
    article.draft.refresh_from_db()
    assert article.draft.slug == "t"


def test_save_draft_takes_a_slug_of_240_bytes():
    article = create_article(title="T", language="zh-hans")
    assert save_draft(article, slug="字" * 80).slug == "字" * 80


def test_slugs_in_two_spellings_are_one():
    make_article("caf\u00e9")
    with pytest.raises(ValidationError, match="is taken by"):
        create_article(title="T", slug="cafe\u0301")


def test_a_taken_slug_is_refused_in_words_and_free_in_the_other_language():
    make_article("same", title="The first")

    with pytest.raises(ValidationError) as refused:
        create_article(title="T", slug="same")
    assert refused.value.message_dict == {"slug": ["The address “same” is taken by “The first”. Choose another."]}
    assert create_article(title="T", slug="same", language="zh-hans").slug == "same"


def test_an_unknown_field_is_an_error_of_the_caller():
    with pytest.raises(TypeError):
        create_article(title="T", status="published")


# --- publish -------------------------------------------------------------------------------------------------------------------------


def test_publish_renders_once_and_shows_the_article_now():
    article = create_article(title="Title", summary="Summary", body="## Head\n\nSome *words* here.", slug="title")

    publish(article)

    article = Article.objects.public().get()
    assert article.body_html == '<h2 id="s-head">Head</h2>\n<p>Some <em>words</em> here.</p>'
    assert article.contents == [{"id": "s-head", "title": "Head", "level": 2}]
    assert (article.words, article.reading_minutes, article.updated_at) == (4, 1, None)
    assert " words " in article.search_text
    assert " summary " in article.search_text
    assert timezone.now() - article.publish_at < timedelta(minutes=1)


def test_publish_labels_the_text_in_the_language_of_the_article(monkeypatch):
    article = create_article(title="表", language="zh-hans", body="| a |\n| - |\n| b |")
    seen = []
    monkeypatch.setattr("articles.markdown.tree._", lambda text: seen.append(get_language()) or text)
    publish(article)
    assert seen == ["zh-hans"]


def test_publish_for_a_time_to_come_hides_the_article_until_then(time_machine):
    article = create_article(title="T", body="Text.")
    tomorrow = timezone.now() + timedelta(days=1)

    publish(article, at=tomorrow)

    assert article.is_scheduled
    assert not Article.objects.public().exists()
    time_machine.move_to(tomorrow)
    assert Article.objects.public().get() == article


def test_publishing_again_keeps_the_first_date_and_tells_of_a_changed_text(time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    article = publish(create_article(title="T", body="One."))
    first = article.publish_at
    time_machine.shift(timedelta(days=3))

    publish(article)
    assert (article.publish_at, article.updated_at) == (first, None)

    save_draft(article, body="Two.")
    publish(article)
    assert article.publish_at == first
    assert article.updated_at == timezone.now()
    assert "Two." in article.body_html


def test_publishing_a_scheduled_article_now_dates_it_now():
    article = publish(create_article(title="T", body="Text."), at=timezone.now() + timedelta(days=1))
    publish(article)
    assert article.is_public


def test_an_imported_article_keeps_its_date():
    long_ago = timezone.now() - timedelta(days=2000)
    article = publish(create_article(title="T", body="Text."), at=long_ago)
    assert (article.publish_at, article.updated_at) == (long_ago, None)


def test_a_public_article_cannot_be_scheduled_away():
    article = make_article()
    with pytest.raises(ValidationError, match="Readers see this article now"):
        publish(article, at=timezone.now() + timedelta(days=1))
    article.refresh_from_db()
    assert article.is_public


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ({"body": ""}, "There is no text to publish yet"),
        ({"body": " \n "}, "There is no text to publish yet"),
        ({"title": ""}, "cannot be blank"),
        ({"body": "[" * 5_000}, "brackets that it does not close"),
        ({"body": "![x](https://elsewhere.example/a.png)"}, "is on another site"),
    ],
)
def test_an_unfinished_article_is_not_published(text, words):
    article = create_article(**{"title": "T", "slug": "t", "body": "Text.", **text})
    with pytest.raises(ValidationError) as refused:
        publish(article)
    assert words in messages(refused)
    assert Article.objects.get().status == Status.DRAFT


def test_publishing_what_was_taken_down_shows_it_again():
    article = make_article()
    take_down(article)
    publish(article)
    assert article.is_public


def test_a_picture_in_the_text_keeps_its_place():
    make_image("images/2026/11/图.png", width=640, height=480)
    article = publish(create_article(title="T", body="![x](/media/images/2026/11/%E5%9B%BE.png)"))
    assert 'height="480"' in article.body_html


# --- addresses -----------------------------------------------------------------------------------------------------------------------


def rename(article: Article, slug: str) -> None:
    save_draft(article, slug=slug)
    publish(article)


def test_a_changed_slug_leaves_a_redirect_once_it_is_published():
    article = make_article("a")

    save_draft(article, slug="b")
    assert not SlugRedirect.objects.exists()
    publish(article)

    assert [(old.slug, old.article) for old in SlugRedirect.objects.all()] == [("a", article)]


def test_a_slug_may_come_back_without_a_loop():
    article = make_article("a")
    rename(article, "b")
    rename(article, "a")
    assert list(article.old_slugs.values_list("slug", flat=True)) == ["b"]
    rename(article, "c")
    assert set(article.old_slugs.values_list("slug", flat=True)) == {"a", "b"}


def test_an_article_that_was_never_read_leaves_no_redirect():
    article = publish(create_article(title="T", slug="a", body="Text."), at=timezone.now() + timedelta(days=1))
    rename(article, "b")
    assert not SlugRedirect.objects.exists()


def test_an_old_address_of_another_article_is_taken_until_its_redirect_is_deleted():
    article = make_article("a", title="The first")
    rename(article, "b")

    with pytest.raises(ValidationError, match="still leads readers to “The first”"):
        create_article(title="T", slug="a")
    assert free_slug("A", language="en") == "a-2"

    with change(article):
        article.old_slugs.all().delete()
    assert create_article(title="T", slug="a").slug == "a"


def test_an_address_taken_since_the_draft_was_saved_is_refused_on_publishing():
    article = make_article("a")
    save_draft(article, slug="b")
    make_article("b")
    with pytest.raises(ValidationError, match="is taken by"):
        publish(article)
    assert Article.objects.get(pk=article.pk).slug == "a"


# --- the other verbs -----------------------------------------------------------------------------------------------------------------


def test_review_goes_to_and_fro():
    article = create_article(title="T")
    submit_for_review(article)
    assert article.status == Status.IN_REVIEW
    return_to_draft(article)
    assert article.status == Status.DRAFT


def test_a_published_article_is_not_submitted():
    article = make_article()
    with pytest.raises(ValidationError, match="already published"):
        submit_for_review(article)
    return_to_draft(article)
    assert Article.objects.public().get() == article


def test_unpublish_hides_and_keeps_the_date_of_what_was_read():
    read, scheduled = make_article(), make_article(publish_at=timezone.now() + timedelta(days=1))
    date = read.publish_at

    unpublish(read)
    unpublish(scheduled)

    assert not Article.objects.public().exists()
    assert (read.publish_at, scheduled.publish_at) == (date, None)
    assert publish(read).publish_at == date


def test_take_down_is_for_articles_that_were_read():
    article = make_article()
    take_down(article)
    assert article.has_expired

    with pytest.raises(ValidationError, match="Only an article that readers have seen"):
        take_down(create_article(title="T"))
    with pytest.raises(ValidationError, match="Only an article that readers have seen"):
        take_down(make_article(publish_at=timezone.now() + timedelta(days=1)))


def test_set_options_checks_them_together():
    article = make_article()
    set_options(article, featured=True, comments_open=False)
    assert (article.featured, article.comments_open) == (True, False)

    with pytest.raises(ValidationError, match="taken down before it is published"):
        set_options(article, expires_at=article.publish_at - timedelta(days=1))
    with pytest.raises(TypeError):
        set_options(article, status="draft")


def test_topics_and_authors_keep_their_order_and_count_once():
    article, first, second = make_article(), make_topic(), make_topic()
    one, two = make_author(), make_author()
    set_topics(article, [second, first, second])
    set_authors(article, [two, one, two])

    article = Article.objects.for_lists().get()
    assert article.first_topic == second
    assert list(article.topics.all()) == [second, first]
    assert [line.author for line in article.bylines.all()] == [two, one]


def test_preview_shows_the_draft_and_writes_nothing():
    article = make_article(body="Old.")
    save_draft(article, body="New *text*.")

    shown = preview_of(article.draft.__class__.objects.get(article=article))

    assert "New <em>text</em>." in shown.body_html
    assert "Old." in Article.objects.get().body_html


def test_preview_of_text_that_cannot_be_rendered_says_why():
    article = create_article(title="T", body="[" * 5_000)
    assert "brackets that it does not close" in preview_of(article.draft).body_html


def test_save_page_renders_and_refuses_the_names_of_the_house():
    page = make_page("about", body="Old")
    page.body = "New **text** <script>"
    save_page(page)
    assert page.body_html == "<p>New <strong>text</strong> &lt;script&gt;</p>"

    page.slug = "admin"
    with pytest.raises(ValidationError, match="belongs to the site itself"):
        save_page(page)


# --- changes are told ----------------------------------------------------------------------------------------------------------------


def test_drafts_purge_no_page_and_publishing_does():
    article = create_article(title="T", slug="t", body="Text.")
    save_draft(article, body="More.")
    assert not {"/", "/articles/t/**"} & purged()

    publish(article)
    assert {"/", "/articles/t/**"} <= purged()


def purged() -> set[str]:
    return {path for row in Purge.objects.all() for path in row.paths}


# --- two at once ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: two connections write at once")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_publishes_at_once_leave_one_redirect():
    article = make_article("a")
    save_draft(article, slug="b")
    refused = at_once(lambda: publish(Article.objects.get(pk=article.pk)), times=4)

    assert refused == []
    article.refresh_from_db()
    assert (article.slug, list(article.old_slugs.values_list("slug", flat=True))) == ("b", ["a"])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: two connections write at once")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_articles_that_take_one_slug_at_once_are_told_in_words():
    refused = at_once(lambda: create_article(title="T", slug="same"), times=4)

    assert len(refused) == 3
    assert all(isinstance(error, ValidationError) for error in refused)
    assert Article.objects.filter(slug="same").count() == 1


def at_once(deed, *, times: int) -> list[Exception]:
    """Run `deed` in so many threads that start together; what was raised."""
    barrier, raised = threading.Barrier(times), []

    def run() -> None:
        barrier.wait()
        try:
            deed()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised
