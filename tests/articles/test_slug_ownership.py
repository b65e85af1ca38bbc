"""Slugs of articles: which are refused, which are taken, and the redirects from old ones."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from articles.models import Article, SlugRedirect
from articles.services import create_article, free_slug, publish, save_draft
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article

pytestmark = pytest.mark.django_db


def test_create_article_makes_slugs_of_chinese_titles_and_keeps_them_apart():
    titles = [
        "读懂一项中国权利要求（上）：从头说起",
        "读懂一项中国权利要求（上）：从头说起",
        "？！",
        "字" * 200,
    ]
    slugs = [create_article(language="zh-hans", title=title[:200]).slug for title in titles]

    assert slugs[:2] == ["读懂一项中国权利要求-上-从头说起", "读懂一项中国权利要求-上-从头说起-2"]
    assert slugs[2].startswith("article-")
    assert len(slugs[3].encode()) <= 240
    assert set(slugs[3]) == {"字"}


@pytest.mark.parametrize("slug", ["a.b", "a/b", "a b", "字" * 81, "a\nb", "../x", "%00"])
def test_save_draft_refuses_invalid_slugs(slug):
    article = create_article(title="T")
    with pytest.raises(ValidationError):
        save_draft(article, slug=slug)
    article.draft.refresh_from_db()
    assert article.draft.slug == "t"


def test_save_draft_takes_a_slug_of_240_bytes():
    article = create_article(title="T", language="zh-hans")
    assert save_draft(article, slug="字" * 80).slug == "字" * 80


def test_slugs_are_normalized_to_nfc():
    make_article("caf\u00e9")
    with pytest.raises(ValidationError, match="is taken by"):
        create_article(title="T", slug="cafe\u0301")


def test_taken_slug_is_refused_but_free_in_the_other_language():
    make_article("same", title="The first")

    with pytest.raises(ValidationError) as refused:
        create_article(title="T", slug="same")
    assert refused.value.message_dict == {
        "slug": ["The address “same” is taken by “The first”. Choose another."]
    }
    assert create_article(title="T", slug="same", language="zh-hans").slug == "same"


def rename(article: Article, slug: str) -> None:
    save_draft(article, slug=slug)
    publish(article)


def test_changed_slug_makes_a_redirect_when_published():
    article = make_article("a")

    save_draft(article, slug="b")
    assert not SlugRedirect.objects.exists()
    publish(article)

    assert [(old.slug, old.article) for old in SlugRedirect.objects.all()] == [("a", article)]


def test_slug_can_be_changed_back_without_a_redirect_loop():
    article = make_article("a")
    rename(article, "b")
    rename(article, "a")
    assert list(article.old_slugs.values_list("slug", flat=True)) == ["b"]
    rename(article, "c")
    assert set(article.old_slugs.values_list("slug", flat=True)) == {"a", "b"}


def test_slug_change_before_publication_makes_no_redirect():
    article = publish(
        create_article(title="T", slug="a", body="Text."), at=timezone.now() + timedelta(days=1)
    )
    rename(article, "b")
    assert not SlugRedirect.objects.exists()


def test_old_slug_is_taken_until_its_redirect_is_deleted():
    article = make_article("a", title="The first")
    rename(article, "b")

    with pytest.raises(ValidationError, match="still leads readers to “The first”"):
        create_article(title="T", slug="a")
    assert free_slug("A", language="en") == "a-2"

    with public_write(article):
        article.old_slugs.all().delete()
    assert create_article(title="T", slug="a").slug == "a"


def test_publish_refuses_a_slug_taken_since_the_draft_was_saved():
    article = make_article("a")
    save_draft(article, slug="b")
    make_article("b")
    with pytest.raises(ValidationError, match="is taken by"):
        publish(article)
    assert Article.objects.get(pk=article.pk).slug == "a"


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs PostgreSQL: two connections write at once"
)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_simultaneous_publications_leave_one_redirect():
    article = make_article("a")
    save_draft(article, slug="b")
    refused = at_once(lambda: publish(Article.objects.get(pk=article.pk)), times=4)

    assert refused == []
    article.refresh_from_db()
    assert (article.slug, list(article.old_slugs.values_list("slug", flat=True))) == ("b", ["a"])


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs PostgreSQL: two connections write at once"
)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_simultaneous_creation_with_one_slug_raises_validation_errors():
    refused = at_once(lambda: create_article(title="T", slug="same"), times=4)

    assert len(refused) == 3
    assert all(isinstance(error, ValidationError) for error in refused)
    assert Article.objects.filter(slug="same").count() == 1


def at_once(function, *, times: int) -> list[Exception]:
    """Run the function in `times` threads that start together. Returns the exceptions."""
    barrier, raised = threading.Barrier(times), []

    def run() -> None:
        barrier.wait()
        try:
            function()
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
