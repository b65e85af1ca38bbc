from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_moderators_digest"),
    ]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="mail_replies",
            field=models.BooleanField(default=True, verbose_name="Tell me when somebody replies to my comment"),
        ),
    ]
