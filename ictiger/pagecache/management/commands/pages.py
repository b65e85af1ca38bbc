"""`manage.py pages`: lists, counts, warms, verifies and clears the pages in the page store."""

import logging
import shutil
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import BaseCommand, CommandError

from ictiger.core.progress import show_progress
from ictiger.core.request_log import access
from ictiger.pagecache import maintenance, stats
from ictiger.pagecache.crawl import verify_pages, warm_pages
from ictiger.pagecache.store import Store, get_store
from ictiger.pagecache.verification import verification_remarks
from ictiger.pagecache.wsgi import PageWrapper

ACTIONS = {
    "list": "every stored page: bytes on disk, release, path",
    "size": "how many pages, how many bytes, and what is left",
    "rate": "how often a page was found, over the processes of the last week",
    "warm": "render and store every page that links lead to",
    "verify": "render every stored page anew and compare; fails if one differs",
    "clear": "forget every page of every release",
    "path": "the folder that a file server may serve",
}


class Command(BaseCommand):
    help = (
        "Looks after the page store. "
        "Run it as the user that serves: nobody else may take away what it stores."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
        for name, meaning in ACTIONS.items():
            actions.add_parser(name, help=meaning, description=meaning)

    def handle(self, *, action: str, **options) -> None:
        if settings.PAGE_STORE == "off":
            raise CommandError("There is no page store: PAGE_STORE is off. Name a folder in it.")
        with silent_access_log():
            getattr(self, f"_{action}")(get_store())

    def _list(self, store: Store) -> None:
        for page in maintenance.stored_pages(store):
            self.stdout.write(
                f"{page.size:>10} {page.release} {page.path}{'  (timed)' if page.timed else ''}"
            )

    def _size(self, store: Store) -> None:
        pages: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        for page in maintenance.stored_pages(store):
            pages[page.release] += 1
            sizes[page.release] += page.size
        for release in sorted(pages):
            note = " (this release)" if release.encode() == store.release else ""
            self.stdout.write(f"{release}: {pages[release]} pages, {_bytes(sizes[release])}{note}")
        self.stdout.write(
            f"{pages.total()} pages, {_bytes(sizes.total())} of at most {_bytes(settings.PAGE_STORE_LIMIT)}"
        )
        if pages:
            self.stdout.write(f"{_bytes(shutil.disk_usage(store.root).free)} free on that disk")

    def _rate(self, store: Store) -> None:
        counts = stats.hit_counts(store)
        requests = stats.request_count(counts)
        if not requests:
            raise CommandError(
                "No page has been asked for yet. What a file server in front has served is in its own log."
            )
        self.stdout.write(f"{counts['hits']} of {requests} found ({counts['hits'] / requests:.1%})")
        self.stdout.write(
            f"{counts['stored']} rendered and stored, {counts['unstored']} rendered and not stored"
        )

    def _warm(self, store: Store) -> None:
        application = PageWrapper(WSGIHandler(), store)
        application.sweeper.run_once()
        statuses: Counter[int] = Counter()
        for _path, status, waiting in warm_pages(application):
            statuses[status] += 1
            show_progress(self.stderr, statuses.total(), statuses.total() + waiting)
        count, broken = application.counter.value, statuses.total() - statuses[200]
        self.stdout.write(
            f"{count('stored')} pages stored, {count('hits')} were already; {broken} links led to none."
        )
        if count("unstored"):
            raise CommandError(f"{count('unstored')} pages could not be stored.")

    def _verify(self, store: Store) -> None:
        total = sum(page.release.encode() == store.release for page in maintenance.stored_pages(store))
        different = []
        for done, (page, is_same) in enumerate(verify_pages(store, WSGIHandler()), 1):
            show_progress(self.stderr, done, max(done, total))
            if not is_same:
                different.append(page.path)
        for remark in verification_remarks():
            self.stdout.write(remark)
        if different:
            raise CommandError(
                "Stored otherwise than rendered now:\n  {}\n`pages clear` forgets them.".format(
                    "\n  ".join(different)
                )
            )
        self.stdout.write(f"{total} pages are as they would be rendered now.")

    def _clear(self, store: Store) -> None:
        store.clear()
        maintenance.empty_trash(store)
        self.stdout.write("The page store is empty.")

    def _path(self, store: Store) -> None:
        self.stdout.write(store.pages.decode())


@contextmanager
def silent_access_log() -> Iterator[None]:
    """Keep the command's own requests out of the access log: they would hide the command's output."""
    level = access.level
    access.setLevel(logging.ERROR)
    try:
        yield
    finally:
        access.setLevel(level)


def _bytes(number: float) -> str:
    """A size with its unit, in steps of 1024."""
    for unit in ("bytes", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"
