"""Functions that the tests of the protocol's lines share."""

import pytest

from articles.models import Topic
from ictiger.pagecache.public_write import public_write

committed = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def rename(topic: Topic, **fields) -> None:
    with public_write(topic):
        for name, value in fields.items():
            setattr(topic, name, value)
        topic.save()


def page_text(site, path: str = "/notes/a/") -> str:
    """The name that the page shows."""
    return site.get(path).body.decode().partition("</p>")[0].removeprefix("<p>")


def calls_named(calls: list[tuple], *names: str) -> list[tuple]:
    """Only the calls of these functions, with their paths as strings."""
    return [
        (call[0], *(arg.decode() for arg in call[1:] if isinstance(arg, bytes)))
        for call in calls
        if call[0] in names
    ]
