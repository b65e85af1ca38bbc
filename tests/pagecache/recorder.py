"""A page cache backend that records the purges it is sent, and how many outbox rows there were at each."""

from ictiger.pagecache.models import Purge

purged: list[list[str]] = []
row_counts: list[int] = []
errors: list[Exception] = []  # the first one is raised instead


def record_purge(paths: list[str]) -> None:
    if errors:
        raise errors[0]
    purged.append(paths)
    row_counts.append(Purge.objects.count())
