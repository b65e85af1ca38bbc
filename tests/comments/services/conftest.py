"""Helpers of the tests of services."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import close_old_connections, connection

from accounts.models import User
from articles.models import Article
from comments import services
from comments.models import Comment, Discussion
from tests.factories import make_article, make_comment, make_user


def post(user: User, article: Article, body: str = "An argument.", **fields) -> Comment:
    """Post a comment under a new submission."""
    return services.post_comment(
        user=user, article=article, body=body, **{"submission": uuid.uuid4(), **fields}
    )


def trusted_user() -> User:
    """A user with an approved comment below another article."""
    user = make_user()
    make_comment(make_article(), author=user)
    return user


def counters(article: Article) -> tuple[int, int]:
    """How many threads the discussion has had, and how many comments are visible."""
    return Discussion.objects.filter(pk=article.translation_key).values_list("threads", "comments").get()


def at_once(*functions: Callable[[], object]) -> list[object]:
    """Run the functions concurrently, each on its own connection.

    Returns their results, or the CommentErrors raised.
    """
    gate = threading.Barrier(len(functions))

    def run(function: Callable[[], object]) -> object:
        gate.wait(10)
        try:
            return function()
        except services.CommentError as error:
            return error
        finally:
            connection.close()
            close_old_connections()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))
