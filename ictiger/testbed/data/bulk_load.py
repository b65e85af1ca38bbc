"""Rows by the million: written as the database's driver takes them, without a model for each."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from io import StringIO
from itertools import islice
from operator import attrgetter

from django.core.management.color import no_style
from django.db import connection
from django.db.models import DateTimeField, Field, JSONField, Model, UUIDField

from ictiger.pagecache.guard import require_public_write

BATCH_SIZE = 5_000  # rows
# What COPY reads otherwise than it is written.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def bulk_load(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence], **fixed: object) -> None:
    """Insert rows with these columns (as attributes are called); `fixed` is the same in all of them, what is left is as a new row has it.

    Keys of one's own go with `number_on` afterwards.
    """
    require_public_write(model)
    known = {field.attname: field for field in model._meta.concrete_fields}
    rest = [field for name, field in known.items() if name not in columns and not field.primary_key]
    same = tuple(_converted(field, fixed.get(field.attname, field.get_default())) for field in rest)
    names = [known[name].column for name in columns] + [field.column for field in rest]
    converters = [
        (place, convert) for place, name in enumerate(columns) if (convert := _converter(known[name]))
    ]
    for some in _in_parts(rows):
        _write(model._meta.db_table, names, [_as_parameters(row, converters) + same for row in some])


def next_key(model: type[Model]) -> int:
    """One more than the highest of all."""
    last = model._base_manager.order_by("-pk").values_list("pk", flat=True).first()
    return (last or 0) + 1


def number_on(*models: type[Model]) -> None:
    """Let the database go on behind the keys that rows were given."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def _in_parts(rows: Iterable[Sequence]) -> Iterator[list[Sequence]]:
    rows = iter(rows)
    while some := list(islice(rows, BATCH_SIZE)):
        yield some


def _as_parameters(row: Sequence, converters: list[tuple[int, Callable]]) -> tuple:
    values = list(row)
    for place, convert in converters:
        if values[place] is not None:
            values[place] = convert(values[place])
    return tuple(values)


def _converter(field: Field) -> Callable | None:
    """Makes a value of the field into the driver's; None where it is that already. The parts of a site share their moments."""
    target = field.target_field if field.is_relation else field
    if isinstance(target, DateTimeField):
        return _moment
    if isinstance(target, UUIDField):
        return str if connection.features.has_native_uuid_field else attrgetter("hex")
    return json.dumps if isinstance(target, JSONField) else None


@lru_cache(10_000)
def _moment(value) -> object:
    return connection.ops.adapt_datetimefield_value(value)


def _converted(field: Field, value: object) -> object:
    convert = _converter(field)
    return convert(value) if convert and value is not None else value


def _write(table: str, columns: list[str], rows: list[tuple]) -> None:
    quoted = [connection.ops.quote_name(name) for name in (table, *columns)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            lines = StringIO("".join("\t".join(map(_as_text, row)) + "\n" for row in rows))
            cursor.copy_expert(f"COPY {quoted[0]} ({', '.join(quoted[1:])}) FROM STDIN", lines)
        else:
            places = ", ".join(["?"] * len(columns))
            statement = f"INSERT INTO {quoted[0]} ({', '.join(quoted[1:])}) VALUES ({places})"  # noqa: S608 (names of ours)
            connection.connection.executemany(
                statement, rows
            )  # Django's own would go through every row to count them


def _as_text(value: object) -> str:
    if value is None:
        return "\\N"
    return _escaped(value) if isinstance(value, str) else str(value)


@lru_cache(10_000)
def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
