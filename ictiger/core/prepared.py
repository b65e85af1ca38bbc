"""Queries whose SQL is compiled once in a process and executed many times.

Django compiles a query's SQL each time it is evaluated. For the most frequent queries that takes many times
as long as the database needs to answer. A `PreparedQuery` is compiled once, with a parameter for each value
that changes:

    by_slug = PreparedQuery(lambda slug: Article.objects.filter(slug=slug))
    article = by_slug.row(slug="…")

Parameters are compared as they are: `None`, lists and expressions cannot be parameters. Everything else that
the query was built with stays in it for the life of the process; the current time, above all, must be a
parameter.

Tested with Django 5.2.19. It relies on private names of Django's compiler; `tests/core/test_private_api.py`
lists them. Measured gain (SQLite, article with 200 comments, CPU time): rendering the article takes 13.7 ms
and 28 ms without prepared queries, the personal fragment 2.8 ms and 10 to 14 ms without, posting a comment
6.7 ms and 20 to 22 ms without.
"""

import inspect
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import cached_property, partial
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar, cast
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
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.utils import create_namedtuple_class
from psycopg2.extensions import AsIs

MAX_VARIANTS = 200  # compiled variants that one query keeps

Row = TypeVar("Row")


class Param(Expression):
    """A parameter in a query. With `count`, that many values for an `__in` lookup."""

    def __init__(self, name: str, count: int = 0) -> None:
        super().__init__()
        self.name, self.count = name, count

    def as_sql(self, compiler, connection) -> Any:
        if not self.count:
            return "%s", [_ParamSlot(self.name)]
        placeholders = ", ".join(["%s"] * self.count)
        return f"({placeholders})", [_ParamSlot(self.name, index) for index in range(self.count)]


class _ParamSlot(NamedTuple):
    """Stands among the compiled SQL's values for a parameter, or for one element of a list parameter."""

    name: str
    position: int | None = None

    def value(self, params: dict[str, object], connection: BaseDatabaseWrapper) -> object:
        value = params[self.name]
        if self.position is not None:
            value = cast(Sequence, value)[self.position]
        return _adapt_value(value, connection)


class PreparedQuery(Generic[Row]):
    """A query that is compiled when it is first executed.

    Each argument of `build` becomes a parameter, whose value is given by name to `rows()` or `row()`. Rows
    are model instances; for `values()` and `values_list()` they are named tuples, for `flat=True` the values
    themselves.

    Where the SQL is not always the same (a number of values, a column to sort by), positional arguments of
    `rows()` are handed to `build` as they are, and each combination of them is compiled once. `build` may
    also name parameters with `Param("name")`:

        newest = PreparedQuery(lambda limit, topic: Article.objects.filter(topics=topic)[:limit])
        newest.rows(10, topic=topic.pk)

    With `server_side`, each connection to PostgreSQL parses and plans the query once (PREPARE). Use it for
    queries that one plan suits whatever the parameters are, that is, those which find rows by key.
    """

    def __init__(self, build: "Callable[..., QuerySet[Any, Row]]", *, server_side: bool = False) -> None:
        self._build, self._server_side = build, server_side
        self.compiled: dict[tuple[Hashable, ...], _CompiledQuery] = {}  # by database vendor and variant

    def rows(self, *variant: Hashable, prelude: "Prelude | None" = None, **params: object) -> list[Row]:
        """Execute the query. Raises KeyError for a parameter without a value.

        `prelude` is sent first, in the same message where the database allows it, and its rows are ignored.
        Use it to take a lock: the query sees the database as it is once the prelude has finished.
        """
        connection = _connection()
        first = prelude and (prelude.query._compile((), connection), prelude.params)
        return self._compile(variant, connection).execute(params, connection, first)

    def row(self, *variant: Hashable, prelude: "Prelude | None" = None, **params: object) -> Row | None:
        """The first row, or None."""
        return next(iter(self.rows(*variant, prelude=prelude, **params)), None)

    def _compile(self, variant: tuple[Hashable, ...], connection: BaseDatabaseWrapper) -> "_CompiledQuery":
        key = (connection.vendor, *variant)
        compiled = self.compiled.get(key)
        if compiled is None:
            if len(self.compiled) >= MAX_VARIANTS:
                self.compiled.clear()
            names = list(inspect.signature(self._build).parameters)[len(variant) :]
            queryset = self._build(*variant, **{name: Param(name) for name in names})
            compiled = self.compiled[key] = _CompiledQuery(queryset, connection, self._server_side)
        return compiled


class Prelude(NamedTuple):
    """A query that is sent before another one, with the values of its parameters."""

    query: PreparedQuery[Any]
    params: dict[str, object]


class _CompiledQuery:
    """A query's SQL for one database vendor, with its column converters and row factory."""

    def __init__(
        self, queryset: QuerySet, connection: BaseDatabaseWrapper, server_side: bool = False
    ) -> None:
        self.server_side = server_side
        self.compiler = queryset.query.get_compiler(connection=connection)
        self.sql, self.values = self.compiler.as_sql()
        self.converters = self.compiler.get_converters(
            [selected for selected, *_names in self.compiler.select]
        )
        self.make_row = _row_factory(queryset, self.compiler)
        self.slots = list(dict.fromkeys(value for value in self.values if type(value) is _ParamSlot))

    def execute(
        self,
        params: dict[str, object],
        connection: BaseDatabaseWrapper,
        prelude: "tuple[_CompiledQuery, dict[str, object]] | None" = None,
    ) -> list:
        with connection.cursor() as cursor:
            sql, values = self._bind(params, connection)
            if prelude is not None:
                prelude_query, prelude_params = prelude
                prelude_sql, prelude_values = prelude_query._bind(prelude_params, connection)
                if connection.vendor == "postgresql":
                    sql, values = f"{prelude_sql}; {sql}", prelude_values + values
                else:
                    cursor.execute(prelude_sql, prelude_values)
            cursor.execute(sql, values)
            rows = cursor.fetchall()
        return list(map(self.make_row, self._convert(rows, connection) if self.converters else rows))

    def _convert(self, rows: list[tuple], connection: BaseDatabaseWrapper) -> list[list]:
        """Apply the converters as Django's compiler does, but column by column, which is faster."""
        converted = list(map(list, rows))
        for column, (converters, expression) in self.converters.items():
            for row in converted:
                for convert in converters:
                    row[column] = convert(row[column], expression, connection)
        return converted

    def _bind(self, params: dict[str, object], connection: BaseDatabaseWrapper) -> tuple[str, list]:
        """The SQL to execute in this connection, and its values."""
        if self.server_side and _supports_prepare(connection):
            sql = _prepare(connection, self, self.sql, self._numbered_values, len(self.slots))
            return sql, [slot.value(params, connection) for slot in self.slots]
        return self.sql, [
            value.value(params, connection) if type(value) is _ParamSlot else value for value in self.values
        ]

    @cached_property
    def _numbered_values(self) -> list:
        """The values, with `$1`, `$2`, … in place of the parameters, as PREPARE takes them."""
        numbers = {slot: AsIs(f"${number}") for number, slot in enumerate(self.slots, start=1)}
        return [numbers[value] if type(value) is _ParamSlot else value for value in self.values]


# The EXECUTE command of each statement that a connection to PostgreSQL has prepared.
_prepared: WeakKeyDictionary[object, dict[Hashable, str]] = WeakKeyDictionary()


def _connection() -> BaseDatabaseWrapper:
    """This thread's connection. `django.db.connection` would look it up again at each attribute."""
    return connections[DEFAULT_DB_ALIAS]


def _supports_prepare(connection: BaseDatabaseWrapper) -> bool:
    """False behind a pooler that changes connections, as DISABLE_SERVER_SIDE_CURSORS says."""
    return connection.vendor == "postgresql" and not connection.settings_dict.get(
        "DISABLE_SERVER_SIDE_CURSORS"
    )


def _prepare(
    connection: BaseDatabaseWrapper, key: Hashable, sql: str, numbered_values: Sequence, count: int
) -> str:
    """Prepare a statement with `count` parameters once in this connection.

    Returns the command that executes it.
    """
    commands = _prepared.setdefault(connection.connection, {})
    command = commands.get(key)
    if command is None:
        name = f"planned_{len(commands)}"
        # The driver's cursor, so that PREPARE is neither logged nor counted as a query. Its errors become
        # Django's.
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(f"PREPARE {name} AS {sql}", numbered_values)
        command = f"EXECUTE {name} ({', '.join(['%s'] * count)})" if count else f"EXECUTE {name}"
        commands[key] = command
    return command


def _row_factory(queryset: QuerySet, compiler: SQLCompiler) -> Callable:
    if queryset._iterable_class is FlatValuesListIterable:
        return itemgetter(0)
    return _model_factory(compiler) if queryset._iterable_class is ModelIterable else _tuple_factory(queryset)


def _tuple_factory(queryset: QuerySet) -> Callable:
    query = queryset.query
    names = query.selected or [*query.values_select, *query.annotation_select]
    return partial(tuple.__new__, create_namedtuple_class(*names))


def _model_factory(compiler: SQLCompiler) -> Callable:
    """Build instances as Django's ModelIterable does."""
    model, columns = compiler.klass_info["model"], compiler.klass_info["select_fields"]
    start, end = columns[0], columns[-1] + 1
    names = [selected.target.attname for selected, *_names in compiler.select[start:end]]
    related = get_related_populators(  # type: ignore[call-arg]  # the stubs are those of Django 6
        compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS
    )
    annotations = compiler.annotation_col_map or {}

    def make_instance(row: Sequence) -> Model:
        instance = model.from_db(DEFAULT_DB_ALIAS, names, row[start:end])
        for populator in related:
            populator.populate(row, instance)
        for name, column in annotations.items():
            setattr(instance, name, row[column])
        return instance

    return make_instance


def _adapt_value(value: object, connection: BaseDatabaseWrapper) -> object:
    """`value` in the form that the database's driver takes."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return str(value) if isinstance(value, str) else value


def execute_prepared(statement: str, *values: object) -> list[tuple]:
    """Execute SQL that every supported database understands and return its rows. PostgreSQL prepares it."""
    connection = _connection()
    return _execute(connection, statement, statement, [_adapt_value(value, connection) for value in values])


def _execute(
    connection: BaseDatabaseWrapper, key: Hashable, statement: str, values: list[object]
) -> list[tuple]:
    with connection.cursor() as cursor:
        if _supports_prepare(connection):
            numbered_values = [AsIs(f"${number}") for number in range(1, len(values) + 1)]
            statement = _prepare(connection, key, statement, numbered_values, len(values))
        cursor.execute(statement, cast(Any, values))
        return cursor.fetchall()


class _InsertStatement(NamedTuple):
    """A model's INSERT statement, and its fields, each with its attribute name if plain values need no
    preparation.
    """

    statement: str
    fields: list[tuple[Field, str]]


_insert_statements: dict[tuple[str, type[Model]], _InsertStatement] = {}
# Values that the driver takes as they are, from a field of _PLAIN_FIELDS.
_PLAIN_TYPES = {str, int, bool, type(None)}
_PLAIN_FIELDS = (CharField, TextField, BooleanField, IntegerField, ForeignKey)


def insert_prepared(instance: Model) -> None:
    """Insert a new row as `save(force_insert=True)` does, but without signals: none of our apps listens.

    For the rows of a posted comment. Measured gain on PostgreSQL (`bench comments --baseline`, nine rounds of
    5 s): 182 comments a second without it, 191 with it; without ÷ with 0.937 (middle half 0.920 to 0.986).
    """
    connection = _connection()
    key = connection.vendor, type(instance)
    insert = _insert_statements.get(key)
    if insert is None:
        insert = _insert_statements[key] = _compile_insert(instance, connection)
    values = [_db_value(field, name, instance, connection) for field, name in insert.fields]
    ((instance.pk,),) = _execute(connection, key, insert.statement, values)
    instance._state.adding, instance._state.db = False, connection.alias


def _db_value(field: Field, name: str, instance: Model, connection: BaseDatabaseWrapper) -> object:
    if name and type(value := getattr(instance, name)) in _PLAIN_TYPES:
        return value
    return field.get_db_prep_save(field.pre_save(instance, True), connection)


def _compile_insert(instance: Model, connection: BaseDatabaseWrapper) -> _InsertStatement:
    meta = instance._meta
    fields = [field for field in meta.local_concrete_fields if field is not meta.auto_field]
    query = InsertQuery(type(instance))
    query.insert_values(fields, [instance])
    compiler = query.get_compiler(connection=connection)
    compiler.returning_fields = [meta.pk]
    ((statement, _values),) = compiler.as_sql()
    plain = {
        field
        for field in fields
        if isinstance(field, _PLAIN_FIELDS) and type(field).pre_save is Field.pre_save
    }
    return _InsertStatement(statement, [(field, field.attname if field in plain else "") for field in fields])
