"""Inserting millions of rows: with COPY or executemany, without a model instance for each."""

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
# Characters with a meaning in the text format of COPY.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def bulk_load(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence], **fixed: object) -> None:
    """Insert rows with these columns (names of attributes). All rows have the values of `fixed`, and the
    defaults of the other fields. Call `reset_sequences()` afterwards when the rows contain primary keys.
    """
    require_public_write(model)
    fields = {field.attname: field for field in model._meta.concrete_fields}
    rest = [field for name, field in fields.items() if name not in columns and not field.primary_key]
    constants = tuple(_converted(field, fixed.get(field.attname, field.get_default())) for field in rest)
    names = [fields[name].column for name in columns] + [field.column for field in rest]
    converters = [
        (index, convert) for index, name in enumerate(columns) if (convert := _converter(fields[name]))
    ]
    for batch in _batches(rows):
        _write(model._meta.db_table, names, [_as_parameters(row, converters) + constants for row in batch])


def next_key(model: type[Model]) -> int:
    """Return one more than the highest primary key."""
    last = model._base_manager.order_by("-pk").values_list("pk", flat=True).first()
    return (last or 0) + 1


def reset_sequences(*models: type[Model]) -> None:
    """Let the database number new rows after the highest primary keys."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def _batches(rows: Iterable[Sequence]) -> Iterator[list[Sequence]]:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH_SIZE)):
        yield batch


def _as_parameters(row: Sequence, converters: list[tuple[int, Callable]]) -> tuple:
    values = list(row)
    for index, convert in converters:
        if values[index] is not None:
            values[index] = convert(values[index])
    return tuple(values)


def _converter(field: Field) -> Callable | None:
    """Return what converts a value of the field to one of the database driver; None if nothing has to."""
    target = field.target_field if field.is_relation else field
    if isinstance(target, DateTimeField):
        return _adapted_datetime
    if isinstance(target, UUIDField):
        return str if connection.features.has_native_uuid_field else attrgetter("hex")
    return json.dumps if isinstance(target, JSONField) else None


@lru_cache(10_000)  # many rows have the same time
def _adapted_datetime(value) -> object:
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
            placeholders = ", ".join(["?"] * len(columns))
            columns_list = ", ".join(quoted[1:])
            head = f"INSERT INTO {quoted[0]} ({columns_list})"
            statement = f"{head} VALUES ({placeholders})"
            # Django's executemany would iterate over the parameters once more.
            connection.connection.executemany(statement, rows)


def _as_text(value: object) -> str:
    if value is None:
        return "\\N"
    return _escaped(value) if isinstance(value, str) else str(value)


@lru_cache(10_000)
def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
