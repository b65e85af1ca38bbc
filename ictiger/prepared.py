"""Queries of a fixed form, put together and compiled once in a process: most of the time of an ordinary query goes into making its SQL.

    NEWEST = Prepared(lambda: Article.objects.filter(language=given("language")).order_by("-pk")[:10])
    NEWEST.rows(language="en")

What is kept is the SQL and how its rows are read, and nothing that the database has said.

Beside them, what the ORM does at length and the hottest writes need in short: `insert`, and `ask` for a statement written by hand.
"""

from collections.abc import Callable, Hashable, Iterable
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Model, QuerySet
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLCompiler
from psycopg2.extensions import AsIs

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


@dataclass(frozen=True)
class _Place:
    """Among the parameters of a statement: which value goes there."""

    name: str
    index: int | None = None

    def fill(self, values: dict[str, object], connection: BaseDatabaseWrapper) -> object:
        return _written(values[self.name] if self.index is None else values[self.name][self.index], connection)


def _written(value: object, connection: BaseDatabaseWrapper) -> object:
    """A value as the fields would write it down, which are not known here."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


class Prepared:
    """A query with places for values.

    `make(*form)` gives it as a queryset. It is called once for each `form`, which is whatever changes the SQL itself: a number of values,
    the name of a column. All else that differs between two runs must be `given()`, the time and the language as well. The queryset may
    be of model instances or of `values_list`; what is fetched beside it would be fetched by queries that are not prepared.

    With `planned`, each connection to PostgreSQL too parses and plans it once. It must be a query for which one plan is good whatever is
    given: one that finds rows by their keys.
    """

    def __init__(self, make: Callable[..., QuerySet], *, planned: bool = False) -> None:
        self._make = make
        self._planned = planned
        self._forms: dict[tuple, _Form] = {}

    def rows(self, *form: Hashable, **values: object) -> list:
        """What the queryset gives with these values."""
        kept = self._forms.get(form)
        if kept is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            kept = self._forms[form] = _Form(self._make(*form), self._planned)
        return kept.rows(values)

    def first(self, *form: Hashable, **values: object) -> object | None:
        """The first of them, or None. That no more are fetched is the queryset's business: `[:1]`."""
        return next(iter(self.rows(*form, **values)), None)


class _Form:
    """A compiled queryset."""

    def __init__(self, queryset: QuerySet, planned: bool) -> None:
        if queryset._prefetch_related_lookups:
            raise ValueError("a prepared query fetches nothing beside its rows")
        self.queryset = queryset
        self.compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, self.params = self.compiler.as_sql()
        converters = self.compiler.get_converters([selected for selected, *_names in self.compiler.select])
        self.compiler.get_converters = lambda _selected: converters  # the same at each run
        self.places = list(dict.fromkeys(param for param in self.params if isinstance(param, _Place)))
        self.planned = planned

    def rows(self, values: dict[str, object]) -> list:
        connection = connections[DEFAULT_DB_ALIAS]  # of this thread; the form is of all
        sql, params = self._statement(connection)
        filled = tuple(param.fill(values, connection) if isinstance(param, _Place) else param for param in params)
        compiler = copy(self.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda: (sql, filled)
        return list(self.queryset._iterable_class(_Run(self.queryset, compiler)))

    def _statement(self, connection: BaseDatabaseWrapper) -> tuple[str, Iterable]:
        """What to run in this connection; the plan is kept nowhere where a pool gives us another connection with each transaction.

        Whoever has such a pool says so as Django wants to be told it.
        """
        if not self.planned or connection.vendor != "postgresql" or connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            return self.sql, self.params
        connection.ensure_connection()
        plans = _plans.setdefault(connection.connection, {})
        if self not in plans:
            plans[self] = self._plan(connection, f"prepared_{len(plans)}")
        return plans[self], self.places

    def _plan(self, connection: BaseDatabaseWrapper, name: str) -> str:
        """Have the statement parsed, with a number in each place. Returns how to run it."""
        numbers = {place: AsIs(f"${number}") for number, place in enumerate(self.places, start=1)}
        params = [numbers[param] if isinstance(param, _Place) else param for param in self.params]
        with connection.connection.cursor() as cursor:  # the driver's own: this is no query that somebody asked
            cursor.execute(f"PREPARE {name} AS {self.sql}", params)
        return f"EXECUTE {name} ({', '.join(['%s'] * len(self.places))})"


# By connection to PostgreSQL: how to run what it has planned.
_plans: WeakKeyDictionary[object, dict[_Form, str]] = WeakKeyDictionary()


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


def ask(statement: str, *values: object) -> list[tuple]:
    """The rows that a statement written by hand answers, in words that all our databases know."""
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        cursor.execute(statement, [_written(value, connection) for value in values])
        return cursor.fetchall()


_inserts: dict[type[Model], str] = {}


def insert(thing: Model) -> None:
    """Insert a new row, as `save(force_insert=True)` does; without its signals, which nobody of ours listens to."""
    connection = connections[DEFAULT_DB_ALIAS]
    fields = [field for field in thing._meta.local_concrete_fields if field is not thing._meta.auto_field]
    if type(thing) not in _inserts:
        _inserts[type(thing)] = _insert_statement(thing, fields)
    values = [field.get_db_prep_save(field.pre_save(thing, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_inserts[type(thing)], values)
        thing.pk = cursor.fetchone()[0]
    thing._state.adding, thing._state.db = False, DEFAULT_DB_ALIAS


def _insert_statement(thing: Model, fields: list) -> str:
    query = InsertQuery(type(thing))
    query.insert_values(fields, [thing])
    compiler = query.get_compiler(DEFAULT_DB_ALIAS)
    compiler.returning_fields = [thing._meta.pk]
    ((sql, _values),) = compiler.as_sql()
    return sql
