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

from ictiger.compiled import insert

from .guard import refuse_while_reading, under_way
from .models import Purge
from .paths import EVERYTHING, as_stored, paths_of
from .purge import purge

logger = logging.getLogger("ictiger.delivery")


class Change:
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
                stored = as_stored(type(subject), subject.pk, locked=True)
                if stored is not None:
                    self.paths |= paths_of(stored)

    def touch_everything(self) -> None:
        """The change shows on every page: names, menus, sign-off."""
        self.paths.add(EVERYTHING)

    def _record(self) -> None:
        """Insert the outbox row, in the transaction of the change itself. Nothing public touched: no row."""
        keys = [(subject._meta.label_lower, _json_able(subject.pk)) for subject in self.subjects if subject.pk is not None]
        for subject in self.subjects:
            if subject.pk is not None:
                self.paths |= paths_of(subject)
        if self.paths:
            self.row = Purge(paths=sorted(self.paths), subjects=keys)
            insert(self.row)

    def _purge(self) -> None:
        if self.row is not None:
            purge(self.row)


def _json_able(key: object) -> int | str:
    return key if isinstance(key, int) else str(key)


def _sort_key(subject: models.Model) -> tuple[str, int]:
    return subject._meta.label_lower, subject.pk or 0


@contextmanager
def change(*subjects: models.Model) -> Iterator[Change]:
    """Write public rows: one transaction, an outbox row in it, the purge after COMMIT and before the answer.

    Inside another `change()` it joins it: one transaction, one row, one purge.
    """
    refuse_while_reading()
    outer = under_way.get()
    if outer is not None:
        outer.touch(*subjects)
        with transaction.atomic():
            yield outer
        return
    this = Change()
    with transaction.atomic():
        transaction.on_commit(this._purge)  # before any callback that a writer may register
        token = under_way.set(this)
        try:
            this.touch(*subjects)
            yield this
            this._record()
        finally:
            under_way.reset(token)
