"""Moderators keep the list of words; they and editors may turn the emergency switches.

Rights that an administrator has given besides are kept; going backwards, these alone are taken away.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

SWITCHES = ["view_house", "change_house", "view_discussion", "change_discussion"]
RIGHTS = {
    "Moderator": ["view_phrase", "add_phrase", "change_phrase", "delete_phrase", *SWITCHES],
    "Editor": SWITCHES,
}


def give(apps, schema_editor):
    database = schema_editor.connection.alias
    create_permissions(installed.get_app_config("comments"), apps=apps, verbosity=0, using=database)
    for group, permissions in _rights(apps, database):
        group.permissions.add(*permissions)


def take(apps, schema_editor):
    for group, permissions in _rights(apps, schema_editor.connection.alias):
        group.permissions.remove(*permissions)


def _rights(apps, database):
    ours = apps.get_model("auth", "Permission").objects.using(database).filter(content_type__app_label="comments")
    for group in apps.get_model("auth", "Group").objects.using(database).filter(name__in=RIGHTS):
        yield group, ours.filter(codename__in=RIGHTS[group.name])


class Migration(migrations.Migration):

    dependencies = [("comments", "0013_fingerprints"), ("articles", "0002_groups"), ("comments", "0002_moderators")]

    operations = [migrations.RunPython(give, take)]
