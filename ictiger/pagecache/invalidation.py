"""Which public paths an object shows on.

Each app registers functions for the models it knows; several apps may speak for one model (articles knows the pages of an article,
comments knows the pages of its discussion). A path names one page (`/articles/a/`) or, ending in `**`, that page with everything below
it (`/topics/patents/**`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import cache
from itertools import chain

from django.db import models

from ictiger.core.prepared import PreparedQuery

WHOLE_SITE = "/**"

Provider = Callable[[models.Model], Iterable[str]]
Reader = Callable[[object], Iterable[str]]
_providers: dict[type[models.Model], list[Provider]] = defaultdict(list)
_required_columns: dict[type[models.Model], set[str]] = defaultdict(set)
_readers: dict[type[models.Model], Reader] = {}
_columns: dict[type[models.Model], list[Collection[str]]] = defaultdict(list)


def invalidates(
    *kinds: type[models.Model], needs: Iterable[str] = (), columns: Collection[str] = ()
) -> Callable[[Provider], Provider]:
    """Register the decorated function as a source of paths for objects of `kinds`. It follows the relations in `needs` from them.

    `columns` are all that it looks at; where it does not say so, the whole row is read for it.
    """

    def register(provider: Provider) -> Provider:
        for kind in kinds:
            _providers[kind].append(provider)
            _required_columns[kind].update(needs)
            _columns[kind].append(columns)
        return provider

    return register


def invalidates_stored(kind: type[models.Model]) -> Callable[[Reader], Reader]:
    """Register the decorated function as a shorter way to `paths_of` a row as it is stored, by its key."""

    def register(reader: Reader) -> Reader:
        _readers[kind] = reader
        return reader

    return register


def current_paths(kind: type[models.Model], pk: object) -> set[str]:
    """Every public path that a row shows on as it is in the database now; none, when it is not there."""
    if kind in _readers:
        return set(_readers[kind](pk))
    subject = load_stored(kind, pk)
    return set() if subject is None else paths_to_purge(subject)


def load_stored(kind: type[models.Model], pk: object, *, locked: bool = False) -> models.Model | None:
    """The row of a subject as it is now, in one query with the rows that its paths are made of."""
    return _by_key(kind, locked).row(pk=pk)


@cache
def _by_key(kind: type[models.Model], locked: bool) -> PreparedQuery:
    rows = kind._base_manager.order_by()
    if _required_columns[kind]:
        rows = rows.select_related(*_required_columns[kind])
    if _columns[kind] and all(_columns[kind]):
        rows = rows.only(*chain.from_iterable(_columns[kind]))
    if locked:
        rows = rows.select_for_update(of=("self",))
    return PreparedQuery(lambda pk: rows.filter(pk=pk), server_side=True)


def paths_to_purge(subject: models.Model) -> set[str]:
    """Every public path that `subject`, as it is in the database now, shows on."""
    return {path for provider in _providers[type(subject)] for path in provider(subject)}
