"""The tables, the group Moderator, the right to the emergency switch for both groups, and six reasons to begin with.

Django makes permissions after all migrations; a group that needs them here has to have them made first. Rights that an administrator has
added to the groups are kept.
"""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions


SWITCHES = ["view_sitecommentsettings", "change_sitecommentsettings", "view_discussion", "change_discussion"]
RIGHTS = {
    "Moderator": [
        "view_comment",
        "moderate_comment",
        "view_decision",
        "view_report",
        *(f"{verb}_{model}" for model in ("ban", "blockedphrase", "reason") for verb in ("add", "change", "delete", "view")),
        *SWITCHES,
    ],
    "Editor": SWITCHES,
}
REASONS = [
    ("off_topic", "It is not about the article or the comment it replies to.", "内容与文章或所回复的评论无关。"),
    ("uncivil", "It attacks a person rather than an argument.", "针对个人，而非针对论点。"),
    ("advertising", "It advertises.", "内容属于广告。"),
    ("unlawful", "It may break the law or infringe somebody’s rights.", "可能违反法律或侵犯他人权利。"),
    ("unclear", "We could not make out what it says.", "无法看懂内容。"),
    ("other", "It does not fit the comment policy.", "不符合评论守则。"),
]


def give_rights(apps, schema_editor):
    database = schema_editor.connection.alias
    create_permissions(installed.get_app_config("comments"), apps=apps, verbosity=0, using=database)
    ours = apps.get_model("auth", "Permission").objects.using(database).filter(content_type__app_label="comments")
    for name, codenames in RIGHTS.items():
        group, _ = apps.get_model("auth", "Group").objects.using(database).get_or_create(name=name)
        group.permissions.add(*ours.filter(codename__in=codenames))


def remove_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias).filter(name="Moderator").delete()


def make_reasons(apps, schema_editor):
    Reason = apps.get_model("comments", "Reason")
    Reason.objects.using(schema_editor.connection.alias).bulk_create(
        Reason(code=code, text_en=english, text_zh=chinese, order=10 * place)
        for place, (code, english, chinese) in enumerate(REASONS, start=1)
    )


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('articles', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Ban',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField(blank=True, help_text='Empty: for good.', null=True, verbose_name='until')),
                ('why', models.CharField(help_text='For moderators only.', max_length=300, verbose_name='why')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='since')),
                ('banned_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='banned by')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bans', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'ban',
                'verbose_name_plural': 'bans',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='BlockedPhrase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(help_text='Found in any letter case and width, with or without accents, and when look-alike letters, digits or invisible characters are mixed in. Words of scripts with spaces are found as whole words: enter each form. Chinese is found anywhere in the text; enter simplified and traditional forms. When its letters are pulled apart, by dots for example, a comment is only held, never refused.', max_length=60, verbose_name='word or phrase')),
                ('folded', models.CharField(editable=False, max_length=60, unique=True)),
                ('effect', models.CharField(choices=[('hold', 'a moderator looks at the comment first'), ('refuse', 'the comment is not taken; its author may change it')], default='hold', max_length=10, verbose_name='effect')),
                ('note', models.CharField(blank=True, help_text='For moderators only.', max_length=300, verbose_name='note')),
            ],
            options={
                'verbose_name': 'held or refused word',
                'verbose_name_plural': 'held and refused words',
                'db_table': 'comments_phrase',
                'ordering': ['folded'],
                'constraints': [models.CheckConstraint(condition=models.Q(('effect__in', ['hold', 'refuse'])), name='phrase_effect_known'), models.CheckConstraint(condition=models.Q(('folded', ''), _negated=True), name='phrase_can_be_found')],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.TextField(verbose_name='text')),
                ('body_html', models.TextField(editable=False)),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], max_length=10, verbose_name='language')),
                ('words', models.PositiveSmallIntegerField(editable=False, verbose_name='words')),
                ('fingerprint', models.CharField(default='', editable=False, max_length=32)),
                ('matched_phrases', models.CharField(blank=True, db_column='listed', editable=False, max_length=300, verbose_name='listed words found')),
                ('state', models.CharField(choices=[('unverified', 'waiting for the address to be confirmed'), ('pending', 'waiting for a moderator'), ('visible', 'visible'), ('rejected', 'rejected'), ('removed', 'removed')], max_length=10, verbose_name='state')),
                ('reason', models.CharField(blank=True, max_length=20, verbose_name='reason')),
                ('note', models.CharField(blank=True, max_length=700, verbose_name='what the author is told')),
                ('approved', models.BooleanField(default=False, verbose_name='approved')),
                ('thread_no', models.PositiveIntegerField(editable=False, null=True, verbose_name='thread')),
                ('submission', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='submission')),
                ('revision', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='written')),
                ('created_en', models.CharField(editable=False, max_length=60)),
                ('created_zh', models.CharField(editable=False, max_length=60)),
                ('first_visible_at', models.DateTimeField(db_column='shown_at', editable=False, null=True, verbose_name='first visible')),
                ('edited_at', models.DateTimeField(editable=False, null=True, verbose_name='edited at')),
                ('held_at', models.DateTimeField(editable=False, null=True)),
                ('revised_at', models.DateTimeField(db_column='mended_at', editable=False, null=True, verbose_name='sent in again')),
                ('appealed_at', models.DateTimeField(editable=False, null=True, verbose_name='appealed')),
                ('appeal', models.TextField(blank=True, editable=False, verbose_name='note to the moderators')),
                ('appealed_against', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='appealed against')),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='articles.article', verbose_name='article')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='comments', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='comments.comment', verbose_name='thread')),
                ('replied_to', models.ForeignKey(blank=True, db_column='answers_id', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='comments.comment', verbose_name='in reply to')),
            ],
            options={
                'verbose_name': 'comment',
                'verbose_name_plural': 'comments',
                'ordering': ['-created_at', '-pk'],
                'permissions': [('moderate_comment', 'Can decide about comments')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField(db_index=True)),
                ('moderator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claims', to=settings.AUTH_USER_MODEL)),
                ('comment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='claim', to='comments.comment')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Discussion',
            fields=[
                ('switch', models.CharField(choices=[('open', 'open'), ('held', 'everything is held: a moderator reads each comment before it appears'), ('closed', 'closed: no comment is taken, what waits stays')], default='open', max_length=10, verbose_name='comments are')),
                ('switched_at', models.DateTimeField(editable=False, null=True, verbose_name='changed')),
                ('key', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('threads', models.PositiveIntegerField(default=0, editable=False)),
                ('comments', models.PositiveIntegerField(default=0, editable=False)),
                ('switched_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by')),
            ],
            options={
                'verbose_name': 'discussion',
                'verbose_name_plural': 'discussions',
            },
        ),
        migrations.AddField(
            model_name='comment',
            name='discussion',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='comments.discussion', verbose_name='discussion'),
        ),
        migrations.CreateModel(
            name='Reason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(help_text='Latin letters, digits, - and _. It is never shown to readers, and stays.', max_length=20, unique=True, verbose_name='short name')),
                ('text_en', models.CharField(max_length=300, verbose_name='words in English')),
                ('text_zh', models.CharField(max_length=300, verbose_name='words in Chinese')),
                ('order', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
                ('active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'verbose_name': 'reason for turning down',
                'verbose_name_plural': 'reasons for turning down',
                'ordering': ['order', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('code__in', ['', 'author', 'moderator', 'erasure']), _negated=True), name='reason_code_is_no_remover', violation_error_message='This short name has a meaning of its own. Choose another.'), models.CheckConstraint(condition=models.Q(models.Q(('text_en', ''), _negated=True), models.Q(('text_zh', ''), _negated=True)), name='reason_has_words')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('approve', 'approve'), ('reject', 'reject'), ('remove', 'remove'), ('undo', 'undo')], max_length=10, verbose_name='decision')),
                ('from_state', models.CharField(choices=[('unverified', 'waiting for the address to be confirmed'), ('pending', 'waiting for a moderator'), ('visible', 'visible'), ('rejected', 'rejected'), ('removed', 'removed')], max_length=10, verbose_name='state before')),
                ('to_state', models.CharField(choices=[('unverified', 'waiting for the address to be confirmed'), ('pending', 'waiting for a moderator'), ('visible', 'visible'), ('rejected', 'rejected'), ('removed', 'removed')], max_length=10, verbose_name='state after')),
                ('from_reason', models.CharField(blank=True, max_length=20)),
                ('note', models.CharField(blank=True, max_length=700, verbose_name='what the author is told')),
                ('body', models.TextField(verbose_name='text that was judged')),
                ('decided_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='decided')),
                ('waited', models.DurationField(editable=False, null=True)),
                ('comment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='comments.comment', verbose_name='comment')),
                ('moderator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='moderator')),
                ('reason', models.ForeignKey(db_column='reason', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='comments.reason', to_field='code', verbose_name='reason')),
            ],
            options={
                'verbose_name': 'decision',
                'verbose_name_plural': 'decisions',
                'ordering': ['-decided_at', '-pk'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('off_topic', 'It is not about the article or the comment it replies to.'), ('uncivil', 'It attacks a person rather than an argument.'), ('advertising', 'It advertises.'), ('unlawful', 'It may break the law or infringe somebody’s rights.'), ('unclear', 'We could not make out what it says.'), ('other', 'It does not fit the comment policy.')], max_length=20, verbose_name='reason')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('counts', models.BooleanField(default=False, verbose_name='counts')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='reported')),
                ('comment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='comments.comment', verbose_name='comment')),
                ('reporter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='reporter')),
            ],
            options={
                'verbose_name': 'report',
                'verbose_name_plural': 'reports',
                'ordering': ['-created_at', '-pk'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='SiteCommentSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('switch', models.CharField(choices=[('open', 'open'), ('held', 'everything is held: a moderator reads each comment before it appears'), ('closed', 'closed: no comment is taken, what waits stays')], default='open', max_length=10, verbose_name='comments are')),
                ('switched_at', models.DateTimeField(editable=False, null=True, verbose_name='changed')),
                ('notice_en', models.CharField(blank=True, db_column='sentence_en', max_length=200, verbose_name='sentence for readers, in English')),
                ('notice_zh', models.CharField(blank=True, db_column='sentence_zh', max_length=200, verbose_name='sentence for readers, in Chinese')),
                ('blocklist_version', models.UUIDField(db_column='phrases_stamp', default=uuid.uuid4, editable=False)),
                ('switched_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by')),
            ],
            options={
                'verbose_name': 'emergency switch',
                'verbose_name_plural': 'emergency switch',
                'db_table': 'comments_house',
                'default_permissions': ('view', 'change'),
            },
        ),
        migrations.CreateModel(
            name='ThreadMute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('thread', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='comments.comment')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mutes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'comments_mute',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='CommentDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(db_index=True)),
                ('submission', models.UUIDField(unique=True)),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('account', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='comment_drafts', to=settings.AUTH_USER_MODEL)),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='articles.article')),
                ('parent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='comments.comment')),
            ],
            options={
                'verbose_name': 'waiting text',
                'verbose_name_plural': 'waiting texts',
                'db_table': 'comments_waitingtext',
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('body', ''), _negated=True), name='waiting_has_text')],
            },
        ),
        migrations.AddConstraint(
            model_name='discussion',
            constraint=models.CheckConstraint(condition=models.Q(('switch__in', ['open', 'held', 'closed'])), name='discussion_switch_known'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['parent', 'state'], name='comment_replies'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['state', 'created_at'], name='comment_queue'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['held_at', 'id'], name='comment_waiting'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['author', 'discussion'], name='comment_of_author'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['author', '-created_at'], name='comment_speed'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['author', 'fingerprint'], name='comment_same_text'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(condition=models.Q(('state', 'visible')), fields=['discussion', '-first_visible_at'], name='comment_newest'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(condition=models.Q(('thread_no__isnull', False)), fields=['discussion', 'language', 'thread_no'], name='comment_threads_in_language'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(condition=models.Q(('parent__isnull', False), ('state', 'visible')), fields=['discussion', 'parent'], name='comment_answered'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(condition=models.Q(('state', 'visible')), fields=['-first_visible_at', '-id'], name='comment_newest_of_site'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.UniqueConstraint(fields=('discussion', 'thread_no'), name='comment_thread_no_once'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['unverified', 'pending', 'visible', 'rejected', 'removed'])), name='comment_state_known'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='comment_language_known'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('parent', None), ('thread_no', None), _connector='OR'), name='comment_reply_has_no_number'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'visible'), _negated=True), ('first_visible_at__isnull', False), _connector='OR'), name='comment_visible_was_shown'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('first_visible_at', None), ('parent__isnull', False), ('thread_no__isnull', False), _connector='OR'), name='comment_shown_thread_has_number'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='comment_not_its_own_parent'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('replied_to', None), ('parent__isnull', False), _connector='OR'), name='comment_answer_is_reply'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('body', ''), _negated=True), models.Q(('reason', 'erasure'), ('state', 'removed')), _connector='OR'), name='comment_has_text_unless_erased'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('appeal', ''), ('appealed_at', None)), models.Q(models.Q(('appeal', ''), _negated=True), ('appealed_at__isnull', False)), _connector='OR'), name='comment_appeal_says_why'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['decided_at'], name='decision_lately'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('verb__in', ['approve', 'reject', 'remove', 'undo'])), name='decision_verb_known'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('from_state__in', ['unverified', 'pending', 'visible', 'rejected', 'removed']), ('to_state__in', ['unverified', 'pending', 'visible', 'rejected', 'removed'])), name='decision_states_known'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('comment', 'reporter'), name='report_once_per_reader'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['off_topic', 'uncivil', 'advertising', 'unlawful', 'unclear', 'other'])), name='report_reason_known'),
        ),
        migrations.AddConstraint(
            model_name='sitecommentsettings',
            constraint=models.CheckConstraint(condition=models.Q(('switch__in', ['open', 'held', 'closed'])), name='house_switch_known'),
        ),
        migrations.AddConstraint(
            model_name='threadmute',
            constraint=models.UniqueConstraint(fields=('user', 'thread'), name='mute_once'),
        ),
        migrations.RunPython(give_rights, remove_group),
        migrations.RunPython(make_reasons, migrations.RunPython.noop),
    ]
