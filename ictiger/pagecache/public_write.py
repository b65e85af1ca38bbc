"""The one door through which everything that shows on a public page is written (lines 1 to 3 and 13 of the protocol).

with change(article):
    article.title = "…"
    article.save()

with change() as this:
    article = Article.objects.create(…)
    this.touch(article)
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import models, transaction

from ictiger.core.prepared import insert_prepared

from .guard import current_write, forbid_write_during_render
from .invalidation import WHOLE_SITE, load_stored, paths_to_purge
from .models import Purge
from .purge import purge_outbox_row

logger = logging.getLogger("ictiger.delivery")


class PublicWrite:
    """One transaction's subjects, and the paths they showed on before and after it."""

    def __init__(self) -> None:
        self.subjects: list[models.Model] = []
        self._known: set[int] = set()
        self.paths: set[str] = set()
        self.row: Purge | None = None

    def touch(self, *subjects: models.Model) -> None:
        """Lock the subjects' rows and remember the paths they show on as they are now.

        Rows are locked in one order, whoever asks, so that two changes never wait for each other. A subject without a row yet counts
        from the end of the change.
        """
        for subject in sorted(subjects, key=_sort_key):
            if id(subject) in self._known:
                continue
            self._known.add(id(subject))  # its own for as long as the list holds it
            self.subjects.append(subject)
            if subject.pk is not None:
                stored = load_stored(type(subject), subject.pk, locked=True)
                if stored is not None:
                    self.paths |= paths_to_purge(stored)

    def touch_everything(self) -> None:
        """The change shows on every page: names, menus, sign-off."""
        self.paths.add(WHOLE_SITE)

    def _record(self) -> None:
        """Insert the outbox row, in the transaction of the change itself. Nothing public touched: no row."""
        keys = [
            (subject._meta.label_lower, _json_able(subject.pk))
            for subject in self.subjects
            if subject.pk is not None
        ]
        for subject in self.subjects:
            if subject.pk is not None:
                self.paths |= paths_to_purge(subject)
        if self.paths:
            self.row = Purge(paths=sorted(self.paths), subjects=keys)
            insert_prepared(self.row)

    def _purge(self) -> None:
        if self.row is not None:
            purge_outbox_row(self.row)


def _json_able(key: object) -> int | str:
    return key if isinstance(key, int) else str(key)


def _sort_key(subject: models.Model) -> tuple[str, int]:
    return subject._meta.label_lower, subject.pk or 0


@contextmanager
def public_write(*subjects: models.Model) -> Iterator[PublicWrite]:
    """Write public rows: one transaction, an outbox row in it, the purge after COMMIT and before the answer.

    Inside another `change()` it joins it: one transaction, one row, one purge.
    """
    forbid_write_during_render()
    outer = current_write.get()
    if outer is not None:
        outer.touch(*subjects)
        with transaction.atomic():
            yield outer
        return
    write = PublicWrite()
    with transaction.atomic():
        transaction.on_commit(write._purge)  # before any callback that a writer may register
        token = current_write.set(write)
        try:
            write.touch(*subjects)
            yield write
            write._record()
        finally:
            current_write.reset(token)
