import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ScheduledJob',
            fields=[
                ('name', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'db_table': 'ictiger_recurring',
            },
        ),
    ]
