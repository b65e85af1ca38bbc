"""Which public paths an object shows on.

Each app registers functions (providers) for the models it knows. Several apps may register for one model:
articles knows the pages of an article, comments knows the pages of its discussion. A path names one page
(`/articles/a/`) or, ending in `**`, that page with everything below it (`/topics/patents/**`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import cache
from itertools import chain

from django.db import models

from ictiger.core.prepared import PreparedQuery

WHOLE_SITE = "/**"

Provider = Callable[[models.Model], Iterable[str]]
StoredProvider = Callable[[object], Iterable[str]]
providers: dict[type[models.Model], list[Provider]] = defaultdict(list)
_stored_providers: dict[type[models.Model], StoredProvider] = {}
_related: dict[type[models.Model], set[str]] = defaultdict(set)
_columns: dict[type[models.Model], list[Collection[str]]] = defaultdict(list)


def invalidates(
    *kinds: type[models.Model], needs: Iterable[str] = (), columns: Collection[str] = ()
) -> Callable[[Provider], Provider]:
    """Register the decorated function as a provider of paths for objects of `kinds`.

    `needs` are the relations that it follows, `columns` all columns that it reads. Without `columns` the
    whole row is selected for it.
    """

    def register(provider: Provider) -> Provider:
        for kind in kinds:
            providers[kind].append(provider)
            _related[kind].update(needs)
            _columns[kind].append(columns)
        return provider

    return register


def invalidates_stored(kind: type[models.Model]) -> Callable[[StoredProvider], StoredProvider]:
    """Register the decorated function, which is given a row's key, to take the place of all providers in
    `current_paths()`: it asks fewer queries.
    """

    def register(provider: StoredProvider) -> StoredProvider:
        _stored_providers[kind] = provider
        return provider

    return register


def current_paths(kind: type[models.Model], pk: object) -> set[str]:
    """Every public path that a row shows on as it is in the database now; none if the row does not exist."""
    if kind in _stored_providers:
        return set(_stored_providers[kind](pk))
    subject = load_stored(kind, pk)
    return set() if subject is None else paths_to_purge(subject)


def load_stored(kind: type[models.Model], pk: object, *, locked: bool = False) -> models.Model | None:
    """The row of a subject as it is now, in one query with the related rows that its paths depend on."""
    return _by_key(kind, locked).row(pk=pk)


@cache
def _by_key(kind: type[models.Model], locked: bool) -> PreparedQuery[models.Model]:
    queryset = kind._base_manager.order_by()
    if _related[kind]:
        queryset = queryset.select_related(*_related[kind])
    if _columns[kind] and all(_columns[kind]):
        queryset = queryset.only(*chain.from_iterable(_columns[kind]))
    if locked:
        queryset = queryset.select_for_update(of=("self",))
    return PreparedQuery(lambda pk: queryset.filter(pk=pk), server_side=True)


def paths_to_purge(subject: models.Model) -> set[str]:
    """Every public path that `subject`, with the values it has in memory, shows on."""
    return {path for provider in providers[type(subject)] for path in provider(subject)}
