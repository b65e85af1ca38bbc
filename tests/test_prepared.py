"""A prepared query gives what the ordinary one does, with whatever values, in whatever thread; and is compiled once."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Article, Byline
from ictiger.prepared import MOST_FORMS, Prepared, given
from tests.factories import make_article, make_author

pytestmark = pytest.mark.django_db


def test_each_run_has_its_own_values():
    one, other = make_article("one"), make_article("other")
    at = Prepared(lambda: Article.objects.filter(slug=given("slug")))
    assert (at.rows(slug="one"), at.rows(slug="other"), at.rows(slug="none")) == ([one], [other], [])
    assert (at.first(slug="one"), at.first(slug="none")) == (one, None)


def test_values_are_written_as_the_fields_would():
    key, now = uuid.uuid4(), timezone.now()
    article = make_article("a", translation_key=key, publish_at=now - timedelta(microseconds=1))
    found = Prepared(lambda: Article.objects.filter(translation_key=given("key"), publish_at__lt=given("now")))
    assert found.rows(key=key, now=now) == [article]
    assert found.rows(key=key, now=article.publish_at) == []
    assert found.rows(key=uuid.uuid4(), now=now) == []


def test_a_text_that_looks_like_sql_is_a_text():
    make_article("a")
    assert Prepared(lambda: Article.objects.filter(slug=given("slug"))).rows(slug="' OR 1=1 --%s") == []


def test_many_values_are_a_form_of_their_own():
    articles = [make_article(f"a{n}") for n in range(3)]
    among = Prepared(lambda number: Article.objects.filter(pk__in=given("keys", number)).order_by("pk"))
    assert among.rows(3, keys=[article.pk for article in articles]) == articles
    assert among.rows(1, keys=[articles[1].pk]) == articles[1:2]


def test_models_come_with_what_is_selected_with_them_and_rows_with_their_names(django_assert_num_queries):
    author = make_author("lin")
    article = make_article("a", authors=[author])
    with django_assert_num_queries(2):
        (byline,) = Prepared(lambda: Byline.objects.select_related("author").filter(article=given("article"))).rows(article=article.pk)
        assert byline.author == author
        (row,) = Prepared(lambda: Article.objects.values_list("slug", "publish_at", named=True)).rows()
        assert (row.slug, row.publish_at) == ("a", article.publish_at)


def test_it_is_put_together_once_and_kept_within_bounds():
    made = []

    def make(number: int):
        made.append(number)
        return Article.objects.all()[:number]

    first = Prepared(make)
    for _time in range(3):
        first.rows(1)
    assert made == [1]
    for number in range(MOST_FORMS + 5):
        first.rows(number + 1)
    assert len(first._forms) <= MOST_FORMS


def test_another_connection_runs_it_too():
    """Threads have their own; what is kept is nobody's."""
    at = Prepared(lambda: Article.objects.filter(slug=given("slug")))
    at.rows(slug="a")
    (form,) = at._forms.values()
    form.compiler.connection = None
    make_article("a")
    assert [article.slug for article in at.rows(slug="a")] == ["a"]


def test_a_value_that_is_not_named_is_missed():
    with pytest.raises(KeyError):
        Prepared(lambda: Article.objects.filter(slug=given("slug"))).rows()


def test_what_would_be_fetched_beside_it_is_refused():
    with pytest.raises(ValueError, match="nothing beside"):
        Prepared(lambda: Article.objects.prefetch_related("topics")).rows()
