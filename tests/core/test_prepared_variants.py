"""A prepared query with variants returns what Django's does and is compiled once for each of them."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Article, Byline
from ictiger.core.prepared import MAX_VARIANTS, Param, PreparedQuery
from tests.factories import make_article, make_author

pytestmark = pytest.mark.django_db


def test_each_execution_uses_its_own_parameters():
    one, other = make_article("one"), make_article("other")
    by_slug = PreparedQuery(lambda: Article.objects.filter(slug=Param("slug")))
    assert (by_slug.rows(slug="one"), by_slug.rows(slug="other"), by_slug.rows(slug="none")) == (
        [one],
        [other],
        [],
    )
    assert (by_slug.row(slug="one"), by_slug.row(slug="none")) == (one, None)


def test_parameters_are_adapted_as_fields_adapt_them():
    key, now = uuid.uuid4(), timezone.now()
    article = make_article("a", translation_key=key, publish_at=now - timedelta(microseconds=1))
    published_before = PreparedQuery(
        lambda: Article.objects.filter(translation_key=Param("key"), publish_at__lt=Param("now"))
    )
    assert published_before.rows(key=key, now=now) == [article]
    assert published_before.rows(key=key, now=article.publish_at) == []
    assert published_before.rows(key=uuid.uuid4(), now=now) == []


def test_parameter_that_looks_like_sql_stays_a_string():
    make_article("a")
    assert PreparedQuery(lambda: Article.objects.filter(slug=Param("slug"))).rows(slug="' OR 1=1 --%s") == []


def test_each_number_of_values_is_a_variant():
    articles = [make_article(f"a{n}") for n in range(3)]
    by_keys = PreparedQuery(lambda count: Article.objects.filter(pk__in=Param("keys", count)).order_by("pk"))
    assert by_keys.rows(3, keys=[article.pk for article in articles]) == articles
    assert by_keys.rows(1, keys=[articles[1].pk]) == articles[1:2]


def test_rows_are_models_with_related_objects_or_named_tuples(django_assert_num_queries):
    author = make_author("lin")
    article = make_article("a", authors=[author])
    with django_assert_num_queries(2):
        (byline,) = PreparedQuery(
            lambda: Byline.objects.select_related("author").filter(article=Param("article"))
        ).rows(article=article.pk)
        assert byline.author == author
        (row,) = PreparedQuery(lambda: Article.objects.values_list("slug", "publish_at", named=True)).rows()
        assert (row.slug, row.publish_at) == ("a", article.publish_at)


def test_rows_of_a_flat_values_list_are_the_values():
    make_article("a")
    assert PreparedQuery(lambda: Article.objects.values_list("slug", flat=True)).rows() == ["a"]


def test_query_is_compiled_once_and_variants_are_bounded():
    built = []

    def build(limit: int):
        built.append(limit)
        return Article.objects.all()[:limit]

    newest = PreparedQuery(build)
    for _execution in range(3):
        newest.rows(1)
    assert built == [1]
    for number in range(MAX_VARIANTS + 5):
        newest.rows(number + 1)
    assert len(newest.compiled) <= MAX_VARIANTS


def test_missing_parameter_raises_key_error():
    with pytest.raises(KeyError):
        PreparedQuery(lambda: Article.objects.filter(slug=Param("slug"))).rows()
