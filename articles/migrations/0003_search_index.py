"""The index of the search, in each database's own way. It is filled from `search_text`, which stays; going backwards drops it."""

from django.db import migrations, models
from django.db.models import Q

from articles import search_index


def install(apps, schema_editor):
    search_index.install(schema_editor.connection)


def remove(apps, schema_editor):
    search_index.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("articles", "0002_groups")]

    operations = [
        migrations.RemoveIndex("article", "article_featured_newest"),
        migrations.AddIndex(
            "article",
            models.Index(
                fields=["language", "status", "-publish_at", "-id", "expires_at"],
                condition=Q(featured=True),
                name="article_featured_newest",
            ),
        ),
        migrations.RunPython(install, remove),
    ]
