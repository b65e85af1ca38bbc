"""A keeper of pages that only remembers what it was told to purge, and what it saw of the database meanwhile."""

from ictiger.pagecache.models import Purge

purged: list[list[str]] = []
rows_meanwhile: list[int] = []
fault: list[Exception] = []


def keep(paths: list[str]) -> None:
    if fault:
        raise fault[0]
    purged.append(paths)
    rows_meanwhile.append(Purge.objects.count())
