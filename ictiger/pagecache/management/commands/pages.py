"""`manage.py pages`: what the page store holds, how often it answers, and whether it tells the truth."""

import logging
import shutil
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import BaseCommand, CommandError

from ictiger.core.request_log import access
from ictiger.pagecache import maintenance, stats
from ictiger.pagecache.crawl import verify_pages, warm_pages
from ictiger.pagecache.store import Store, get_store
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
    help = "Looks after the page store. Run it as the user that serves: nobody else may take away what it stores."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
        for name, meaning in ACTIONS.items():
            actions.add_parser(name, help=meaning, description=meaning)

    def handle(self, *, action: str, **options) -> None:
        if settings.PAGE_STORE == "off":
            raise CommandError("There is no page store: PAGE_STORE is off. Name a folder in it.")
        with uncounted_reads():
            getattr(self, f"_{action}")(get_store())

    def _list(self, store: Store) -> None:
        for page in maintenance.stored_pages(store):
            self.stdout.write(
                f"{page.size:>10} {page.release} {page.path}{'  (timed)' if page.timed else ''}"
            )

    def _size(self, store: Store) -> None:
        pages, sizes = Counter(), Counter()
        for page in maintenance.stored_pages(store):
            pages[page.release] += 1
            sizes[page.release] += page.size
        for release in sorted(pages):
            this = " (this release)" if release.encode() == store.release else ""
            self.stdout.write(f"{release}: {pages[release]} pages, {_bytes(sizes[release])}{this}")
        self.stdout.write(
            f"{pages.total()} pages, {_bytes(sizes.total())} of at most {_bytes(settings.PAGE_STORE_LIMIT)}"
        )
        if pages:
            self.stdout.write(f"{_bytes(shutil.disk_usage(store.root).free)} free on that disk")

    def _rate(self, store: Store) -> None:
        counts = stats.hit_counters(store)
        asked = stats.hit_totals(counts)
        if not asked:
            raise CommandError(
                "No page has been asked for yet. What a file server in front has served is in its own log."
            )
        self.stdout.write(f"{counts['hits']} of {asked} found ({counts['hits'] / asked:.1%})")
        self.stdout.write(
            f"{counts['stored']} rendered and stored, {counts['unstored']} rendered and not stored"
        )

    def _warm(self, store: Store) -> None:
        application = PageWrapper(WSGIHandler(), store)
        application.sweeper.run_once()
        statuses: Counter[int] = Counter()
        for _path, status, waiting in warm_pages(application):
            statuses[status] += 1
            self._progress(statuses.total(), statuses.total() + waiting)
        so_far, elsewhere = application.tally.so_far, statuses.total() - statuses[200]
        self.stdout.write(
            f"{so_far('stored')} pages stored, {so_far('hits')} were already; {elsewhere} links led to none."
        )
        if so_far("unstored"):
            raise CommandError(f"{so_far('unstored')} pages could not be stored.")

    def _verify(self, store: Store) -> None:
        total = sum(page.release.encode() == store.release for page in maintenance.stored_pages(store))
        wrong = []
        for done, (page, is_same) in enumerate(verify_pages(store, WSGIHandler()), 1):
            self._progress(done, max(done, total))
            if not is_same:
                wrong.append(page.path)
        if wrong:
            raise CommandError(
                "Stored otherwise than rendered now:\n  {}\n`pages clear` forgets them.".format(
                    "\n  ".join(wrong)
                )
            )
        self.stdout.write(f"{total} pages are as they would be rendered now.")

    def _clear(self, store: Store) -> None:
        store.clear()
        maintenance.empty_trash(store)
        self.stdout.write("The page store is empty.")

    def _path(self, store: Store) -> None:
        self.stdout.write(store.pages.decode())

    def _progress(self, done: int, total: int) -> None:
        """A bar on a terminal, nothing in a log."""
        if self.stderr.isatty():
            bar = "█" * (30 * done // total)
            self.stderr.write(f"\r{bar:<30} {done}/{total}", ending="\n" if done == total else "")
            self.stderr.flush()


@contextmanager
def uncounted_reads() -> Iterator[None]:
    """What we ask for ourselves is no reader's request, and a line for each page would hide what the command has to say."""
    level = access.level
    access.setLevel(logging.ERROR)
    try:
        yield
    finally:
        access.setLevel(level)


def _bytes(number: float) -> str:
    """In units people read, of 1024."""
    for unit in ("bytes", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"
