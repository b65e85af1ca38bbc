"""Private names of Django that articles rely on. Tried with Django 5.2."""

import pytest
from django.db.models import prefetch_related_objects

from articles import queries
from articles.models import Article
from tests.factories import make_article, make_author, make_topic

pytestmark = pytest.mark.django_db


def test_django_keeps_prefetched_relations_where_queries_writes_them():
    """`queries._attach_related` writes what `prefetch_related` would have written."""
    make_article(topics=[make_topic()], authors=[make_author()])
    prefetched, attached = Article.objects.get(), Article.objects.get()

    prefetch_related_objects([prefetched], "topics", "bylines")
    queries.attach_topics([attached])
    queries.attach_bylines([attached])

    assert set(prefetched._prefetched_objects_cache) == {"topics", "bylines"}
    assert {name: list(rows) for name, rows in prefetched._prefetched_objects_cache.items()} == {
        name: list(rows) for name, rows in attached._prefetched_objects_cache.items()
    }


def test_attached_relations_are_read_without_a_query(django_assert_num_queries):
    topic, author = make_topic(), make_author()
    make_article(topics=[topic], authors=[author])
    article = Article.objects.get()
    queries.attach_topics([article])
    queries.attach_bylines([article])

    with django_assert_num_queries(0):
        assert list(article.topics.all()) == [topic]
        assert [byline.author for byline in article.bylines.all()] == [author]
