"""Queries that are asked again and again, put together once in a process.

Django makes a query's SQL anew each time that it is asked; for our hottest ones that takes many times as long as the database takes to
answer. A `Compiled` query is built once, with names in the place of what is given each time:

    by_slug = Compiled(lambda slug: Article.objects.filter(slug=slug))
    article = by_slug.row(slug="…")

What is given is compared as it is: `None`, lists and other expressions cannot be given. Whatever else the query was built with stays in
it for as long as the process lives: the time, above all, has to be given.
"""

import inspect
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import cached_property, partial
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    CharField,
    Expression,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    QuerySet,
    TextField,
)
from django.db.models.query import FlatValuesListIterable, ModelIterable, get_related_populators
from django.db.models.sql import InsertQuery
from django.db.models.utils import create_namedtuple_class
from psycopg2.extensions import AsIs

MAX_FORMS = 200  # of one query


class Param(Expression):
    """Stands in a query for a value that is given when it is asked; with `number`, for so many values of an `__in`."""

    def __init__(self, name: str, number: int = 0) -> None:
        super().__init__()
        self.name, self.number = name, number

    def as_sql(self, compiler, connection) -> tuple[str, list]:
        if not self.number:
            return "%s", [_ParamSlot(self.name)]
        return f"({', '.join(['%s'] * self.number)})", [
            _ParamSlot(self.name, index) for index in range(self.number)
        ]


class _ParamSlot(NamedTuple):
    """Among a statement's parameters: which of what is given goes there."""

    name: str
    index: int | None = None

    def filled(self, given: dict[str, object], here: BaseDatabaseWrapper) -> object:
        value = given[self.name]
        return _as_parameter(value if self.index is None else value[self.index], here)


class PreparedQuery:
    """A query, made when it is first asked by `build`, whose arguments name what is given each time.

    Its rows are models, or named tuples when the query is one of values, or the values when it is flat.

    With `server_side`, each connection to PostgreSQL too parses and plans it once. It must be a query for which one plan is good whatever is
    given: one that finds rows by their keys.

    Another may be sent `ahead` in the same message, so that nobody waits for an answer that is of no interest: a lock. What follows sees
    the database as it is once the first is through.
    """

    def __init__(self, build: Callable[..., QuerySet], *, server_side: bool = False) -> None:
        self._build, self._planned = build, server_side
        self._made: dict[str, _Statement] = {}  # by the kind of database

    def rows(self, *, prelude: "Prelude | None" = None, **given: object) -> list:
        here = _connection()
        return self._statement(here).ask(
            given, here, prelude and (prelude.query._statement(here), prelude.given)
        )

    def row(self, *, prelude: "Prelude | None" = None, **given: object):
        """The first row, or None."""
        return next(iter(self.rows(prelude=prelude, **given)), None)

    def _statement(self, here: BaseDatabaseWrapper) -> "_Statement":
        made = self._made.get(here.vendor)
        if made is None:
            names = inspect.signature(self._build).parameters
            made = self._made[here.vendor] = _Statement(
                self._build(**{name: Param(name) for name in names}), here, self._planned
            )
        return made


class Prelude(NamedTuple):
    """A query to be sent prelude of another, and what is given to it."""

    query: PreparedQuery
    given: dict[str, object]


class PreparedQueryFamily:
    """The same where the SQL is not always one: `build` is given what changes it (a number of values, the name of a column), and is asked
    once for each such form. What is given each time is a `Given` that it names itself.
    """

    def __init__(self, build: Callable[..., QuerySet]) -> None:
        self._build = build
        self._made: dict[tuple, _Statement] = {}

    def rows(self, *form: Hashable, **given: object) -> list:
        here = _connection()
        key = (here.vendor, *form)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= MAX_FORMS:
                self._made.clear()
            made = self._made[key] = _Statement(self._build(*form), here)
        return made.ask(given, here)

    def row(self, *form: Hashable, **given: object):
        """The first row, or None."""
        return next(iter(self.rows(*form, **given)), None)


class _Statement:
    """A query's SQL, and what its rows are made into."""

    def __init__(self, queryset: QuerySet, here: BaseDatabaseWrapper, server_side: bool = False) -> None:
        self.server_side = server_side
        self.compiler = queryset.query.get_compiler(connection=here)
        self.sql, self.parameters = self.compiler.as_sql()
        self.converters = self.compiler.get_converters(
            [selected for selected, *_names in self.compiler.select]
        )
        self.shape = _row_factory(queryset, self.compiler)
        self.places = list(dict.fromkeys(known for known in self.parameters if type(known) is _ParamSlot))

    def ask(
        self,
        given: dict[str, object],
        here: BaseDatabaseWrapper,
        prelude: "tuple[_Statement, dict[str, object]] | None" = None,
    ) -> list:
        with here.cursor() as cursor:
            sql, parameters = self._filled(given, here)
            if prelude is not None:
                first, first_parameters = prelude[0]._filled(prelude[1], here)
                if here.vendor == "postgresql":
                    sql, parameters = f"{first}; {sql}", first_parameters + parameters
                else:
                    cursor.execute(first, first_parameters)
            cursor.execute(sql, parameters)
            found = cursor.fetchall()
        return list(map(self.shape, self._converted(found, here) if self.converters else found))

    def _converted(self, found: list[tuple], here: BaseDatabaseWrapper) -> list[list]:
        """As Django's compiler does it, but a column at a time: going from row to row takes it longer than what it does there."""
        rows = list(map(list, found))
        for column, (converters, expression) in self.converters.items():
            for row in rows:
                for convert in converters:
                    row[column] = convert(row[column], expression, here)
        return rows

    def _filled(self, given: dict[str, object], here: BaseDatabaseWrapper) -> tuple[str, list]:
        """What to run in this connection, and its parameters."""
        if self.server_side and _supports_prepare(here):
            return _prepare(here, self, self.sql, self._numbered, len(self.places)), [
                place.filled(given, here) for place in self.places
            ]
        return self.sql, [
            known.filled(given, here) if type(known) is _ParamSlot else known for known in self.parameters
        ]

    @cached_property
    def _numbered(self) -> list:
        """The parameters with a number in the place of each value that is given."""
        numbers = {place: AsIs(f"${number}") for number, place in enumerate(self.places, start=1)}
        return [numbers[known] if type(known) is _ParamSlot else known for known in self.parameters]


# By connection to PostgreSQL: how to run what it has server_side.
_prepared: WeakKeyDictionary[object, dict[Hashable, str]] = WeakKeyDictionary()


def _connection() -> BaseDatabaseWrapper:
    """This thread's connection itself: `django.db.connection` would look for it anew at each step."""
    return connections[DEFAULT_DB_ALIAS]


def _supports_prepare(here: BaseDatabaseWrapper) -> bool:
    """Not behind a pool that gives us another connection with each transaction: whoever has one says so as Django wants to be told it."""
    return here.vendor == "postgresql" and not here.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")


def _prepare(here: BaseDatabaseWrapper, key: Hashable, sql: str, numbered: Sequence, number: int) -> str:
    """How to run a statement of so many values in this connection, which parses and plans it once."""
    plans = _prepared.setdefault(here.connection, {})
    run = plans.get(key)
    if run is None:
        name = f"planned_{len(plans)}"
        # The driver's own cursor: this is no query that somebody asked. Its faults are Django's all the same, for who tells them apart.
        with here.wrap_database_errors, here.connection.cursor() as cursor:
            cursor.execute(f"PREPARE {name} AS {sql}", numbered)
        run = plans[key] = f"EXECUTE {name} ({', '.join(['%s'] * number)})" if number else f"EXECUTE {name}"
    return run


def _row_factory(queryset: QuerySet, compiler) -> Callable:
    if queryset._iterable_class is FlatValuesListIterable:
        return itemgetter(0)
    return _model_factory(compiler) if queryset._iterable_class is ModelIterable else _tuple_factory(queryset)


def _tuple_factory(queryset: QuerySet) -> Callable:
    query = queryset.query
    names = query.selected or [*query.values_select, *query.annotation_select]
    return partial(tuple.__new__, create_namedtuple_class(*names))


def _model_factory(compiler) -> Callable:
    """As Django's own ModelIterable makes them."""
    model, columns = compiler.klass_info["model"], compiler.klass_info["select_fields"]
    begin, end = columns[0], columns[-1] + 1
    names = [selected.target.attname for selected, *_names in compiler.select[begin:end]]
    related = get_related_populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)
    annotations = compiler.annotation_col_map or {}

    def make(row) -> Model:
        thing = model.from_db(DEFAULT_DB_ALIAS, names, row[begin:end])
        for populator in related:
            populator.populate(row, thing)
        for name, column in annotations.items():
            setattr(thing, name, row[column])
        return thing

    return make


def _as_parameter(value: object, here: BaseDatabaseWrapper) -> object:
    """A value as the database's driver takes it."""
    if isinstance(value, datetime):
        return here.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not here.features.has_native_uuid_field:
        return value.hex
    return str(value) if isinstance(value, str) else value


def execute_prepared(statement: str, *values: object) -> list[tuple]:
    """The rows that a statement written by hand answers, in words that all our databases know. It is server_side once in a connection."""
    here = _connection()
    return _execute(here, statement, statement, [_as_parameter(value, here) for value in values])


def _execute(here: BaseDatabaseWrapper, key: Hashable, statement: str, values: list) -> list[tuple]:
    with here.cursor() as cursor:
        if _supports_prepare(here):
            statement = _prepare(
                here,
                key,
                statement,
                [AsIs(f"${number}") for number in range(1, len(values) + 1)],
                len(values),
            )
        cursor.execute(statement, values)
        return cursor.fetchall()


class _Insert(NamedTuple):
    """How a model's rows are inserted: each field, and the attribute that may hold what the driver takes as it is."""

    statement: str
    fields: list[tuple[Field, str]]


_inserts: dict[tuple[str, type[Model]], _Insert] = {}
_TAKEN_AS_THEY_ARE = {str, int, bool, type(None)}  # by the driver, from a field of one of the next kinds
_SIMPLE = (
    CharField,
    TextField,
    BooleanField,
    IntegerField,
    ForeignKey,
)  # a field of another kind is asked to prepare what it holds


def insert_prepared(thing: Model) -> None:
    """Insert a new row, as `save(force_insert=True)` does; without its signals, which nobody of ours listens to."""
    here = _connection()
    key = here.vendor, type(thing)
    known = _inserts.get(key)
    if known is None:
        known = _inserts[key] = _insert_of(thing, here)
    ((thing.pk,),) = _execute(
        here, key, known.statement, [_db_value(field, name, thing, here) for field, name in known.fields]
    )
    thing._state.adding, thing._state.db = False, here.alias


def _db_value(field: Field, name: str, thing: Model, here: BaseDatabaseWrapper) -> object:
    if name and type(value := getattr(thing, name)) in _TAKEN_AS_THEY_ARE:
        return value
    return field.get_db_prep_save(field.pre_save(thing, True), here)


def _insert_of(thing: Model, here: BaseDatabaseWrapper) -> _Insert:
    fields = [field for field in thing._meta.local_concrete_fields if field is not thing._meta.auto_field]
    query = InsertQuery(type(thing))
    query.insert_values(fields, [thing])
    compiler = query.get_compiler(connection=here)
    compiler.returning_fields = [thing._meta.pk]
    ((statement, _values),) = compiler.as_sql()
    simple = {
        field for field in fields if isinstance(field, _SIMPLE) and type(field).pre_save is Field.pre_save
    }
    return _Insert(statement, [(field, field.attname if field in simple else "") for field in fields])
