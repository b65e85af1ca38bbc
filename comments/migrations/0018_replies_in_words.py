"""A comment replies to another, in whatever is said of it; also in a reason that nobody has put in other words."""

from django.db import migrations, models

BEFORE = "It is not about the article or the comment it answers."
NOW = "It is not about the article or the comment it replies to."


def _reword(apps, schema_editor, was, is_now):
    reasons = apps.get_model("comments", "Reason").objects.using(schema_editor.connection.alias)
    reasons.filter(code="off_topic", text_en=was).update(text_en=is_now)


def reword(apps, schema_editor):
    _reword(apps, schema_editor, BEFORE, NOW)


def word_as_before(apps, schema_editor):
    _reword(apps, schema_editor, NOW, BEFORE)


class Migration(migrations.Migration):
    dependencies = [("comments", "0017_find_what_waits")]

    operations = [
        migrations.RunPython(reword, word_as_before),
        migrations.AlterField(
            model_name="report",
            name="reason",
            field=models.CharField(
                choices=[
                    ("off_topic", NOW),
                    ("uncivil", "It attacks a person rather than an argument."),
                    ("advertising", "It advertises."),
                    ("unlawful", "It may break the law or infringe somebody’s rights."),
                    ("unclear", "We could not make out what it says."),
                    ("other", "It does not fit the comment policy."),
                ],
                max_length=20,
                verbose_name="reason",
            ),
        ),
    ]
