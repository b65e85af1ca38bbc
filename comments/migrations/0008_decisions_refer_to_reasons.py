"""A reason that was given cannot be deleted: the database holds it by the decision's key. Moderators may see to the reasons."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models
import django.db.models.deletion

RIGHTS = ["add_reason", "change_reason", "delete_reason", "view_reason"]


def give_rights(apps, schema_editor):
    database = schema_editor.connection.alias
    create_permissions(installed.get_app_config("comments"), apps=apps, verbosity=0, using=database)
    rights = apps.get_model("auth", "Permission").objects.using(database).filter(content_type__app_label="comments", codename__in=RIGHTS)
    for group in apps.get_model("auth", "Group").objects.using(database).filter(name="Moderator"):
        group.permissions.add(*rights)


class Migration(migrations.Migration):

    dependencies = [
        ("comments", "0007_reasons_in_words"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AlterField(
            model_name="decision",
            name="reason",
            field=models.ForeignKey(
                db_column="reason",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="comments.reason",
                to_field="code",
                verbose_name="reason",
            ),
        ),
        migrations.RunPython(give_rights, migrations.RunPython.noop),
    ]
