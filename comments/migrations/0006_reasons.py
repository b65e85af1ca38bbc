"""The reasons that moderators give become rows; a decision's own column waits for its key until the data has been moved."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("comments", "0005_second_readings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(help_text="Latin letters, digits, - and _. It is never shown to readers, and stays.", max_length=20, unique=True, verbose_name="short name")),
                ("text_en", models.CharField(max_length=300, verbose_name="words in English")),
                ("text_zh", models.CharField(max_length=300, verbose_name="words in Chinese")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                ("active", models.BooleanField(default=True, verbose_name="in use")),
            ],
            options={
                "verbose_name": "reason for turning down",
                "verbose_name_plural": "reasons for turning down",
                "ordering": ["order", "pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="reason",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__in", ["", "author", "moderator", "erasure"]), _negated=True),
                name="reason_code_is_no_remover",
                violation_error_message="This short name has a meaning of its own. Choose another.",
            ),
        ),
        migrations.AddConstraint(
            model_name="reason",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("text_en", ""), _negated=True), models.Q(("text_zh", ""), _negated=True)),
                name="reason_has_words",
            ),
        ),
        migrations.AlterField("comment", "note", models.CharField(blank=True, max_length=700, verbose_name="what the author is told")),
        migrations.AlterField("decision", "note", models.CharField(blank=True, max_length=700, verbose_name="what the author is told")),
        migrations.AlterField("decision", "reason", models.CharField(blank=True, max_length=20, null=True, verbose_name="reason")),
    ]
