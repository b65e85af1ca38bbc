"""Fill the new column for users who have a name, some hundreds at a time and each batch in its own transaction.

A user whom the running release saves meanwhile keeps an empty one until the next save: a look-alike of that
name is then not noticed, nothing else.
"""

from django.db import migrations

from ictiger.core.lookalikes import skeleton

BATCH = 500


def fill(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    named, last = users.exclude(display_name="").order_by("pk").only("pk", "display_name"), 0
    while batch := list(named.filter(pk__gt=last)[:BATCH]):
        for user in batch:
            user.name_skeleton = skeleton(user.display_name)[:80]
        users.bulk_update(batch, ["name_skeleton"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0003_name_skeleton")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
