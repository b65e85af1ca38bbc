"""The group Moderator, with the rights to the discussion and to nothing else.

Permissions are rows that Django makes after all migrations; a group that needs them in a migration has to have them made first. Rights that an
administrator has added to the group since are kept: nothing is removed but, going backwards, the group itself.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUP = "Moderator"
RIGHTS = [
    "view_comment",
    "moderate_comment",
    "view_decision",
    "view_report",
    "add_ban",
    "change_ban",
    "delete_ban",
    "view_ban",
]


def make_group(apps, schema_editor):
    database = schema_editor.connection.alias
    create_permissions(installed.get_app_config("comments"), apps=apps, verbosity=0, using=database)
    Permission = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.using(database).get_or_create(name=GROUP)
    group.permissions.add(*Permission.objects.using(database).filter(content_type__app_label="comments", codename__in=RIGHTS))


def remove_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias).filter(name=GROUP).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("comments", "0001_comments"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, remove_group)]
