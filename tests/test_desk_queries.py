"""The desk's smaller lists cost as many queries with many rows as with few; those of articles and comments are tested with them."""

import pytest
from django.urls import reverse

from accounts.models import User
from articles.services import publish, save_draft
from comments.models import Ban
from tests.factories import make_article, make_author, make_image, make_page, make_topic, make_user

LISTS = {
    "articles_author": 6,
    "articles_image": 8,
    "articles_page": 6,
    "articles_slugredirect": 6,
    "articles_topic": 6,
    "comments_ban": 6,
}


def fill(count: int) -> None:
    for _ in range(count):
        author = make_author(user=make_user(group="Author"))
        article = make_article(topics=[make_topic()], authors=[author], cover=make_image())
        save_draft(article, slug=f"{article.slug}-moved")
        publish(article)
        make_page(f"page-of-{article.slug}")
        Ban.objects.create(user=make_user(), why="Advertises.")


@pytest.mark.parametrize("count", [1, 30])
def test_lists_take_as_many_queries_with_many_rows(client_of, count, django_assert_num_queries):
    fill(count)
    desk = client_of(User.objects.create_superuser("root@example.org", "x"))
    desk.get("/admin/")
    for name, queries in LISTS.items():
        with django_assert_num_queries(queries, info=name):
            assert len(desk.get(reverse(f"admin:{name}_changelist")).context["cl"].result_list) >= count, name
