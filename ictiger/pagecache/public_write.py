"""The only way to write what shows on a public page (lines 1 to 3 and 13 of the protocol).

with public_write(article):
    article.title = "…"
    article.save()

with public_write() as write:
    article = Article.objects.create(…)
    write.touch(article)
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import models, transaction

from ictiger.core.prepared import insert_prepared

from .guard import current_write, forbid_write_during_render
from .invalidation import WHOLE_SITE, load_stored, paths_to_purge
from .models import Purge
from .purge import purge_outbox_row


class PublicWrite:
    """The subjects of one transaction, and the paths they show on before and after it."""

    def __init__(self) -> None:
        self.subjects: list[models.Model] = []
        self._ids: set[int] = set()
        self.paths: set[str] = set()
        self.row: Purge | None = None

    def touch(self, *subjects: models.Model) -> None:
        """Lock the subjects' rows and record the paths they show on now.

        Rows are locked in a fixed order, so that two writes never deadlock. A subject without a row yet
        counts from the end of the write.
        """
        for subject in sorted(subjects, key=_sort_key):
            if id(subject) in self._ids:
                continue
            self._ids.add(id(subject))  # `id()` is unique while `subjects` keeps a reference
            self.subjects.append(subject)
            if subject.pk is not None:
                stored = load_stored(type(subject), subject.pk, locked=True)
                if stored is not None:
                    self.paths |= paths_to_purge(stored)

    def touch_everything(self) -> None:
        """The write changes every page: names, menus, the sign-off."""
        self.paths.add(WHOLE_SITE)

    def _insert_outbox_row(self) -> None:
        """Insert the outbox row in the transaction of the write. Without public paths there is no row."""
        saved = [subject for subject in self.subjects if subject.pk is not None]
        keys = [(subject._meta.label_lower, _json_key(subject.pk)) for subject in saved]
        for subject in saved:
            self.paths |= paths_to_purge(subject)
        if self.paths:
            self.row = Purge(paths=sorted(self.paths), subjects=keys)
            insert_prepared(self.row)

    def _purge(self) -> None:
        if self.row is not None:
            purge_outbox_row(self.row)


def _json_key(pk: object) -> int | str:
    return pk if isinstance(pk, int) else str(pk)


def _sort_key(subject: models.Model) -> tuple[str, int]:
    return subject._meta.label_lower, subject.pk or 0


@contextmanager
def public_write(*subjects: models.Model) -> Iterator[PublicWrite]:
    """Write public rows: one transaction, an outbox row in it, the purge after COMMIT and before the
    response.

    Inside another `public_write()` it joins that one: one transaction, one row, one purge.
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
        transaction.on_commit(write._purge)  # before any callback that the caller may register
        token = current_write.set(write)
        try:
            write.touch(*subjects)
            yield write
            write._insert_outbox_row()
        finally:
            current_write.reset(token)
