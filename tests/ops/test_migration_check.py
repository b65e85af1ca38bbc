"""Which migrations break the running release."""

import pytest
from django.core.management import call_command
from django.db import migrations, models

from ictiger.ops.migration_check import incompatibility


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (migrations.RemoveField("article", "title"), "uses what goes"),
        (migrations.DeleteModel("article"), "uses what goes"),
        (migrations.RenameField("article", "title", "heading"), "uses what goes"),
        (
            migrations.AddField("article", "kind", models.CharField(max_length=9, default="essay")),
            "db_default",
        ),
        (migrations.AlterField("article", "title", models.CharField(max_length=9)), "look whether"),
        (migrations.RunSQL("DROP TABLE x"), "look whether"),
        (migrations.AddField("article", "kind", models.CharField(max_length=9, db_default="essay")), ""),
        (migrations.AddField("article", "kind", models.CharField(max_length=9, null=True)), ""),
        (migrations.AddField("article", "others", models.ManyToManyField("articles.Article")), ""),
        (migrations.CreateModel("thing", []), ""),
        (migrations.AddIndex("article", models.Index(fields=["title"], name="x")), ""),
    ],
)
def test_operation_that_may_break_the_running_release_has_a_reason(operation, message):
    reason = incompatibility(operation)
    assert message in reason if message else reason == ""


@pytest.mark.django_db
def test_deploy_migrations_reports_nothing_when_none_is_pending(capsys):
    call_command("deploy", "migrations")
    assert "Nothing that the release that runs could stumble over" in capsys.readouterr().out
