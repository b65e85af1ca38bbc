import django.db.models.deletion
import django.utils.timezone
import ictiger.mail.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(max_length=80, verbose_name='purpose')),
                ('recipient', models.CharField(max_length=320, verbose_name='recipient')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], max_length=10, verbose_name='language')),
                ('context', models.JSONField(blank=True, default=dict)),
                ('client', models.CharField(blank=True, editable=False, max_length=32)),
                ('message_id', models.CharField(default=ictiger.mail.models.new_message_id, max_length=320, unique=True)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('sending', 'being sent'), ('sent', 'handed to the mail server'), ('refused', 'refused'), ('expired', 'expired'), ('cancelled', 'cancelled')], default='queued', max_length=10, verbose_name='state')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('reply', models.TextField(blank=True, verbose_name='last reply')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for')),
                ('next_try_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next attempt')),
                ('expires_at', models.DateTimeField(db_column='not_after', verbose_name='not after')),
                ('undeliverable_since', models.DateTimeField(blank=True, db_column='stuck_since', editable=False, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='handed over')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='mails', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'mail',
                'verbose_name_plural': 'mails',
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['queued', 'sending'])), fields=['next_try_at'], name='mail_unsettled'), models.Index(fields=['recipient', 'purpose', '-created_at'], name='mail_to_whom'), models.Index(fields=['created_at'], name='mail_age'), models.Index(condition=models.Q(('client', ''), _negated=True), fields=['client', '-created_at'], name='mail_asked_from')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'sending', 'sent', 'refused', 'expired', 'cancelled'])), name='mail_state_known'), models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='mail_language_known'), models.CheckConstraint(condition=models.Q(models.Q(('purpose', ''), _negated=True), models.Q(('recipient', ''), _negated=True)), name='mail_says_what_to_whom'), models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('state', 'sending')), models.Q(models.Q(('state', 'sending'), _negated=True), ('lease_until', None)), _connector='OR'), name='mail_leased_while_sending'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at', None)), _connector='OR'), name='mail_sent_has_time')],
            },
        ),
    ]
