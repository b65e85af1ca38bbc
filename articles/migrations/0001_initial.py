"""The tables, the groups Author and Editor with the rights they need, and the search index in each database's own way.

Django makes permissions after all migrations; a group that needs them here has to have them made first. Rights that an administrator has
added to the groups are kept.
"""

import articles.models.slugs
import django.core.validators
import django.db.models.deletion
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions

from articles import search_index


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


def install_search_index(apps, schema_editor):
    search_index.install_index(schema_editor.connection)


def remove_search_index(apps, schema_editor):
    search_index.remove_index(schema_editor.connection)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Image',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(upload_to='images/%Y/%m/', verbose_name='file')),
                ('width', models.PositiveIntegerField(editable=False, verbose_name='width')),
                ('height', models.PositiveIntegerField(editable=False, verbose_name='height')),
                ('alt', models.CharField(max_length=300, verbose_name='text for those who cannot see it')),
                ('caption', models.CharField(blank=True, max_length=300, verbose_name='caption')),
                ('credit', models.CharField(blank=True, max_length=120, verbose_name='credit')),
                ('renditions', models.JSONField(default=list, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='added')),
            ],
            options={
                'verbose_name': 'picture',
                'verbose_name_plural': 'pictures',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Article',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('slug', models.CharField(max_length=240, validators=[django.core.validators.RegexValidator('^[\\w-]+\\Z', 'Use letters, digits, Chinese characters and hyphens.'), articles.models.slugs.validate_slug_bytes], verbose_name='slug')),
                ('summary', models.TextField(blank=True, help_text='One or two sentences: the standfirst, and what search engines show.', max_length=600, verbose_name='summary')),
                ('body', models.TextField(blank=True, help_text='Markdown.', max_length=200000, verbose_name='body')),
                ('seo_title', models.CharField(blank=True, max_length=120, verbose_name='title for search engines')),
                ('seo_description', models.CharField(blank=True, max_length=300, verbose_name='description for search engines')),
                ('canonical_url', models.URLField(blank=True, verbose_name='first published at')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], default='en', max_length=10, verbose_name='language')),
                ('translation_key', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='translation key')),
                ('body_html', models.TextField(blank=True, editable=False)),
                ('contents', models.JSONField(default=list, editable=False)),
                ('status', models.CharField(choices=[('draft', 'draft'), ('in_review', 'in review'), ('published', 'published')], default='draft', editable=False, max_length=10, verbose_name='status')),
                ('publish_at', models.DateTimeField(blank=True, db_index=True, null=True, verbose_name='published at')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='taken down at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='text changed')),
                ('featured', models.BooleanField(default=False, verbose_name='lead of the home page')),
                ('comments_open', models.BooleanField(default=True, verbose_name='discussion open')),
                ('comments_close_at', models.DateTimeField(blank=True, null=True, verbose_name='discussion closes at')),
                ('words', models.PositiveIntegerField(default=0, editable=False)),
                ('reading_minutes', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('search_text', models.TextField(blank=True, editable=False)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'article',
                'verbose_name_plural': 'articles',
                'ordering': ['-publish_at', '-pk'],
                'permissions': [('publish_article', 'Can publish, schedule and unpublish articles')],
            },
        ),
        migrations.CreateModel(
            name='Author',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=240, unique=True, validators=[django.core.validators.RegexValidator('^[\\w-]+\\Z', 'Use letters, digits, Chinese characters and hyphens.'), articles.models.slugs.validate_slug_bytes], verbose_name='slug')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('name_zh', models.CharField(blank=True, max_length=80, verbose_name='name in Chinese')),
                ('bio_en', models.CharField(blank=True, max_length=500, verbose_name='note in English')),
                ('bio_zh', models.CharField(blank=True, max_length=500, verbose_name='note in Chinese')),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='author', to=settings.AUTH_USER_MODEL, verbose_name='log-in')),
            ],
            options={
                'verbose_name': 'author',
                'verbose_name_plural': 'authors',
                'ordering': ['name_en', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Byline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bylines', to='articles.article')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bylines', to='articles.author', verbose_name='author')),
            ],
            options={
                'verbose_name': 'byline',
                'verbose_name_plural': 'bylines',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='article',
            name='authors',
            field=models.ManyToManyField(related_name='articles', through='articles.Byline', to='articles.author', verbose_name='authors'),
        ),
        migrations.CreateModel(
            name='HistoricalPage',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], default='en', max_length=10, verbose_name='language')),
                ('translation_key', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='translation key')),
                ('slug', models.CharField(max_length=240, validators=[django.core.validators.RegexValidator('^[\\w-]+\\Z', 'Use letters, digits, Chinese characters and hyphens.'), articles.models.slugs.validate_slug_bytes], verbose_name='slug')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('body', models.TextField(help_text='Markdown.', max_length=100000, verbose_name='body')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position in the footer')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical page',
                'verbose_name_plural': 'historical pages',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalDraft',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('slug', models.CharField(max_length=240, validators=[django.core.validators.RegexValidator('^[\\w-]+\\Z', 'Use letters, digits, Chinese characters and hyphens.'), articles.models.slugs.validate_slug_bytes], verbose_name='slug')),
                ('summary', models.TextField(blank=True, help_text='One or two sentences: the standfirst, and what search engines show.', max_length=600, verbose_name='summary')),
                ('body', models.TextField(blank=True, help_text='Markdown.', max_length=200000, verbose_name='body')),
                ('seo_title', models.CharField(blank=True, max_length=120, verbose_name='title for search engines')),
                ('seo_description', models.CharField(blank=True, max_length=300, verbose_name='description for search engines')),
                ('canonical_url', models.URLField(blank=True, verbose_name='first published at')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('article', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='articles.article', verbose_name='article')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cover', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='articles.image', verbose_name='cover')),
            ],
            options={
                'verbose_name': 'historical draft',
                'verbose_name_plural': 'historical drafts',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('slug', models.CharField(max_length=240, validators=[django.core.validators.RegexValidator('^[\\w-]+\\Z', 'Use letters, digits, Chinese characters and hyphens.'), articles.models.slugs.validate_slug_bytes], verbose_name='slug')),
                ('summary', models.TextField(blank=True, help_text='One or two sentences: the standfirst, and what search engines show.', max_length=600, verbose_name='summary')),
                ('body', models.TextField(blank=True, help_text='Markdown.', max_length=200000, verbose_name='body')),
                ('seo_title', models.CharField(blank=True, max_length=120, verbose_name='title for search engines')),
                ('seo_description', models.CharField(blank=True, max_length=300, verbose_name='description for search engines')),
                ('canonical_url', models.URLField(blank=True, verbose_name='first published at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='saved')),
                ('article', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='draft', to='articles.article', verbose_name='article')),
                ('cover', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='articles.image', verbose_name='cover')),
            ],
            options={
                'verbose_name': 'draft',
                'verbose_name_plural': 'drafts',
            },
        ),
        migrations.AddField(
            model_name='article',
            name='cover',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='articles.image', verbose_name='cover'),
        ),
        migrations.CreateModel(
            name='Page',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], default='en', max_length=10, verbose_name='language')),
                ('translation_key', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='translation key')),
                ('slug', models.CharField(max_length=240, validators=[django.core.validators.RegexValidator('^[\\w-]+\\Z', 'Use letters, digits, Chinese characters and hyphens.'), articles.models.slugs.validate_slug_bytes], verbose_name='slug')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('body', models.TextField(help_text='Markdown.', max_length=100000, verbose_name='body')),
                ('body_html', models.TextField(blank=True, editable=False)),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position in the footer')),
            ],
            options={
                'verbose_name': 'page',
                'verbose_name_plural': 'pages',
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('language', 'slug'), name='page_slug_per_language'), models.UniqueConstraint(fields=('translation_key', 'language'), name='page_one_per_language'), models.CheckConstraint(condition=models.Q(('slug__in', ['page', 'articles', 'topics', 'authors', 'archive', 'search', 'feed', 'preview', 'accounts', 'comments', 'me', 'admin', 'static', 'media', 'mailbox', 'healthz', 'readyz', 'status', 'zh-hans', 'en']), _negated=True), name='page_slug_not_reserved', violation_error_message='This address belongs to the site itself. Choose another slug.'), models.CheckConstraint(condition=models.Q(models.Q(('slug', ''), _negated=True), models.Q(('slug__contains', '/'), _negated=True), models.Q(('slug__contains', '.'), _negated=True)), name='page_slug_shape'), models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='page_language_known')],
            },
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], max_length=10, unique=True, verbose_name='language')),
                ('name', models.CharField(default='ICTiger', max_length=60, verbose_name='name')),
                ('tagline', models.CharField(blank=True, max_length=120, verbose_name='tagline')),
                ('description', models.CharField(blank=True, max_length=300, verbose_name='description')),
                ('sign_off', models.CharField(blank=True, max_length=300, verbose_name='sign-off below every article')),
            ],
            options={
                'verbose_name': 'publication',
                'verbose_name_plural': 'publication',
                'constraints': [models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='publication_language_known')],
            },
        ),
        migrations.CreateModel(
            name='SlugRedirect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', '简体中文')], max_length=10, verbose_name='language')),
                ('slug', models.CharField(max_length=240, validators=[django.core.validators.RegexValidator('^[\\w-]+\\Z', 'Use letters, digits, Chinese characters and hyphens.'), articles.models.slugs.validate_slug_bytes], verbose_name='old slug')),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='old_slugs', to='articles.article', verbose_name='article')),
            ],
            options={
                'verbose_name': 'old address',
                'verbose_name_plural': 'old addresses',
            },
        ),
        migrations.CreateModel(
            name='SocialLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('label', models.CharField(max_length=40, verbose_name='label')),
                ('url', models.URLField(verbose_name='address')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('publication', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='social_links', to='articles.publication')),
            ],
            options={
                'verbose_name': 'social link',
                'verbose_name_plural': 'social links',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Topic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=240, unique=True, validators=[django.core.validators.RegexValidator('^[\\w-]+\\Z', 'Use letters, digits, Chinese characters and hyphens.'), articles.models.slugs.validate_slug_bytes], verbose_name='slug')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('name_zh', models.CharField(max_length=80, verbose_name='name in Chinese')),
                ('description_en', models.CharField(blank=True, max_length=300, verbose_name='description in English')),
                ('description_zh', models.CharField(blank=True, max_length=300, verbose_name='description in Chinese')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
            ],
            options={
                'verbose_name': 'topic',
                'verbose_name_plural': 'topics',
                'ordering': ['position', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('slug', ''), _negated=True), models.Q(('slug__contains', '/'), _negated=True), models.Q(('slug__contains', '.'), _negated=True)), name='topic_slug_shape')],
            },
        ),
        migrations.CreateModel(
            name='ArticleTopic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='articles.article')),
                ('topic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='articles.topic', verbose_name='topic')),
            ],
            options={
                'verbose_name': 'topic of an article',
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='article',
            name='topics',
            field=models.ManyToManyField(related_name='articles', through='articles.ArticleTopic', to='articles.topic', verbose_name='topics'),
        ),
        migrations.AddConstraint(
            model_name='author',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('slug', ''), _negated=True), models.Q(('slug__contains', '/'), _negated=True), models.Q(('slug__contains', '.'), _negated=True)), name='author_slug_shape'),
        ),
        migrations.AddConstraint(
            model_name='byline',
            constraint=models.UniqueConstraint(fields=('article', 'author'), name='byline_author_once'),
        ),
        migrations.AddConstraint(
            model_name='slugredirect',
            constraint=models.UniqueConstraint(fields=('language', 'slug'), name='redirect_slug_per_language'),
        ),
        migrations.AddConstraint(
            model_name='slugredirect',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('slug', ''), _negated=True), models.Q(('slug__contains', '/'), _negated=True), models.Q(('slug__contains', '.'), _negated=True)), name='redirect_slug_shape'),
        ),
        migrations.AddConstraint(
            model_name='slugredirect',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='redirect_language_known'),
        ),
        migrations.AddConstraint(
            model_name='articletopic',
            constraint=models.UniqueConstraint(fields=('article', 'topic'), name='article_topic_once'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(fields=['language', 'status', '-publish_at', '-id', 'expires_at'], name='article_public_newest'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('featured', True)), fields=['language', 'status', '-publish_at', '-id', 'expires_at'], name='article_featured_newest'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['expires_at'], name='article_expiring'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.UniqueConstraint(fields=('language', 'slug'), name='article_slug_per_language'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.UniqueConstraint(fields=('translation_key', 'language'), name='article_one_per_language'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'in_review', 'published'])), name='article_status_known'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'published'), _negated=True), ('publish_at__isnull', False), _connector='OR'), name='article_published_has_time'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at', None), ('publish_at', None), ('expires_at__gt', models.F('publish_at')), _connector='OR'), name='article_expires_after', violation_error_message='The article would be taken down before it is published.'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('slug', ''), _negated=True), models.Q(('slug__contains', '/'), _negated=True), models.Q(('slug__contains', '.'), _negated=True)), name='article_slug_shape'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='article_language_known'),
        ),
        migrations.RunPython(make_groups, remove_groups),
        migrations.RunPython(install_search_index, remove_search_index),
    ]
