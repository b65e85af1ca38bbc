import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='BlockedMailbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=64, unique=True)),
                ('until', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('handle', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='handle')),
                ('email', models.EmailField(db_index=True, max_length=254, verbose_name='e-mail address')),
                ('display_name', models.CharField(blank=True, max_length=40, verbose_name='name shown beside comments')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], default='en', max_length=10, verbose_name='language')),
                ('mail_replies', models.BooleanField(default=True, verbose_name='Tell me when somebody replies to my comment')),
                ('mail_decisions', models.BooleanField(default=True, verbose_name='Tell me when a comment of mine is turned down')),
                ('mail_digest', models.BooleanField(default=True, verbose_name='Tell me once a day what waits for moderators')),
                ('is_staff', models.BooleanField(default=False, verbose_name='may enter the desk')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('date_joined', models.DateTimeField(auto_now_add=True, verbose_name='joined')),
                ('pending_content_unconfirmed', models.BooleanField(db_column='waiting_is_doubted', default=False, editable=False)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'constraints': [models.CheckConstraint(condition=models.Q(('email', ''), _negated=True), name='user_has_email'), models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='user_language_known')],
            },
        ),
    ]
