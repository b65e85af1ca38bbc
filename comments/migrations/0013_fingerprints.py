"""What comments written before have now: the fingerprint of their text, and since when they wait for a moderator."""

from django.db import migrations
from django.db.models import F

from comments.phrases import fingerprint


def fill_in(apps, schema_editor):
    comments = apps.get_model("comments", "Comment")._base_manager.using(schema_editor.connection.alias)
    comments.filter(state="pending", held_at=None).update(held_at=F("created_at"))
    for pk, body in comments.exclude(body="").values_list("pk", "body").iterator():
        comments.filter(pk=pk).update(fingerprint=fingerprint(body))


class Migration(migrations.Migration):

    dependencies = [("comments", "0012_policy")]

    operations = [migrations.RunPython(fill_in, migrations.RunPython.noop)]
