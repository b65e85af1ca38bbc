"""The write operations: what each does, and what each refuses."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import get_language

from articles.models import Article, Draft, Status
from articles.services import (
    create_article,
    preview_article,
    publish,
    return_to_draft,
    save_draft,
    save_page,
    set_options,
    submit_for_review,
    take_down,
    unpublish,
)
from ictiger.pagecache.models import Purge
from tests.factories import make_article, make_author, make_image, make_page, make_topic

pytestmark = pytest.mark.django_db


def messages(refused) -> str:
    return " ".join(refused.value.messages)


def test_create_article_makes_an_invisible_article_with_its_draft(author):
    topic, first, second = make_topic(), make_author(), make_author()

    article = create_article(
        by=author, title="The Patent's “Edge”", body="Text.", topics=[topic], authors=[second, first]
    )

    assert (article.status, article.slug, article.created_by, article.body) == (
        Status.DRAFT,
        "the-patents-edge",
        author,
        "",
    )
    assert (article.draft.title, article.draft.body) == ("The Patent's “Edge”", "Text.")
    assert list(article.topics.all()) == [topic]
    assert [byline.author for byline in article.bylines.all()] == [second, first]
    assert not Article.objects.public().exists()


def test_translation_takes_over_key_topics_and_authors():
    original = make_article(topics=[make_topic()], authors=[make_author()])

    translated = create_article(translation_of=original, language="zh-hans", title="译文")

    assert translated.translation_key == original.translation_key
    assert list(translated.topics.all()) == list(original.topics.all())
    assert [line.author for line in translated.bylines.all()] == [
        line.author for line in original.bylines.all()
    ]
    with pytest.raises(ValidationError, match="already has a version in that language"):
        create_article(translation_of=original, language="zh-hans", title="又一")


def test_save_draft_stores_unfinished_text_without_showing_it():
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


def test_unknown_text_field_raises_type_error():
    with pytest.raises(TypeError):
        create_article(title="T", status="published")


def test_publish_renders_once_and_shows_the_article_now():
    article = create_article(
        title="Title", summary="Summary", body="## Head\n\nSome *words* here.", slug="title"
    )

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


def test_publish_at_a_future_moment_hides_the_article_until_then(time_machine):
    article = create_article(title="T", body="Text.")
    tomorrow = timezone.now() + timedelta(days=1)

    publish(article, at=tomorrow)

    assert article.is_scheduled
    assert not Article.objects.public().exists()
    time_machine.move_to(tomorrow)
    assert Article.objects.public().get() == article


def test_publishing_again_keeps_the_first_date_and_dates_a_changed_text(time_machine):
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


def test_publish_accepts_a_past_date():
    long_ago = timezone.now() - timedelta(days=2000)
    article = publish(create_article(title="T", body="Text."), at=long_ago)
    assert (article.publish_at, article.updated_at) == (long_ago, None)


def test_public_article_cannot_be_scheduled():
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
def test_publish_refuses_an_unfinished_article(text, words):
    article = create_article(**{"title": "T", "slug": "t", "body": "Text.", **text})
    with pytest.raises(ValidationError) as refused:
        publish(article)
    assert words in messages(refused)
    assert Article.objects.get().status == Status.DRAFT


def test_publish_shows_an_expired_article_again():
    article = make_article()
    take_down(article)
    publish(article)
    assert article.is_public


def test_picture_in_the_text_gets_its_size():
    make_image("images/2026/11/图.png", width=640, height=480)
    article = publish(create_article(title="T", body="![x](/media/images/2026/11/%E5%9B%BE.png)"))
    assert 'height="480"' in article.body_html


def test_submit_for_review_and_return_to_draft_set_the_status():
    article = create_article(title="T")
    submit_for_review(article)
    assert article.status == Status.IN_REVIEW
    return_to_draft(article)
    assert article.status == Status.DRAFT


def test_published_article_cannot_be_submitted():
    article = make_article()
    with pytest.raises(ValidationError, match="already published"):
        submit_for_review(article)
    return_to_draft(article)
    assert Article.objects.public().get() == article


def test_unpublish_keeps_a_past_date_only():
    read, scheduled = make_article(), make_article(publish_at=timezone.now() + timedelta(days=1))
    date = read.publish_at

    unpublish(read)
    unpublish(scheduled)

    assert not Article.objects.public().exists()
    assert (read.publish_at, scheduled.publish_at) == (date, None)
    assert publish(read).publish_at == date


def test_take_down_refuses_articles_that_readers_have_not_seen():
    article = make_article()
    take_down(article)
    assert article.has_expired

    with pytest.raises(ValidationError, match="Only an article that readers have seen"):
        take_down(create_article(title="T"))
    with pytest.raises(ValidationError, match="Only an article that readers have seen"):
        take_down(make_article(publish_at=timezone.now() + timedelta(days=1)))


def test_set_options_validates_the_article():
    article = make_article()
    set_options(article, featured=True, comments_open=False)
    assert (article.featured, article.comments_open) == (True, False)

    with pytest.raises(ValidationError, match="taken down before it is published"):
        set_options(article, expires_at=article.publish_at - timedelta(days=1))
    with pytest.raises(TypeError):
        set_options(article, status="draft")


def test_topics_and_authors_keep_their_order_without_duplicates():
    first, second, one, two = make_topic(), make_topic(), make_author(), make_author()
    make_article(topics=[second, first, second], authors=[two, one, two])

    article = Article.objects.for_lists().get()
    assert article.first_topic == second
    assert list(article.topics.all()) == [second, first]
    assert [line.author for line in article.bylines.all()] == [two, one]


def test_preview_shows_the_draft_and_writes_nothing():
    article = make_article(body="Old.")
    save_draft(article, body="New *text*.")

    shown = preview_article(article.draft.__class__.objects.get(article=article))

    assert "New <em>text</em>." in shown.body_html
    assert "Old." in Article.objects.get().body_html


def test_preview_of_unrenderable_text_shows_the_reason():
    article = create_article(title="T", body="[" * 5_000)
    assert "brackets that it does not close" in preview_article(article.draft).body_html


def test_save_page_renders_and_refuses_reserved_slugs():
    page = make_page("about", body="Old")
    page.body = "New **text** <script>"
    save_page(page)
    assert page.body_html == "<p>New <strong>text</strong> &lt;script&gt;</p>"

    page.slug = "admin"
    with pytest.raises(ValidationError, match="belongs to the site itself"):
        save_page(page)


def test_drafts_purge_no_page_and_publishing_does():
    article = create_article(title="T", slug="t", body="Text.")
    save_draft(article, body="More.")
    assert not {"/", "/articles/t/**"} & purged()

    publish(article)
    assert {"/", "/articles/t/**"} <= purged()


def purged() -> set[str]:
    return {path for row in Purge.objects.all() for path in row.paths}
