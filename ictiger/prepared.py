"""Queries of a fixed form, put together and compiled once in a process: most of the time of an ordinary query goes into making its SQL.

    NEWEST = Prepared(lambda: Article.objects.filter(language=given("language")).order_by("-pk")[:10])
    NEWEST.rows(language="en")

What is kept is the SQL and how its rows are read, and nothing that the database has said.
"""

from collections.abc import Callable, Hashable
from copy import copy
from datetime import datetime
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, QuerySet
from django.db.models.sql.compiler import SQLCompiler

MOST_FORMS = 200  # of one query


class given(Expression):  # noqa: N801 (it is written like a function)
    """The place of a value that is named when the query is run; with `number`, of the values of an `__in`."""

    def __init__(self, name: str, number: int = 0) -> None:
        super().__init__()
        self.name, self.number = name, number

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list]:
        if not self.number:
            return "%s", [_Place(self.name)]
        return f"({', '.join(['%s'] * self.number)})", [_Place(self.name, index) for index in range(self.number)]


class _Place:
    """Among the parameters of a statement: which value goes there."""

    def __init__(self, name: str, index: int | None = None) -> None:
        self.name, self.index = name, index

    def fill(self, values: dict[str, object], connection: BaseDatabaseWrapper) -> object:
        value = values[self.name] if self.index is None else values[self.name][self.index]
        if isinstance(value, datetime):  # as the fields would write them down, which are not known here
            return connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
            return value.hex
        return value


class Prepared:
    """A query with places for values.

    `make(*form)` gives it as a queryset. It is called once for each `form`, which is whatever changes the SQL itself: a number of values,
    the name of a column. All else that differs between two runs must be `given()`, the time and the language as well. The queryset may
    be of model instances or of `values_list`; what is fetched beside it would be fetched by queries that are not prepared.
    """

    def __init__(self, make: Callable[..., QuerySet]) -> None:
        self._make = make
        self._forms: dict[tuple, _Form] = {}

    def rows(self, *form: Hashable, **values: object) -> list:
        """What the queryset gives with these values."""
        kept = self._forms.get(form)
        if kept is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            kept = self._forms[form] = _Form(self._make(*form))
        return kept.rows(values)

    def first(self, *form: Hashable, **values: object) -> object | None:
        """The first of them, or None. That no more are fetched is the queryset's business: `[:1]`."""
        return next(iter(self.rows(*form, **values)), None)


class _Form:
    """A compiled queryset."""

    def __init__(self, queryset: QuerySet) -> None:
        if queryset._prefetch_related_lookups:
            raise ValueError("a prepared query fetches nothing beside its rows")
        self.queryset = queryset
        self.compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, self.params = self.compiler.as_sql()

    def rows(self, values: dict[str, object]) -> list:
        connection = connections[DEFAULT_DB_ALIAS]  # of this thread; the form is of all
        params = tuple(param.fill(values, connection) if isinstance(param, _Place) else param for param in self.params)
        compiler = copy(self.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda: (self.sql, params)
        return list(self.queryset._iterable_class(_Run(self.queryset, compiler)))


class _Run:
    """Of a queryset, and of its query, what Django's iterables ask for."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict = {}

    def __init__(self, queryset: QuerySet, compiler: SQLCompiler) -> None:
        self.model, self._fields = queryset.model, queryset._fields
        self.query = self
        self._compiler = compiler

    def get_compiler(self, using: str) -> SQLCompiler:
        return self._compiler
