"""The admin's lists make as many queries for many rows as for one. Those of articles are tested there."""

import pytest
from django.urls import reverse

from accounts.models import User
from articles.former_slugs import save_with_redirects
from articles.services import publish, save_draft
from comments import services
from comments.models import Ban, Report
from comments.policy import ModerationAction, ReportReason, State
from tests.factories import (
    make_article,
    make_author,
    make_comment,
    make_image,
    make_page,
    make_topic,
    make_user,
)

LISTS = {
    "articles_author": 6,
    "articles_formerslug": 6,
    "articles_image": 8,
    "articles_page": 6,
    "articles_slugredirect": 6,
    "articles_topic": 6,
    "comments_ban": 7,  # one is for the switch, whose state every list of comments shows
}
QUEUE_QUERIES = 24


def fill(count: int) -> None:
    for _ in range(count):
        author = make_author(user=make_user(group="Author"))
        article = make_article(topics=[make_topic()], authors=[author], cover=make_image())
        save_draft(article, slug=f"{article.slug}-moved")
        publish(article)
        page = make_page(f"page-of-{article.slug}")
        page.slug += "-moved"
        save_with_redirects(page)
        Ban.objects.create(user=make_user(), why="Advertises.")


@pytest.mark.parametrize("count", [1, 30])
def test_lists_take_as_many_queries_with_many_rows(client_of, count, django_assert_num_queries):
    fill(count)
    client = client_of(User.objects.create_superuser("root@example.org", "x"))
    client.get("/admin/")
    for name, queries in LISTS.items():
        with django_assert_num_queries(queries, info=name):
            assert len(client.get(reverse(f"admin:{name}_changelist")).context["cl"].result_list) >= count, (
                name
            )


@pytest.mark.parametrize("count", [1, 30])
def test_the_queue_takes_as_many_queries_with_many_rows(
    client_of, moderator, count, django_assert_num_queries
):
    """Each row has a parent, a report, a ban, an appealed rejection and a review claim."""
    for _ in range(count):
        make_full_row(moderator)
    client = client_of(moderator)
    client.get("/admin/comments/comment/")
    with django_assert_num_queries(QUEUE_QUERIES):
        assert len(client.get("/admin/comments/comment/").context["rows"]) == count


def make_full_row(moderator: User) -> None:
    article = make_article()
    comment = make_comment(article, parent=make_comment(article), state=State.PENDING)
    Report.objects.create(comment=comment, reporter=make_user(), reason=ReportReason.OTHER)
    services.decide(
        moderator=moderator, comment_id=comment.pk, action=ModerationAction.REJECT, reason="other"
    )
    services.appeal(user=comment.author, comment_id=comment.pk, note="Why?")
    Ban.objects.create(user=comment.author, why="Advertises.")
    services.claim_comment(moderator=make_user(group="Moderator"), comment_id=comment.pk)
