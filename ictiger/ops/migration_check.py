"""Whether the running release can work on the tables of the next one, as it does during an upgrade and after
going back.
"""

from collections.abc import Iterator

from django.db import connection, models
from django.db.migrations import operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.models.fields import NOT_PROVIDED

DESTRUCTIVE = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)
MAYBE_DESTRUCTIVE = (
    operations.AlterField,
    operations.AddConstraint,
    operations.AlterUniqueTogether,
    operations.RunSQL,
)


def incompatible_operations() -> Iterator[str]:
    """Describe the operations of pending migrations that may break the running release."""
    executor = MigrationExecutor(connection)
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        for operation in _database_operations(migration.operations):
            if reason := incompatibility(operation):
                yield f"{migration.app_label}.{migration.name}: {operation.describe()}: {reason}"


def _database_operations(all_operations: list[Operation]) -> Iterator[Operation]:
    for operation in all_operations:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from _database_operations(operation.database_operations)
        else:
            yield operation


def incompatibility(operation: Operation) -> str:
    """Return why a release without this operation may fail on the changed tables; "" if it cannot."""
    if isinstance(operation, DESTRUCTIVE):
        return "the release that runs uses what goes. Take it away one release later."
    if isinstance(operation, operations.AddField) and _is_required(operation.field):
        return "the release that runs writes rows without it. Give it a db_default, or null."
    if isinstance(operation, MAYBE_DESTRUCTIVE):
        return "look whether it still takes what the release that runs writes."
    return ""


def _is_required(field: models.Field) -> bool:
    return not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)
