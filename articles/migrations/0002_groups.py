"""The groups Author and Editor, with just the rights they need.

Permissions are rows that Django makes after all migrations; a group that needs them in a migration has to have them made first. Rights that an
administrator has added to the groups since are kept: nothing is removed but, going backwards, the two groups themselves.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

CHANGE = ("add", "change", "delete", "view")

RIGHTS = {
    # Writes and hands in; which articles are one's own is the desk's question. Publishes nothing.
    "Author": {
        "article": ("add", "change", "view"),
        "draft": ("add", "change", "view"),
        "historicaldraft": ("view",),
        "articletopic": CHANGE,
        "byline": ("view",),
        "author": ("view",),
        "topic": ("view",),
        "image": ("add", "view"),
    },
    "Editor": {
        "article": (*CHANGE, "publish"),
        "draft": CHANGE,
        "historicaldraft": ("view",),
        "articletopic": CHANGE,
        "byline": CHANGE,
        "author": CHANGE,
        "topic": CHANGE,
        "image": CHANGE,
        "page": CHANGE,
        "historicalpage": ("view",),
        "publication": CHANGE,
        "sociallink": CHANGE,
        "slugredirect": CHANGE,
    },
}


def make_groups(apps, schema_editor):
    database = schema_editor.connection.alias
    create_permissions(installed.get_app_config("articles"), apps=apps, verbosity=0, using=database)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ours = Permission.objects.using(database).filter(content_type__app_label="articles")
    for name, rights in RIGHTS.items():
        group, _ = Group.objects.using(database).get_or_create(name=name)
        codenames = [f"{verb}_{model}" for model, verbs in rights.items() for verb in verbs]
        group.permissions.add(*ours.filter(codename__in=codenames))


def remove_groups(apps, schema_editor):
    apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias).filter(name__in=RIGHTS).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("articles", "0001_articles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, remove_groups)]
