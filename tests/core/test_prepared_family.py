"""A compiled query of several forms gives what the ordinary one does, with whatever values; and is put together once for each form."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Article, Byline
from ictiger.core.prepared import MAX_FORMS, Param, PreparedQueryFamily
from tests.factories import make_article, make_author

pytestmark = pytest.mark.django_db


def test_each_run_has_its_own_values():
    one, other = make_article("one"), make_article("other")
    at = PreparedQueryFamily(lambda: Article.objects.filter(slug=Param("slug")))
    assert (at.rows(slug="one"), at.rows(slug="other"), at.rows(slug="none")) == ([one], [other], [])
    assert (at.row(slug="one"), at.row(slug="none")) == (one, None)


def test_values_are_written_as_the_fields_would():
    key, now = uuid.uuid4(), timezone.now()
    article = make_article("a", translation_key=key, publish_at=now - timedelta(microseconds=1))
    found = PreparedQueryFamily(
        lambda: Article.objects.filter(translation_key=Param("key"), publish_at__lt=Param("now"))
    )
    assert found.rows(key=key, now=now) == [article]
    assert found.rows(key=key, now=article.publish_at) == []
    assert found.rows(key=uuid.uuid4(), now=now) == []


def test_a_text_that_looks_like_sql_is_a_text():
    make_article("a")
    assert (
        PreparedQueryFamily(lambda: Article.objects.filter(slug=Param("slug"))).rows(slug="' OR 1=1 --%s")
        == []
    )


def test_many_values_are_a_form_of_their_own():
    articles = [make_article(f"a{n}") for n in range(3)]
    among = PreparedQueryFamily(
        lambda number: Article.objects.filter(pk__in=Param("keys", number)).order_by("pk")
    )
    assert among.rows(3, keys=[article.pk for article in articles]) == articles
    assert among.rows(1, keys=[articles[1].pk]) == articles[1:2]


def test_models_come_with_what_is_selected_with_them_and_rows_with_their_names(django_assert_num_queries):
    author = make_author("lin")
    article = make_article("a", authors=[author])
    with django_assert_num_queries(2):
        (byline,) = PreparedQueryFamily(
            lambda: Byline.objects.select_related("author").filter(article=Param("article"))
        ).rows(article=article.pk)
        assert byline.author == author
        (row,) = PreparedQueryFamily(
            lambda: Article.objects.values_list("slug", "publish_at", named=True)
        ).rows()
        assert (row.slug, row.publish_at) == ("a", article.publish_at)


def test_a_flat_list_is_of_the_values():
    make_article("a")
    assert PreparedQueryFamily(lambda: Article.objects.values_list("slug", flat=True)).rows() == ["a"]


def test_it_is_put_together_once_and_kept_within_bounds():
    made = []

    def make(number: int):
        made.append(number)
        return Article.objects.all()[:number]

    newest = PreparedQueryFamily(make)
    for _time in range(3):
        newest.rows(1)
    assert made == [1]
    for number in range(MAX_FORMS + 5):
        newest.rows(number + 1)
    assert len(newest._made) <= MAX_FORMS


def test_a_value_that_is_not_named_is_missed():
    with pytest.raises(KeyError):
        PreparedQueryFamily(lambda: Article.objects.filter(slug=Param("slug"))).rows()
