"""Whether the release that runs can go on working on the tables of the next one: it does so during an upgrade, and after going back."""

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
    """What of the migrations that the database lacks the running release may stumble over, in words."""
    executor = MigrationExecutor(connection)
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        for operation in _on_the_database(migration.operations):
            if trouble := incompatibility(operation):
                yield f"{migration.app_label}.{migration.name}: {operation.describe()}: {trouble}"


def _on_the_database(all_of_them: list[Operation]) -> Iterator[Operation]:
    for operation in all_of_them:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from _on_the_database(operation.database_operations)
        else:
            yield operation


def incompatibility(operation: Operation) -> str:
    """Why the release that does not know of this operation may fail on what it leaves; empty if it cannot."""
    if isinstance(operation, DESTRUCTIVE):
        return "the release that runs uses what goes. Take it away one release later."
    if isinstance(operation, operations.AddField) and _must_be_given(operation.field):
        return "the release that runs writes rows without it. Give it a db_default, or null."
    if isinstance(operation, MAYBE_DESTRUCTIVE):
        return "look whether it still takes what the release that runs writes."
    return ""


def _must_be_given(field: models.Field) -> bool:
    return not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)
